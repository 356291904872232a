"""One chunk: its place, its text, and what can be done with it."""

from zlib import crc32

import streamlit as st

from server.api.schemas.chunks import AddChunk, ChangeChunks, ChunkChange, ChunkDetails
from webui_pages.client import ApiFailed
from webui_pages.components.documents.dialogs import confirmed, delete_chunk
from webui_pages.components.documents.numbers import place_text
from webui_pages.desk import desk
from webui_pages.ui import Ui, literal

TEXT_PX = 260


def chunk_card(ui: Ui, knowledge_base: str, chunk: ChunkDetails, *, with_file: bool, with_page: bool) -> None:
    """A card; `with_page` lets the page of the file be shown beside it."""
    with st.container(border=True, key=f"chunk_{chunk.id}", gap="xsmall"):
        _head(ui, chunk, with_file=with_file)
        st.text(chunk.text)
        with st.container(horizontal=True, gap="small"):
            _buttons(ui, knowledge_base, chunk)
            page = chunk.metadata.get("page") or 1
            if with_page:
                st.button(
                    ui.text.show_page.format(page=page),
                    icon=":material/image:",
                    type="tertiary",
                    key=f"chunk_page_of_{chunk.id}",
                    on_click=_show_page,
                    args=(chunk.id,),
                )


def _head(ui: Ui, chunk: ChunkDetails, *, with_file: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(f"#{chunk.ordinal + 1}", color="gray")
        if with_file:
            st.markdown(f"**{literal(chunk.file)}**", width="content")
        if place := place_text(chunk.metadata, ui.text):
            st.caption(literal(place), width="content")
        st.caption(ui.text.chunk_length.format(count=len(chunk.text)), width="content")
        if chunk.edited:
            st.badge(ui.text.chunk_edited, icon=":material/edit:", color="blue")
        if chunk.by_hand:
            st.badge(ui.text.chunk_by_hand, icon=":material/front_hand:", color="violet")
        if chunk.state == "disabled":
            st.badge(ui.text.chunk_disabled, icon=":material/visibility_off:", color="orange")


def _buttons(ui: Ui, knowledge_base: str, chunk: ChunkDetails) -> None:
    lock = ui.lock("write")
    if st.button(ui.text.chunk_edit, icon=":material/edit:", type="tertiary", key=f"chunk_edit_{chunk.id}", **lock):
        _edit(ui, knowledge_base, chunk)
    shown = chunk.state == "shown"
    st.button(
        ui.text.chunk_disable if shown else ui.text.chunk_enable,
        icon=":material/visibility_off:" if shown else ":material/visibility:",
        type="tertiary",
        key=f"chunk_switch_{chunk.id}",
        on_click=_switch,
        args=(ui, knowledge_base, chunk),
        **lock,
    )
    if st.button(ui.text.delete, icon=":material/delete:", type="tertiary", key=f"chunk_delete_{chunk.id}", **lock):
        delete_chunk(ui, knowledge_base, chunk)


def _switch(ui: Ui, knowledge_base: str, chunk: ChunkDetails) -> None:
    change = ChunkChange(id=chunk.id, enabled=chunk.state == "disabled")
    try:
        ui.client.change_chunks(ChangeChunks(knowledge_base_name=knowledge_base, chunks=[change]))
    except ApiFailed as failure:
        ui.state.notice = failure.message


def _show_page(chunk: str) -> None:
    desk().framed = chunk


def _edit(ui: Ui, knowledge_base: str, chunk: ChunkDetails) -> None:
    @st.dialog(f"{ui.text.chunk_edit} #{chunk.ordinal + 1}", icon=":material/edit:", width="medium")
    def body() -> None:
        version = crc32(chunk.text.encode())  # a draft that was left belongs to the text it began with
        text = st.text_area(ui.text.chunk_text, chunk.text, height=TEXT_PX, key=f"chunk_text_{chunk.id}_{version}")
        if confirmed(ui, ui.text.save, "chunk_save"):
            if not text.strip():
                st.warning(ui.text.chunk_needs_text)
                return
            request = ChangeChunks(knowledge_base_name=knowledge_base, chunks=[ChunkChange(id=chunk.id, text=text)])
            try:
                if ui.client.chunk(knowledge_base, chunk.id).text not in (chunk.text, text):
                    st.warning(ui.text.chunk_changed, icon=":material/edit_off:")
                    return
                ui.client.change_chunks(request)
            except ApiFailed as failure:
                st.error(literal(failure.message))
                return
            ui.state.notice = ui.text.chunk_saved
            st.rerun()

    body()


def add_chunk(ui: Ui, knowledge_base: str, files: list[str], file: str) -> None:
    """Asks for the text of a new chunk, and where it belongs."""

    @st.dialog(ui.text.chunk_add, icon=":material/add:", width="medium")
    def body() -> None:
        index = files.index(file) if file in files else 0
        chosen = st.selectbox(ui.text.chunk_file, files, index=index, key="chunk_add_file") or files[index]
        places = {"end": ui.text.chunk_at_end, "start": ui.text.chunk_at_start}
        where = st.segmented_control(
            ui.text.chunk_where,
            list(places),
            default="end",
            format_func=lambda each: places[each],
            key="chunk_add_where",
        )
        text = st.text_area(ui.text.chunk_text, height=TEXT_PX, key="chunk_add_text")
        if confirmed(ui, ui.text.save, "chunk_add_save"):
            if not text.strip():
                st.warning(ui.text.chunk_needs_text)
                return
            after = "0" if where == "start" else None
            request = AddChunk(knowledge_base_name=knowledge_base, file_name=chosen, text=text, after=after)
            try:
                ui.client.add_chunk(request)
            except ApiFailed as failure:
                st.error(literal(failure.message))
                return
            ui.state.notice = ui.text.chunk_saved
            st.rerun()

    body()
