"""The chunks of a knowledge base by page: found, looked at beside the page of the file, changed, added."""

from functools import partial
from pathlib import PurePosixPath
from zlib import crc32

import streamlit as st

from server.api.schemas.chunks import ChunkPage
from server.api.schemas.files import FileDetails
from webui_pages.components.documents.chunk_card import add_chunk, chunk_card
from webui_pages.components.documents.page_view import page_view
from webui_pages.components.page_picture import PICTURED
from webui_pages.desk import open_file, open_knowledge_base
from webui_pages.ui import Ui, literal

PAGE_SIZE = 10
STATES = ("", "shown", "disabled")


def chunk_panel(ui: Ui, knowledge_base: str, files: list[FileDetails]) -> None:
    """Controls, one page of chunks, and the page of the file beside them where it has such."""
    file, state, text = _controls(ui, knowledge_base, [each.name for each in files])
    # Another search begins at its first page: the number of the page belongs to what is searched for.
    what = crc32(f"{knowledge_base}\n{file}\n{state}\n{text}".encode())
    page = int(st.session_state.get(f"chunk_page_{what}", 1))
    wanted = partial(ui.client.chunks, knowledge_base, file=file, state=state, text=text, size=PAGE_SIZE)
    found = wanted(page=page)
    if found.total and not found.chunks:  # what the last page held is gone
        st.session_state[f"chunk_page_{what}"] = last = -(-found.total // PAGE_SIZE)
        found = wanted(page=last)
    pictured = None
    with st.container(horizontal=True, vertical_alignment="center", key="chunk_head"):
        st.caption(ui.text.chunk_total.format(total=found.total), width="content")
        if found.chunks and PurePosixPath(file).suffix.lower() in PICTURED:
            wish = st.toggle(ui.text.show_pages, value=True, key="show_pages", width="content")
            pictured = next(each for each in files if each.name == file) if wish else None
        st.space("stretch")
        if files and st.button(ui.text.chunk_add, icon=":material/add:", key="chunk_add", **ui.lock("write")):
            add_chunk(ui, knowledge_base, [each.name for each in files], file)
    if not found.chunks:
        st.info(ui.text.no_chunks, icon=":material/search_off:")
        return
    _chunks(ui, knowledge_base, found, with_file=not file, pictured=pictured)
    pages = -(-found.total // PAGE_SIZE)
    if pages > 1:
        with st.container(key="chunk_pages", horizontal_alignment="center"):
            st.pagination(pages, key=f"chunk_page_{what}")


def _controls(ui: Ui, knowledge_base: str, names: list[str]) -> tuple[str, str, str]:
    asked = open_file()
    options = ["", *names]
    if asked not in options:
        st.info(literal(ui.text.chunk_file_gone.format(name=asked)), icon=":material/search_off:")
    with st.container(horizontal=True, vertical_alignment="bottom", key="chunk_controls"):
        file = st.selectbox(
            ui.text.chunk_file,
            options,
            index=options.index(asked) if asked in options else 0,
            format_func=lambda name: name or ui.text.all_files,
            key=f"chunk_file_{crc32(asked.encode())}",
            label_visibility="collapsed",
        )
        text = st.text_input(
            ui.text.chunk_search,
            key="chunk_search",
            placeholder=ui.text.chunk_search,
            label_visibility="collapsed",
            icon=":material/search:",
            max_chars=200,
        )
        state = _state(ui)
    if (file or "") != asked:
        open_knowledge_base(knowledge_base, "chunks", file or "")
    return file or "", state, (text or "").strip()


def _state(ui: Ui) -> str:
    names = {"": ui.text.chunk_state_all, "shown": ui.text.chunk_state_shown, "disabled": ui.text.chunk_state_disabled}
    return (
        st.segmented_control(
            ui.text.chunk_state,
            STATES,
            default="",
            required=True,
            format_func=lambda each: names[each],
            key="chunk_state",
            label_visibility="collapsed",
        )
        or ""
    )


def _chunks(ui: Ui, knowledge_base: str, found: ChunkPage, *, with_file: bool, pictured: FileDetails | None) -> None:
    if pictured is None:
        for chunk in found.chunks:
            chunk_card(ui, knowledge_base, chunk, with_file=with_file, with_page=False)
        return
    left, right = st.columns([0.55, 0.45])
    with left:
        for chunk in found.chunks:
            chunk_card(ui, knowledge_base, chunk, with_file=False, with_page=True)
    with right:
        page_view(ui, knowledge_base, pictured, found.chunks)
