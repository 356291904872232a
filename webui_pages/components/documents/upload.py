"""Files and pasted texts into a knowledge base, one request for each. Reading them is the service's work, which `jobs`
shows."""

from io import BytesIO
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

import streamlit as st

from webui_pages.client import ApiFailed
from webui_pages.components.documents.jobs import watch
from webui_pages.components.documents.numbers import some_of
from webui_pages.components.ingest_settings import formats
from webui_pages.desk import desk
from webui_pages.state import Outcome
from webui_pages.ui import Ui, literal

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile


def upload_panel(ui: Ui, knowledge_base: str, known: set[str]) -> None:
    """The drop zone, and a box for pasted text. `known` names the files that are already there."""
    with st.expander(ui.text.upload, icon=":material/note_add:", key="upload", expanded=True):
        overwrite = bool(st.session_state.get("upload_overwrite"))
        dropped, pasted = st.tabs([ui.text.upload_tab, ui.text.paste_tab], key="upload_tabs")
        with dropped:
            _drop(ui, knowledge_base, known)
        with pasted:
            _paste(ui, knowledge_base, overwrite=overwrite)


def _drop(ui: Ui, knowledge_base: str, known: set[str]) -> None:
    chosen = _choose_files(ui)
    with st.container(horizontal=True, vertical_alignment="center", key="upload_controls"):
        start = st.button(
            ui.text.upload_start,
            type="primary",
            icon=":material/upload:",
            key="upload_start",
            **ui.lock("write", also=not chosen),
        )
        overwrite = st.toggle(ui.text.upload_overwrite, key="upload_overwrite")
    twice = [file.name for file in chosen if file.name in known]
    if twice and not overwrite:
        st.warning(literal(ui.text.upload_known.format(names=some_of(twice))))
    if start and chosen:
        _upload(ui, knowledge_base, chosen, overwrite=overwrite)


def _paste(ui: Ui, knowledge_base: str, *, overwrite: bool) -> None:
    version = desk().paste_version
    name = st.text_input(
        ui.text.paste_name, key=f"paste_name_{version}", placeholder=ui.text.paste_name_hint, max_chars=120
    )
    text = st.text_area(ui.text.paste_text, key=f"paste_text_{version}", height=160)
    lock = ui.lock("write")
    if not st.button(ui.text.paste_start, type="primary", icon=":material/post_add:", key="paste_start", **lock):
        return
    if not name.strip() or not text.strip():
        st.warning(ui.text.paste_empty)
        return
    _begin()
    if _upload_one(ui, knowledge_base, _with_suffix(name.strip()), BytesIO(text.encode()), overwrite=overwrite):
        desk().paste_version += 1  # what was refused stays in the fields
    st.rerun()


def _with_suffix(name: str) -> str:
    return name if PurePosixPath(name).suffix else f"{name}.md"


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
            key=f"upload_files_{desk().uploader_version}",
            max_upload_size=limit,
            **ui.lock("write"),
        )


def _upload(ui: Ui, knowledge_base: str, files: "list[UploadedFile]", *, overwrite: bool) -> None:
    _begin()
    bar = st.progress(0.0)
    for done, file in enumerate(files):
        text = ui.text.upload_progress.format(name=file.name, done=done + 1, total=len(files))
        bar.progress(done / len(files), literal(text))
        _upload_one(ui, knowledge_base, file.name, file, overwrite=overwrite)
    bar.progress(1.0)
    desk().uploader_version += 1
    st.rerun()


def _begin() -> None:
    if not desk().watched:
        desk().uploaded = []


def _upload_one(ui: Ui, knowledge_base: str, name: str, content: IO[bytes], *, overwrite: bool) -> bool:
    """Whether it was taken; else the reason is among the outcomes."""
    try:
        queued = ui.client.upload(knowledge_base, name, content, overwrite=overwrite)
    except ApiFailed as failure:
        desk().uploaded.append(Outcome(name, failure.message))
        return False
    watch(ui, queued)
    return not queued.failed_files
