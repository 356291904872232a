"""The page that manages knowledge bases: all of them as cards, or one of them with its parts."""

import streamlit as st

from server.api.schemas.knowledge_bases import KnowledgeBaseDetails
from webui_pages.components.documents.chunks import chunk_panel
from webui_pages.components.documents.files import file_panel
from webui_pages.components.documents.jobs import job_panel
from webui_pages.components.documents.numbers import size_text
from webui_pages.components.documents.overview import empty_overview, overview
from webui_pages.components.documents.rebuild import ask_for_rebuild, rebuild_panel
from webui_pages.components.documents.retrieval import retrieval_panel
from webui_pages.components.documents.settings_panel import settings_panel
from webui_pages.components.documents.summaries import summary_panel
from webui_pages.components.documents.upload import upload_panel
from webui_pages.components.outcomes import show_notice
from webui_pages.desk import TABS, Tab, asked_for, desk, open_file, open_knowledge_base, open_tab
from webui_pages.ui import Ui, failures_shown, literal

ICONS: dict[Tab, str] = {
    "files": ":material/description:",
    "chunks": ":material/segment:",
    "retrieval": ":material/manage_search:",
    "summaries": ":material/summarize:",
    "settings": ":material/settings:",
}


def render(ui: Ui) -> None:
    """The list, or the knowledge base that the address names."""
    show_notice(ui)
    desk().dialog = False
    with failures_shown(ui):
        knowledge_bases = ui.client.knowledge_bases()
        by_name = {each.name: each for each in knowledge_bases}
        name = asked_for()
        if name in by_name:
            _one(ui, by_name[name], list(by_name))
            return
        if name:
            desk().name = ""  # told as long as the address names it, and then no more
            st.warning(literal(ui.text.unknown_knowledge_base.format(name=name)), icon=":material/search_off:")
        if not knowledge_bases:
            empty_overview(ui)
        else:
            st.subheader(ui.text.knowledge_base_page, anchor=False)
            overview(ui, knowledge_bases)


def _one(ui: Ui, chosen: KnowledgeBaseDetails, names: list[str]) -> None:
    tab = open_tab()
    ui.state.knowledge_base = chosen.name
    open_knowledge_base(chosen.name, tab, open_file() if tab == "chunks" else "")
    _header(ui, chosen, names)
    rebuild_panel(ui, chosen.name)
    tab = _tabs(ui, chosen.name, tab)
    if tab == "files":
        files = ui.client.files(chosen.name)
        upload_panel(ui, chosen.name, {file.name for file in files})
        job_panel(ui, chosen.name)
        file_panel(ui, chosen.name, files, chosen.settings)
    elif tab == "chunks":
        chunk_panel(ui, chosen.name, ui.client.files(chosen.name))
    elif tab == "retrieval":
        retrieval_panel(ui, chosen, names)
    elif tab == "summaries":
        summary_panel(ui, chosen.name, ui.client.files(chosen.name))
    else:
        settings_panel(ui, chosen)


def _header(ui: Ui, chosen: KnowledgeBaseDetails, names: list[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="knowledge_base_head"):
        st.button(
            ui.text.all_knowledge_bases,
            icon=":material/arrow_back:",
            type="tertiary",
            key="all_knowledge_bases",
            on_click=open_knowledge_base,
            args=("",),
        )
        with st.container(key="manage_knowledge_base", width=220):
            named = st.selectbox(
                ui.text.knowledge_base,
                names,
                index=names.index(chosen.name),
                key=f"manage_one_{chosen.name}",
                label_visibility="collapsed",
            )
        if st.button(ui.text.rebuild, icon=":material/sync:", key="rebuild", **ui.lock("write", also=not chosen.files)):
            ask_for_rebuild(ui, chosen)
    if named and named != chosen.name:
        open_knowledge_base(named, open_tab())
        st.rerun()
    with st.container(key="counts", gap="xsmall"):
        if chosen.info:
            st.markdown(literal(chosen.info))
        numbers = {"files": chosen.files, "chunks": chosen.chunks, "size": size_text(chosen.file_bytes)}
        made = ui.text.built_with.format(embed_model=chosen.embed_model, vector_store=chosen.vector_store)
        failed = ui.text.state_some_failed.format(count=chosen.failed) if chosen.failed else ""
        shown = [literal(ui.text.knowledge_base_numbers.format(**numbers)), literal(made)]
        st.caption(" · ".join([*shown, f":red[{failed}]"] if failed else shown))


def _tabs(ui: Ui, name: str, present: Tab) -> Tab:
    chosen: Tab | None = st.segmented_control(
        ui.text.parts,
        TABS,
        default=present,
        required=True,
        format_func=lambda tab: f"{ICONS[tab]} {getattr(ui.text, f'tab_{tab}')}",
        key=f"tab_{name}_{present}",
        label_visibility="collapsed",
        width="stretch",
    )
    if chosen and chosen != present:
        open_knowledge_base(name, chosen)
        st.rerun()
    return present
