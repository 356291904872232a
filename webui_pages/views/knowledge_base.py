"""The page that manages knowledge bases and their files."""

import streamlit as st

from server.api.schemas.knowledge_bases import KnowledgeBaseDetails
from webui_pages.components.chat_controls import choose_knowledge_base
from webui_pages.components.dialogs import ask_for_rebuild, delete_knowledge_base, new_knowledge_base
from webui_pages.components.files import file_panel
from webui_pages.components.ingest_settings import settings_popover
from webui_pages.components.jobs import job_panel
from webui_pages.components.rebuild import rebuild_panel
from webui_pages.components.upload import upload_panel
from webui_pages.ui import Ui, failures_shown, literal


def render(ui: Ui) -> None:
    """Choose or make a knowledge base; then its counts, upload, rebuild and files."""
    notice = ui.state.take_notice()
    if notice:
        st.toast(literal(notice), icon=":material/check_circle:")
    with failures_shown(ui):
        knowledge_bases = ui.client.knowledge_bases()
        if knowledge_bases:
            _one(ui, _header(ui, knowledge_bases))
        else:
            _none(ui)


def _header(ui: Ui, knowledge_bases: list[KnowledgeBaseDetails]) -> KnowledgeBaseDetails:
    with st.container(horizontal=True, vertical_alignment="bottom", key="knowledge_base_controls"):
        chosen = choose_knowledge_base(ui, knowledge_bases, key="manage_knowledge_base")
        _new_button(ui)
        if st.button(ui.text.rebuild, icon=":material/sync:", key="rebuild", disabled=not chosen.files):
            ask_for_rebuild(ui, chosen.name)
        settings_popover(ui, chosen)
        if st.button(ui.text.delete_knowledge_base, icon=":material/delete_forever:", key="delete_knowledge_base"):
            delete_knowledge_base(ui, chosen)
    return chosen


def _one(ui: Ui, chosen: KnowledgeBaseDetails) -> None:
    _counts(ui, chosen)
    rebuild_panel(ui, chosen.name)
    files = ui.client.files(chosen.name)
    upload_panel(ui, chosen.name, {file.name for file in files})
    job_panel(ui, chosen.name)
    file_panel(ui, chosen.name, files, chosen.settings)


def _counts(ui: Ui, chosen: KnowledgeBaseDetails) -> None:
    with st.container(horizontal=True, key="counts"):
        st.metric(ui.text.count_files, chosen.files, border=True)
        st.metric(ui.text.count_chunks, chosen.chunks, border=True)
        st.metric(ui.text.count_failed, chosen.failed, border=True)
    made = ui.text.built_with.format(embed_model=chosen.embed_model, vector_store=chosen.vector_store)
    st.caption(literal(" · ".join(part for part in (chosen.info, made) if part)))


def _none(ui: Ui) -> None:
    with st.container(key="no_knowledge_base", horizontal_alignment="center"):
        st.space("medium")
        st.subheader(ui.text.no_knowledge_base_title, anchor=False, text_alignment="center")
        st.caption(ui.text.no_knowledge_base_hint, text_alignment="center")
        _new_button(ui)


def _new_button(ui: Ui) -> None:
    if st.button(ui.text.new_knowledge_base, icon=":material/library_add:", key="new_knowledge_base", type="primary"):
        new_knowledge_base(ui)
