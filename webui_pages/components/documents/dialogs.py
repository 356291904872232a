"""What asks before it deletes."""

import streamlit as st

from server.api.schemas.chunks import ChunkDetails, DeleteChunks
from server.api.schemas.knowledge_bases import KnowledgeBaseDetails
from webui_pages.client import ApiFailed
from webui_pages.desk import desk, open_knowledge_base
from webui_pages.state import Outcome
from webui_pages.ui import Ui, literal


def delete_knowledge_base(ui: Ui, chosen: KnowledgeBaseDetails) -> None:
    """Says what is lost, and deletes on the second click."""

    @st.dialog(ui.text.delete_knowledge_base, icon=":material/delete_forever:")
    def body() -> None:
        st.markdown(literal(ui.text.delete_knowledge_base_confirm.format(name=chosen.name, files=chosen.files)))
        if confirmed(ui, ui.text.delete, "confirm_delete_knowledge_base"):
            try:
                ui.client.delete_knowledge_base(chosen.name)
            except ApiFailed as failure:
                st.error(literal(failure.message))
                return
            open_knowledge_base("")
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
        if confirmed(ui, ui.text.delete, "confirm_delete_files"):
            try:
                done = ui.client.delete_files(knowledge_base, names)
            except ApiFailed as failure:
                st.error(literal(failure.message))
                return
            memory = desk()
            memory.table_version += 1
            memory.uploaded = [Outcome(name, reason) for name, reason in done.failed_files.items()]
            memory.receipt = done.receipt
            st.rerun()

    body()


def delete_chunk(ui: Ui, knowledge_base: str, chunk: ChunkDetails) -> None:
    """Shows the chunk, and deletes on the second click."""

    @st.dialog(ui.text.chunk_delete, icon=":material/delete:")
    def body() -> None:
        st.markdown(ui.text.chunk_delete_confirm)
        with st.container(height=160):
            st.text(chunk.text)
        if confirmed(ui, ui.text.delete, "confirm_delete_chunk"):
            try:
                ui.client.delete_chunks(DeleteChunks(knowledge_base_name=knowledge_base, ids=[chunk.id]))
            except ApiFailed as failure:
                st.error(literal(failure.message))
                return
            ui.state.notice = ui.text.chunk_deleted
            st.rerun()

    body()


def confirmed(ui: Ui, action: str, key: str, *, disabled: bool = False) -> bool:
    """The two buttons at the end of a dialog; whether the second was pressed."""
    desk().dialog = True
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(ui.text.cancel, key=f"{key}_cancel"):
            st.rerun()
        return st.button(action, type="primary", key=key, disabled=disabled)
