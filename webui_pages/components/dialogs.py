"""What asks before it acts: a new knowledge base, deleting and rebuilding one, deleting files."""

import streamlit as st

from server.api.schemas.knowledge_bases import CreateKnowledgeBase, KnowledgeBaseDetails
from webui_pages.client import ApiFailed
from webui_pages.components.ingest_settings import formats, settings_fields
from webui_pages.state import Outcome
from webui_pages.ui import Ui, literal


def new_knowledge_base(ui: Ui) -> None:
    """Name, description, embedding model, how files are read; on success the new one is shown."""

    @st.dialog(ui.text.new_knowledge_base, icon=":material/library_add:")
    def body() -> None:
        with st.form("new_knowledge_base", border=False):
            name = st.text_input(ui.text.new_name, placeholder=ui.text.new_name_hint, key="new_name", max_chars=80)
            info = st.text_area(ui.text.new_info, key="new_info", height=80)
            embedder = st.selectbox(
                ui.text.new_embedder,
                ["", *ui.settings.models.embed],
                format_func=lambda model: model or _default_embedder(ui),
                key="new_embedder",
            )
            with st.expander(ui.text.ingest_settings, icon=":material/tune:"):
                known = formats(ui)
                settings = settings_fields(ui, known, known.settings, key="new")
            wanted = st.form_submit_button(ui.text.new_create, type="primary", key="new_create")
        if wanted:
            about = {"knowledge_base_name": name.strip(), "kb_info": info, "embed_model": embedder or ""}
            _create(ui, CreateKnowledgeBase.model_validate({**settings.model_dump(), **about}))

    body()


def delete_knowledge_base(ui: Ui, chosen: KnowledgeBaseDetails) -> None:
    """Says what is lost, and deletes on the second click."""

    @st.dialog(ui.text.delete_knowledge_base, icon=":material/delete_forever:")
    def body() -> None:
        st.markdown(literal(ui.text.delete_knowledge_base_confirm.format(name=chosen.name, files=chosen.files)))
        if _confirmed(ui, ui.text.delete, "confirm_delete_knowledge_base"):
            try:
                ui.client.delete_knowledge_base(chosen.name)
            except ApiFailed as failure:
                st.error(literal(failure.message))
                return
            ui.state.show_knowledge_base("")
            ui.state.notice = ui.text.deleted.format(name=chosen.name)
            st.rerun()

    body()


def delete_files(ui: Ui, knowledge_base: str, names: list[str]) -> None:
    """Lists the files, and deletes on the second click."""

    @st.dialog(ui.text.delete_files_title, icon=":material/delete:")
    def body() -> None:
        st.markdown(ui.text.delete_files_confirm)
        with st.container(height=min(60 + 28 * len(names), 260)):
            st.text("\n".join(names))
        if _confirmed(ui, ui.text.delete, "confirm_delete_files"):
            try:
                failed = ui.client.delete_files(knowledge_base, names)
            except ApiFailed as failure:
                st.error(literal(failure.message))
                return
            ui.state.table_version += 1
            ui.state.uploaded = [Outcome(name, reason) for name, reason in failed.items()]
            ui.state.notice = ui.text.deleted_files.format(count=len(names) - len(failed))
            st.rerun()

    body()


def ask_for_rebuild(ui: Ui, knowledge_base: str) -> None:
    """Says what a rebuild does; the second click lets the next run do it."""

    @st.dialog(ui.text.rebuild, icon=":material/sync:")
    def body() -> None:
        st.markdown(literal(ui.text.rebuild_confirm.format(name=knowledge_base)))
        if _confirmed(ui, ui.text.rebuild, "confirm_rebuild"):
            ui.state.rebuild_wanted = True
            st.rerun()

    body()


def _create(ui: Ui, request: CreateKnowledgeBase) -> None:
    try:
        ui.client.create_knowledge_base(request)
    except ApiFailed as failure:
        st.error(literal(failure.message))
        return
    ui.state.show_knowledge_base(request.knowledge_base_name)
    ui.state.notice = ui.text.created.format(name=request.knowledge_base_name)
    st.rerun()


def _default_embedder(ui: Ui) -> str:
    health = ui.state.health
    return f"{ui.text.new_embedder_default} ({health.embed_model})" if health else ui.text.new_embedder_default


def _confirmed(ui: Ui, action: str, key: str) -> bool:
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(ui.text.cancel, key=f"{key}_cancel"):
            st.rerun()
        return st.button(action, type="primary", key=key)
