"""The commands that can be typed instead of a question: /help, /new, /del, /clear."""

import uuid

import streamlit as st

from webui_pages.components.chat.conversation import new_conversation, open_conversation, take_back
from webui_pages.components.chat.conversation_list import delete
from webui_pages.ui import Ui, literal

MOST = 50


def is_command(text: str) -> bool:
    """Whether this is no question: a slash and a word of Latin letters. A path is a question, and so is what begins
    with two slashes."""
    word = text.split(maxsplit=1)[0]
    return word.startswith("/") and word[1:].isascii() and word[1:].isalpha()


def as_question(text: str) -> str:
    """The question without the slash that kept it from being a command."""
    return text[1:] if text.startswith("//") else text


def run_command(ui: Ui, text: str) -> None:
    """Do what was typed, or say that there is no such command.

    Raises:
        ApiFailed: the API does not answer.
    """
    word, *rest = text.split(maxsplit=1)
    known = {"/help": _help, "/new": _new, "/del": _delete, "/clear": _clear}
    command = known.get(word.lower())
    if command is None:
        st.toast(literal(ui.text.command_unknown.format(command=word)), icon=":material/error:")
        return
    command(ui, "".join(rest).strip())


def _help(ui: Ui, _: str) -> None:
    @st.dialog(ui.text.command_help_title, icon=":material/keyboard_command_key:")
    def body() -> None:
        st.markdown(ui.text.command_help)

    body()


def _new(ui: Ui, title: str) -> None:
    new_conversation(ui)
    if title:
        made = ui.client.create_conversation(uuid.uuid4().hex, title)
        open_conversation(ui, made.id)
    st.rerun()


def _delete(ui: Ui, title: str) -> None:
    chat, text = ui.state.chat, ui.text
    if not title and not chat.conversation_id:
        st.toast(text.command_nothing, icon=":material/info:")
        return
    if title:
        found = [one for one in ui.client.conversations(title, limit=MOST, offset=0).data if one.title == title]
    else:
        found = [ui.client.conversation(chat.conversation_id)]
    if len(found) == 1:
        delete(ui, found[0])
        return
    told = text.command_several if found else text.command_no_conversation
    st.toast(literal(told.format(title=title, count=len(found))), icon=":material/info:")


def _clear(ui: Ui, _: str) -> None:
    if ui.state.chat.turns:
        take_back(ui, 0)
    ui.state.notice = ui.text.cleared
    st.rerun()
