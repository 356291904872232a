"""A new knowledge base: name, description, model, store, and how files are split, with a trial of it."""

from collections.abc import Collection

import streamlit as st

from server.api.schemas.knowledge_bases import CreateKnowledgeBase
from webui_pages.client import ApiFailed
from webui_pages.components.documents.choices import choose_embedder, choose_store
from webui_pages.components.documents.preview import preview_panel
from webui_pages.components.ingest_settings import formats, settings_fields
from webui_pages.desk import open_knowledge_base
from webui_pages.ui import Ui, literal


def new_button(ui: Ui, known: Collection[str]) -> None:
    """Opens the dialog. A key for some knowledge bases may make those of them that are not among the `known` ones."""
    allowed = ui.state.access.knowledge_bases if ui.state.access else None
    limit = None
    if allowed is not None and allowed <= set(map(str.casefold, known)):
        limit = literal(ui.text.key_is_limited.format(names=", ".join(sorted(allowed))))
    if st.button(
        ui.text.new_knowledge_base,
        icon=":material/library_add:",
        key="new_knowledge_base",
        type="primary",
        **ui.lock("write", also=limit is not None, hint=limit),
    ):
        new_knowledge_base(ui)


def new_knowledge_base(ui: Ui) -> None:
    """Asks for everything; on success the new one is shown."""

    @st.dialog(ui.text.new_knowledge_base, icon=":material/library_add:", width="medium")
    def body() -> None:
        known = formats(ui, again=True)
        name = st.text_input(ui.text.new_name, placeholder=ui.text.new_name_hint, key="new_name", max_chars=80)
        info = st.text_area(ui.text.new_info, key="new_info", height=80)
        model, store = st.columns(2)
        with model:
            embedder, reason = choose_embedder(ui, known, "", key="new_embedder")
        with store:
            chosen_store = choose_store(ui, known, "", key="new_store")
        with st.expander(ui.text.ingest_settings, icon=":material/tune:", key="new_settings"):
            settings = settings_fields(ui, known, known.settings, key="new")
            preview_panel(ui, settings, key="new_preview")
        with st.container(horizontal=True, horizontal_alignment="right"):
            wanted = st.button(ui.text.new_create, type="primary", key="new_create", disabled=bool(reason))
        if wanted:
            about = {"knowledge_base_name": name.strip(), "kb_info": info.strip(), "embed_model": embedder}
            values = {**settings.model_dump(), **about, "vector_store_type": chosen_store}
            _create(ui, CreateKnowledgeBase.model_validate(values))

    body()


def _create(ui: Ui, request: CreateKnowledgeBase) -> None:
    try:
        ui.client.create_knowledge_base(request)
    except ApiFailed as failure:
        st.error(literal(failure.message))
        return
    open_knowledge_base(request.knowledge_base_name, "files")
    ui.state.notice = ui.text.created.format(name=request.knowledge_base_name)
    st.rerun()
