"""A trial of the splitting: pasted text or a dropped file, and the chunks it would give."""

from typing import TYPE_CHECKING

import streamlit as st

from server.api.schemas.knowledge_bases import SettingsRequest
from server.api.schemas.preview import Preview, PreviewedChunk
from webui_pages.client import ApiFailed
from webui_pages.components.documents.numbers import place_text
from webui_pages.desk import desk
from webui_pages.ui import Ui, literal

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

LEAST_SHARED = 4
HEIGHT_PX = 340


def preview_panel(ui: Ui, settings: SettingsRequest, *, key: str) -> None:
    """Shown anew whenever the settings or the text change."""
    st.markdown(f"**{ui.text.preview}**")
    st.caption(ui.text.preview_hint)
    pasted, dropped = st.tabs([ui.text.preview_text, ui.text.preview_file], key=f"{key}_tabs")
    with pasted:
        text = st.text_area(
            ui.text.preview_text,
            key=f"{key}_text",
            placeholder=ui.text.preview_text_hint,
            label_visibility="collapsed",
            height=120,
        )
    with dropped:
        limit = ui.settings.knowledge_base.max_file_mb
        label = ui.text.preview_file
        with st.container(key=f"upload_area_{key}"):
            file = st.file_uploader(label, key=f"{key}_file", max_upload_size=limit, label_visibility="collapsed")
    if not file and not text.strip():
        return
    try:
        with st.spinner(ui.text.preview, show_time=True):
            made = _previewed(ui, settings, text, file)
    except ApiFailed as failure:
        st.error(literal(failure.message), icon=":material/error:")
        return
    _show(ui, made, key)


def _previewed(ui: Ui, settings: SettingsRequest, text: str, file: "UploadedFile | None") -> Preview:
    """Asked for once for the same text and settings, whatever else of the page changes."""
    asked = (settings.model_dump_json(), text if file is None else file.file_id, ui.text.language)
    kept = desk().previewed
    if kept is not None and kept[0] == asked:
        return kept[1]
    if file is None:
        made = ui.client.preview_chunks(settings, text=text)
    else:
        file.seek(0)
        made = ui.client.preview_chunks(settings, name=file.name, content=file)
    desk().previewed = (asked, made)
    return made


def _show(ui: Ui, made: Preview, key: str) -> None:
    numbers = made.model_dump(include={"total", "shortest", "longest", "average"})
    st.caption(literal(ui.text.preview_numbers.format(**numbers)))
    with st.container(height=HEIGHT_PX, key=f"{key}_chunks"):
        before = ""
        for number, chunk in enumerate(made.chunks, 1):
            _chunk(ui, number, chunk, before)
            before = chunk.text
    if made.total > len(made.chunks):
        st.caption(ui.text.preview_more.format(count=len(made.chunks)))


def _chunk(ui: Ui, number: int, chunk: PreviewedChunk, before: str) -> None:
    shared = shared_length(before, chunk.text)
    parts = [f"#{number}", ui.text.chunk_length.format(count=len(chunk.text)), place_text(chunk.metadata, ui.text)]
    if shared:
        parts.append(ui.text.shared_with_last.format(count=shared))
    with st.container(border=True, gap="xsmall"):
        st.caption(literal(" · ".join(part for part in parts if part)))
        st.text(chunk.text)


def shared_length(before: str, text: str) -> int:
    """How many characters at the beginning of a text are the end of the one before."""
    for length in range(min(len(before), len(text)), LEAST_SHARED - 1, -1):
        if before.endswith(text[:length]):
            return length
    return 0
