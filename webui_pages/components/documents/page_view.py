"""A page of a file as a picture, with the places of its chunks boxed."""

from collections.abc import Sequence

import streamlit as st

from server.api.schemas.chunks import ChunkDetails
from server.api.schemas.files import FileDetails
from webui_pages.client import ApiFailed
from webui_pages.components.page_picture import boxed
from webui_pages.desk import PagePicture, desk
from webui_pages.ui import Ui, literal


def page_view(ui: Ui, knowledge_base: str, file: FileDetails, chunks: Sequence[ChunkDetails]) -> None:
    """The page of the chunk that asked for it, where it is among these, else that of the first with all of its
    chunks."""
    framed = [chunk for chunk in chunks if chunk.id == desk().framed]
    page = next((chunk.metadata["page"] for chunk in framed or chunks if chunk.metadata.get("page")), 1)
    try:
        picture = _picture(ui, knowledge_base, file, page)
    except ApiFailed as failure:
        st.info(literal(failure.message), icon=":material/image_not_supported:")
        return
    here = framed or [chunk for chunk in chunks if (chunk.metadata.get("page") or 1) == page]
    boxes = [box for chunk in here for box in chunk.metadata.get("boxes", ())]
    caption = ui.text.place_page.format(page=page)
    with st.container(key="chunk_picture"):
        st.image(boxed(picture.content, boxes), caption=caption, width="stretch", alt=f"{file.name} · {caption}")


def _picture(ui: Ui, knowledge_base: str, file: FileDetails, page: int) -> PagePicture:
    """Fetched once while the same page is shown; a file that was replaced has other pages."""
    wanted = (knowledge_base, file.name, f"{file.sha256} {file.updated}", page)
    kept = desk().picture
    if kept is not None and kept.of == wanted:
        return kept
    desk().picture = made = PagePicture(wanted, ui.client.page_image(knowledge_base, file.name, page))
    return made
