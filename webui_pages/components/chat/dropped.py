"""Files dropped into the chat: sent, waited for, listed, removed."""

import time
from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from server.api.schemas.temporary import TemporaryDetails, TemporaryFileDetails
from webui_pages.ui import Ui, literal

LOOK_EVERY_S = 0.5
SECONDS_A_MINUTE = 60


def add_files(ui: Ui, files: Sequence[UploadedFile]) -> None:
    """Send files into this chat, and ask files from now on.

    Raises:
        ApiFailed: none of them can be used.
    """
    chat = ui.state.chat
    dropped = ui.client.drop_files(chat.knowledge_id, [(file.name, file) for file in files])
    chat.knowledge_id = dropped.id
    chat.options.mode, chat.reseed = "file", True
    for failed in dropped.failed_files:
        for name, reason in failed.items():
            st.toast(literal(ui.text.dropped_failed.format(name=name, reason=reason)), icon=":material/error:")


def dropped_files(ui: Ui) -> TemporaryDetails | None:
    """The files of this chat with their state; waits, with a word, until they are read. None when there are none.

    Raises:
        ApiFailed: the API does not answer.
    """
    chat = ui.state.chat
    if not chat.knowledge_id:
        st.caption(ui.text.dropped_hint)
        return None
    with st.container(key="dropped", gap="xsmall"):
        unwanted, chat.unwanted = chat.unwanted, None
        if unwanted is not None:
            _forget(ui, unwanted)
        found = _when_read(ui)
        if found is None:
            chat.knowledge_id = ""
            st.warning(ui.text.dropped_gone, icon=":material/timer_off:")
            return None
        for number, file in enumerate(found.files):
            _file(ui, file, number)
        minutes = max(1, round(found.expires_in_s / SECONDS_A_MINUTE))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(ui.text.dropped_life.format(minutes=minutes), width="content")
            if len(found.files) > 1:
                _drop_button(ui, ui.text.drop_all, [], key="drop_all")
    return found if found.chunks else None


def _when_read(ui: Ui) -> TemporaryDetails | None:
    box = st.empty()
    while True:
        found = ui.client.dropped_files(ui.state.chat.knowledge_id)
        waiting = [file for file in found.files if file.state == "waiting"] if found else []
        if not waiting:
            box.empty()
            return found
        # Each drawing is a chance for Streamlit to end this run when somebody clicks elsewhere.
        box.caption(ui.text.dropped_waiting.format(count=len(waiting)))
        time.sleep(LOOK_EVERY_S)


def _file(ui: Ui, file: TemporaryFileDetails, number: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"dropped_{number}"):
        if file.error:
            told = ui.text.dropped_failed.format(name=file.name, reason=file.error)
            st.markdown(f":material/error: {literal(told)}", width="content")
        else:
            st.markdown(f":material/draft: {literal(file.name)}", width="content")
        label = ui.text.drop_file.format(name=file.name)
        _drop_button(ui, ":material/close:", [file.name], key=f"drop_{number}", hint=literal(label))


def _drop_button(ui: Ui, label: str, names: list[str], *, key: str, hint: str | None = None) -> None:
    """The button names its files itself: by now other ones may stand at their places."""
    st.button(label, help=hint, type="tertiary", key=key, on_click=_unwant, args=(ui, names))


def _unwant(ui: Ui, names: list[str]) -> None:
    ui.state.chat.unwanted = names


def _forget(ui: Ui, names: list[str]) -> None:
    """Remove some files of this chat, or without names all of them."""
    chat = ui.state.chat
    ui.client.forget_files(chat.knowledge_id, names)
    found = ui.client.dropped_files(chat.knowledge_id) if names else None
    if not found or not found.files:
        chat.knowledge_id = ""
    st.rerun()
