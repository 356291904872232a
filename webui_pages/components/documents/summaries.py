"""Summaries of a knowledge base and its files: made in the background, shown, renewed, deleted."""

import streamlit as st

from server.api.schemas.files import FileDetails
from server.api.schemas.summaries import Summarize, SummaryDetails
from webui_pages.client import ApiFailed
from webui_pages.components.outcomes import show_notice
from webui_pages.ui import Ui, literal

LOOK_EVERY_S = 2.0
PAGE_SIZE = 20
ACTIVE = ("queued", "running")


def summary_panel(ui: Ui, knowledge_base: str, files: list[FileDetails]) -> None:
    """All of them; looked at again every other second while one is in the making."""
    names = [file.name for file in files if file.state == "ready"]
    if not names:
        st.info(ui.text.summary_no_files, icon=":material/upload_file:")
        return
    st.caption(ui.text.summary_hint)
    found = ui.client.summaries(knowledge_base)
    every = LOOK_EVERY_S if any(each.state in ACTIVE for each in found) else None
    st.fragment(_summaries, run_every=every)(ui, knowledge_base, names, watching=every is not None)


def _summaries(ui: Ui, knowledge_base: str, names: list[str], *, watching: bool) -> None:
    show_notice(ui)
    try:
        found = {each.file: each for each in ui.client.summaries(knowledge_base)}
    except ApiFailed as failure:
        st.error(literal(failure.message), icon=":material/error:")
        return
    if watching != any(each.state in ACTIVE for each in found.values()):
        st.rerun()  # only a run of the whole page begins, or ends, to look again and again
    missing = [name for name in names if name not in found or found[name].stale or found[name].state == "failed"]
    with st.container(horizontal=True, key="summary_controls"):
        _make_button(
            ui, ui.text.summary_make_all, "summary_make_all", Summarize(knowledge_base_name=knowledge_base, whole=True)
        )
        if missing and len(missing) < len(names):
            label = ui.text.summary_make_missing.format(count=len(missing))
            request = Summarize(knowledge_base_name=knowledge_base, file_names=missing)
            _make_button(ui, label, "summary_make_missing", request)
        if watching:
            _cancel_button(ui, knowledge_base)
    st.markdown(f"**{ui.text.summary_whole}**")
    _card(ui, knowledge_base, "", found.get(""))
    st.markdown(f"**{ui.text.summary_files}**")
    page, cards, pages = 1, st.container(key="summaries"), -(-len(names) // PAGE_SIZE)
    if pages > 1:
        with st.container(key="summary_pages", horizontal_alignment="center"):
            page = st.pagination(pages, key=f"summary_page_{knowledge_base}_{pages}")
    with cards:
        for name in names[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]:
            _card(ui, knowledge_base, name, found.get(name))


def _make_button(ui: Ui, label: str, key: str, request: Summarize) -> None:
    st.button(label, icon=":material/summarize:", key=key, on_click=_make, args=(ui, request), **ui.lock("write"))


def _make(ui: Ui, request: Summarize) -> None:
    try:
        ui.client.summarize(request)
    except ApiFailed as failure:
        ui.state.notice = failure.message
    else:
        ui.state.notice = ui.text.summary_started


def _cancel_button(ui: Ui, knowledge_base: str) -> None:
    st.button(
        ui.text.summary_cancel,
        icon=":material/close:",
        key="summary_cancel",
        on_click=_cancel,
        args=(ui, knowledge_base),
        **ui.lock("write"),
    )


def _cancel(ui: Ui, knowledge_base: str) -> None:
    try:
        ui.client.cancel_summaries(knowledge_base)
    except ApiFailed as failure:
        ui.state.notice = failure.message
    else:
        ui.state.notice = ui.text.summary_cancelled


def _card(ui: Ui, knowledge_base: str, file: str, each: SummaryDetails | None) -> None:
    if file and each is None:
        with st.container(horizontal=True, vertical_alignment="center", wrap=False, key=f"summary_{file}"):
            st.markdown(literal(file))
            _make_one(ui, knowledge_base, file, ui.text.summary_make)
        return
    with st.container(border=True, key=f"summary_{file or 'whole'}", gap="xsmall"):
        _head(ui, file, each)
        if each is not None and each.error:
            st.markdown(f":red[:material/error:] {literal(each.error)}")
        if each is not None and each.text:
            st.text(each.text)
            if len(each.parts) > 1:
                _parts(ui, file, each)
        elif each is None:
            st.caption(ui.text.summary_none)
        _buttons(ui, knowledge_base, file, each)


def _head(ui: Ui, file: str, each: SummaryDetails | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if file:
            st.markdown(literal(file), width="content")
        if each is None:
            return
        _state(ui, each)
        if each.extractive:
            st.badge(ui.text.summary_extractive, icon=":material/format_quote:", color="gray")
        if each.model and each.text:
            st.caption(literal(ui.text.summary_made_by.format(model=each.model)), width="content")


def _state(ui: Ui, each: SummaryDetails) -> None:
    if each.state == "queued":
        st.badge(ui.text.summary_queued, icon=":material/hourglass_top:", color="gray")
    elif each.state == "running":
        label = ui.text.summary_running.format(done=each.done, total=each.total)
        st.badge(label, icon=":material/sync:", color="blue")
    elif each.state == "failed":
        st.badge(ui.text.summary_failed, icon=":material/error:", color="red")
    elif each.stale:
        st.badge(ui.text.summary_stale, icon=":material/update:", color="orange")


def _parts(ui: Ui, file: str, each: SummaryDetails) -> None:
    with st.expander(ui.text.summary_parts.format(count=len(each.parts)), key=f"summary_parts_{file or 'whole'}"):
        for part in each.parts:
            st.text(part)


def _buttons(ui: Ui, knowledge_base: str, file: str, each: SummaryDetails | None) -> None:
    if each is None or each.state in ACTIVE:
        return
    with st.container(horizontal=True, gap="small"):
        _make_one(ui, knowledge_base, file, ui.text.summary_renew)
        st.button(
            ui.text.summary_delete,
            icon=":material/delete:",
            type="tertiary",
            key=f"summary_delete_{file or 'whole'}",
            on_click=_delete,
            args=(ui, knowledge_base, file),
            **ui.lock("write"),
        )


def _make_one(ui: Ui, knowledge_base: str, file: str, label: str) -> None:
    request = Summarize(knowledge_base_name=knowledge_base, file_names=[file] if file else None, whole=not file)
    st.button(
        label,
        icon=":material/refresh:",
        type="tertiary",
        key=f"summary_make_{file or 'whole'}",
        on_click=_make,
        args=(ui, request),
        **ui.lock("write"),
    )


def _delete(ui: Ui, knowledge_base: str, file: str) -> None:
    try:
        ui.client.delete_summary(knowledge_base, file)
    except ApiFailed as failure:
        ui.state.notice = failure.message
    else:
        ui.state.notice = ui.text.summary_deleted
