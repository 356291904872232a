"""A page of a file as a picture, with the places of its chunks boxed."""

from collections.abc import Sequence

import streamlit as st

from server.api.schemas.chunks import ChunkDetails
from webui_pages.client import ApiFailed
from webui_pages.components.page_picture import boxed
from webui_pages.desk import PagePicture, desk
from webui_pages.ui import Ui, literal


def page_view(ui: Ui, knowledge_base: str, file: str, chunks: Sequence[ChunkDetails]) -> None:
    """The page that was asked for with the chunk that asked, else that of the first chunk with all of its chunks."""
    first = next((chunk.metadata["page"] for chunk in chunks if chunk.metadata.get("page")), 1)
    page = desk().page or first
    try:
        picture = _picture(ui, knowledge_base, file, page)
    except ApiFailed as failure:
        st.info(literal(failure.message), icon=":material/image_not_supported:")
        return
    here = [chunk for chunk in chunks if (chunk.metadata.get("page") or 1) == page]
    here = [chunk for chunk in here if chunk.id == desk().framed] or here
    boxes = [box for chunk in here for box in chunk.metadata.get("boxes", ())]
    caption = ui.text.place_page.format(page=page)
    with st.container(key="chunk_picture"):
        st.image(boxed(picture.content, boxes), caption=caption, width="stretch", alt=f"{file} · {caption}")


def _picture(ui: Ui, knowledge_base: str, file: str, page: int) -> PagePicture:
    """Fetched once while the same page is shown."""
    kept = desk().picture
    if kept is not None and (kept.knowledge_base, kept.file, kept.page) == (knowledge_base, file, page):
        return kept
    content = ui.client.page_image(knowledge_base, file, page)
    desk().picture = made = PagePicture(knowledge_base, file, page, content)
    return made
