"""How a knowledge base reads files: the fields for it, and what the API can read at all."""

from zlib import crc32

import streamlit as st

from server.api.schemas.knowledge_bases import Formats, IngestSettings, SettingsRequest
from webui_pages.ui import Ui


def formats(ui: Ui, *, again: bool = False) -> Formats:
    """What the API can read, asked for once in a session, or `again` where models matter, which may have arrived
    meanwhile. Raises `ApiFailed`."""
    if ui.state.formats is None or again:
        ui.state.formats = ui.client.formats()
    return ui.state.formats


def settings_fields(ui: Ui, known: Formats, now: IngestSettings, *, key: str, version: str = "") -> SettingsRequest:
    """Five fields; only what was changed is asked for, so that the rest goes on following the service's settings.

    Another `version` fills them anew, and so does a setting that was changed elsewhere: nobody saves what they did not
    choose.
    """

    def end(name: str) -> str:
        return f"_{crc32(str(getattr(now, name)).encode())}{version}" if version else ""

    text = ui.text
    names = list(dict.fromkeys([now.splitter, *known.splitters]))
    splitter = st.selectbox(text.splitter, names, key=f"{key}_splitter{end('splitter')}")
    size_field, overlap_field = st.columns(2)
    size = size_field.number_input(
        text.chunk_size, 10, 100_000, now.chunk_size, step=50, key=f"{key}_chunk_size{end('chunk_size')}"
    )
    overlap = overlap_field.number_input(
        text.chunk_overlap, 0, 99_999, now.chunk_overlap, step=10, key=f"{key}_chunk_overlap{end('chunk_overlap')}"
    )
    ocr_field, title_field = st.columns(2)
    ocr = ocr_field.toggle(text.ocr, now.ocr, key=f"{key}_ocr{end('ocr')}")
    titles = title_field.toggle(
        text.title_enhance,
        now.zh_title_enhance,
        help=text.title_enhance_help,
        key=f"{key}_zh_title_enhance{end('zh_title_enhance')}",
    )
    wanted = {
        "splitter": splitter,
        "chunk_size": int(size),
        "chunk_overlap": int(overlap),
        "ocr": ocr,
        "zh_title_enhance": titles,
    }
    return SettingsRequest(**{name: value for name, value in wanted.items() if value != getattr(now, name)})
