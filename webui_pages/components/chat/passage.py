"""A passage where it stands: the page as a picture with the passage boxed, and the text around it."""

from pathlib import PurePosixPath

import streamlit as st

from server.api.schemas.chat import Source
from webui_pages.client import ApiFailed
from webui_pages.components.chat.marked import escaped, marked
from webui_pages.components.download import download_button
from webui_pages.components.page_picture import PICTURED, boxed
from webui_pages.ui import Ui, literal

GONE = ("chunk_not_found", "file_not_found", "knowledge_base_not_found")


def open_passage(ui: Ui, source: Source, where: str) -> None:
    """A dialog over the page."""

    @st.dialog(literal(source.file), width="medium", icon=":material/find_in_page:")
    def body() -> None:
        with st.container(key="passage", gap="small"):
            if where:
                st.caption(literal(where))
            if has_picture(source):
                _page(ui, source)
            if source.knowledge_base:
                _around(ui, source)
                download_button(ui, source.knowledge_base, source.file, label=ui.text.download, key="passage_download")
            else:
                st.markdown(marked(source.text, source.marks))

    body()


def has_picture(source: Source) -> bool:
    """Whether the passage stands on a page that the API can show; a file inside the file has none."""
    suffix = PurePosixPath(source.file).suffix.lower()
    return bool(source.knowledge_base) and not source.part and suffix in PICTURED


def _page(ui: Ui, source: Source) -> None:
    page = source.page or 1
    try:
        picture = ui.client.page_image(source.knowledge_base, source.file, page)
    except ApiFailed as failure:
        st.warning(literal(failure.message), icon=":material/broken_image:")
        return
    alt = ui.text.page_picture.format(file=source.file, page=page)
    with st.container(border=True, key="passage_page"):
        st.image(boxed(picture, source.boxes or []), width="stretch", alt=alt)


def _around(ui: Ui, source: Source) -> None:
    """The text before and after, and between it the passage as it was quoted."""
    try:
        found = ui.client.around(source.knowledge_base, source.chunk_ids)
    except ApiFailed as failure:
        if failure.code in GONE:
            st.info(ui.text.passage_changed, icon=":material/history:")
        else:
            st.warning(literal(failure.message), icon=":material/warning:")
        st.markdown(marked(source.text, source.marks))
        return
    with st.expander(ui.text.around, expanded=not has_picture(source), icon=":material/notes:", key="passage_text"):
        for text in found.before:
            st.caption(escaped(text))
        st.markdown(marked(source.text, source.marks))
        for text in found.after:
            st.caption(escaped(text))
