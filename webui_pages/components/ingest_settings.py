"""How a knowledge base reads files: fields for it, in the dialog of a new one and in a popover of an old one."""

import streamlit as st

from server.api.schemas.knowledge_bases import (
    Formats,
    IngestSettings,
    KnowledgeBaseDetails,
    SettingsRequest,
    UpdateSettings,
)
from webui_pages.client import ApiFailed
from webui_pages.ui import Ui, literal


def formats(ui: Ui) -> Formats:
    """What the API can read, asked for once in a session. Raises `ApiFailed`."""
    if ui.state.formats is None:
        ui.state.formats = ui.client.formats()
    return ui.state.formats


def settings_fields(ui: Ui, known: Formats, now: IngestSettings, *, key: str) -> SettingsRequest:
    """Four fields; only what was changed is asked for, so that the rest goes on following the service's settings."""
    text = ui.text
    names = list(dict.fromkeys([now.splitter, *known.splitters]))
    splitter = st.selectbox(text.splitter, names, key=f"{key}_splitter")
    size_field, overlap_field = st.columns(2)
    size = size_field.number_input(text.chunk_size, 10, 100_000, now.chunk_size, step=50, key=f"{key}_chunk_size")
    overlap = overlap_field.number_input(
        text.chunk_overlap, 0, 99_999, now.chunk_overlap, step=10, key=f"{key}_chunk_overlap"
    )
    ocr = st.toggle(text.ocr, now.ocr, key=f"{key}_ocr")
    wanted = {"splitter": splitter, "chunk_size": int(size), "chunk_overlap": int(overlap), "ocr": ocr}
    return SettingsRequest(**{name: value for name, value in wanted.items() if value != getattr(now, name)})


def settings_popover(ui: Ui, chosen: KnowledgeBaseDetails) -> None:
    """Shows and changes the settings of a knowledge base."""
    if chosen.settings is None:
        return
    key = f"settings_{ui.state.select_version}_{chosen.name}"
    with st.popover(ui.text.ingest_settings, icon=":material/tune:", key="ingest_settings"):
        with st.form("settings", border=False):
            wanted = settings_fields(ui, formats(ui), chosen.settings, key=key)
            saved = st.form_submit_button(ui.text.save, type="primary", key="settings_save")
        if saved:
            _save(ui, UpdateSettings(knowledge_base_name=chosen.name, **wanted.model_dump()))


def _save(ui: Ui, request: UpdateSettings) -> None:
    try:
        ui.client.update_settings(request)
    except ApiFailed as failure:
        st.error(literal(failure.message))
        return
    ui.state.notice = ui.text.settings_saved
    st.rerun()
