"""Many files into a knowledge base, one request for each. Reading them is the service's work, which `jobs` shows."""

from typing import TYPE_CHECKING

import streamlit as st

from webui_pages.client import ApiFailed
from webui_pages.components.ingest_settings import formats
from webui_pages.state import Outcome
from webui_pages.ui import Ui, literal

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile


def upload_panel(ui: Ui, knowledge_base: str, known: set[str]) -> None:
    """The drop zone and the overwrite switch. `known` names the files that are already there."""
    st.subheader(ui.text.upload, anchor=False)
    chosen = _choose_files(ui)
    with st.container(horizontal=True, vertical_alignment="center", key="upload_controls"):
        start = st.button(
            ui.text.upload_start, type="primary", icon=":material/upload:", key="upload_start", disabled=not chosen
        )
        overwrite = st.toggle(ui.text.upload_overwrite, key="upload_overwrite")
    twice = [file.name for file in chosen if file.name in known]
    if twice and not overwrite:
        st.warning(literal(ui.text.upload_known.format(names=", ".join(twice))))
    if start and chosen:
        _upload(ui, knowledge_base, chosen, overwrite=overwrite)


def _choose_files(ui: Ui) -> "list[UploadedFile]":
    limit = ui.settings.knowledge_base.max_file_mb
    words = {"--upload-button": ui.text.upload_button, "--upload-limit": ui.text.upload_limit.format(limit=limit)}
    rules = "".join(f'{name}: "{word}";' for name, word in words.items())
    with st.container(key="upload_area"):
        st.html(f"<style>:root {{{rules}}}</style>")
        return st.file_uploader(
            ui.text.upload_choose,
            type=[suffix.removeprefix(".") for suffix in formats(ui).suffixes],
            accept_multiple_files=True,
            key=f"upload_files_{ui.state.uploader_version}",
            max_upload_size=limit,
        )


def _upload(ui: Ui, knowledge_base: str, files: "list[UploadedFile]", *, overwrite: bool) -> None:
    if not ui.state.watched:
        ui.state.uploaded = []
    bar = st.progress(0.0)
    for done, file in enumerate(files):
        text = ui.text.upload_progress.format(name=file.name, done=done + 1, total=len(files))
        bar.progress(done / len(files), literal(text))
        _upload_one(ui, knowledge_base, file, overwrite=overwrite)
    bar.progress(1.0)
    ui.state.uploader_version += 1
    ui.state.table_version += 1
    st.rerun()


def _upload_one(ui: Ui, knowledge_base: str, file: "UploadedFile", *, overwrite: bool) -> None:
    try:
        queued = ui.client.upload(knowledge_base, file.name, file, overwrite=overwrite)
    except ApiFailed as failure:
        ui.state.uploaded.append(Outcome(file.name, failure.message))
        return
    ui.state.watched.update({job.id: job.file for job in queued.jobs})
    ui.state.uploaded += [Outcome(name, note=ui.text.unchanged) for name in queued.unchanged]
    ui.state.uploaded += [Outcome(name, reason) for name, reason in queued.failed_files.items()]
