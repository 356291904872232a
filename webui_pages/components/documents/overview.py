"""All knowledge bases as cards: what each holds and how it is; one is opened by its name."""

from collections import Counter

import streamlit as st

from server.api.schemas.knowledge_bases import KnowledgeBaseDetails
from webui_pages.components.documents.creation import new_button
from webui_pages.components.documents.numbers import size_text
from webui_pages.desk import open_knowledge_base
from webui_pages.ui import Ui, literal

PAGE_SIZE = 12
ORDERS = ("newest", "name", "size")
ACTIVE = ("running", "queued")


def overview(ui: Ui, knowledge_bases: list[KnowledgeBaseDetails]) -> None:
    """Search, order, and a card for each."""
    words, order = _controls(ui, [each.name for each in knowledge_bases])
    shown = _ordered([each for each in knowledge_bases if words in f"{each.name}\n{each.info}".casefold()], order)
    if not shown:
        st.info(ui.text.nothing_fits, icon=":material/search_off:")
        return
    pages = -(-len(shown) // PAGE_SIZE)
    page = 1
    working = Counter(job.knowledge_base for job in ui.client.jobs("", *ACTIVE))
    rebuilt = {each.knowledge_base for each in ui.client.rebuilds() if each.state == "running"}
    cards = st.container(key="knowledge_bases")
    if pages > 1:
        page = st.pagination(pages, key=f"knowledge_base_page_{pages}")
    with cards:
        visible = shown[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        for start in range(0, len(visible), 2):
            for column, each in zip(st.columns(2), visible[start : start + 2], strict=False):
                with column:
                    _card(ui, each, working[each.name], rebuilding=each.name in rebuilt)


def empty_overview(ui: Ui) -> None:
    """In place of the cards where there are none."""
    with st.container(key="no_knowledge_base", horizontal_alignment="center"):
        st.space("medium")
        st.subheader(ui.text.no_knowledge_base_title, anchor=False, text_alignment="center")
        st.caption(ui.text.no_knowledge_base_hint, text_alignment="center")
        new_button(ui, ())


def _controls(ui: Ui, known: list[str]) -> tuple[str, str]:
    names = {"newest": ui.text.order_newest, "name": ui.text.order_name, "size": ui.text.order_size}
    with st.container(horizontal=True, vertical_alignment="bottom", key="knowledge_base_controls"):
        words = st.text_input(
            ui.text.find_knowledge_base,
            key="find_knowledge_base",
            placeholder=ui.text.find_knowledge_base,
            label_visibility="collapsed",
            icon=":material/search:",
        )
        with st.container(width=160):
            order = st.selectbox(
                ui.text.order,
                ORDERS,
                format_func=lambda each: names[each],
                key="order_knowledge_bases",
                label_visibility="collapsed",
            )
        new_button(ui, known)
    return (words or "").strip().casefold(), order or ORDERS[0]


def _ordered(found: list[KnowledgeBaseDetails], order: str) -> list[KnowledgeBaseDetails]:
    if order == "name":
        return sorted(found, key=lambda each: each.name.casefold())
    if order == "size":
        return sorted(found, key=lambda each: -each.file_bytes)
    return found[::-1]


def _card(ui: Ui, each: KnowledgeBaseDetails, jobs: int, *, rebuilding: bool) -> None:
    with st.container(border=True, key=f"card_{each.name}", gap="xsmall", height="stretch"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.button(
                f"**{literal(each.name)}**",
                type="tertiary",
                icon=":material/folder_open:",
                key=f"open_{each.name}",
                on_click=open_knowledge_base,
                args=(each.name, "files"),
            )
            _state(ui, each, jobs, rebuilding=rebuilding)
        if each.info:
            st.markdown(literal(each.info))
        numbers = {"files": each.files, "chunks": each.chunks, "size": size_text(each.file_bytes)}
        st.caption(ui.text.knowledge_base_numbers.format(**numbers))
        st.caption(literal(f"{each.embed_model} · {each.vector_store}"))


def _state(ui: Ui, each: KnowledgeBaseDetails, jobs: int, *, rebuilding: bool) -> None:
    if rebuilding:
        st.badge(ui.text.state_rebuilding, icon=":material/sync:", color="blue")
    elif jobs:
        st.badge(ui.text.state_working.format(count=jobs), icon=":material/hourglass_top:", color="blue")
    elif each.failed:
        st.badge(ui.text.state_some_failed.format(count=each.failed), icon=":material/error:", color="red")
    elif not each.files:
        st.badge(ui.text.state_empty, icon=":material/inbox:", color="gray")
    else:
        st.badge(ui.text.state_usable, icon=":material/check_circle:", color="green")
