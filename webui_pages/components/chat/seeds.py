"""Widgets whose values are kept elsewhere.

A value that Streamlit was given for a widget lasts while the browser draws it, which it does not inside a closed
popover; so what is kept is given as the default in every run. Of a widget that is drawn a new default is ignored: when
a conversation brings its own values, these are put into the session state, for that run in place of the default.
"""

from collections.abc import Sequence
from typing import TypeVar

import streamlit as st

from webui_pages.chat_state import ChatState

T = TypeVar("T")


def seed(chat: ChatState, key: str, value: T) -> T | None:
    """The default of the widget with this key; None where its value is already set."""
    if not chat.reseed:
        return value
    st.session_state[key] = value
    return None


def seed_choice(chat: ChatState, key: str, value: T, choices: Sequence[T]) -> int:
    """The same for a widget over choices, which may have changed: the number of the default."""
    known = value if value in choices else choices[0]
    if chat.reseed or st.session_state.get(key, known) not in choices:
        st.session_state[key] = known
        return 0
    return choices.index(known)


def seed_choices(chat: ChatState, key: str, values: Sequence[T], choices: Sequence[T]) -> list[T] | None:
    """The same for a widget that takes several of them."""
    known = [value for value in values if value in choices]
    if chat.reseed or any(value not in choices for value in st.session_state.get(key, [])):
        st.session_state[key] = known
        return None
    return known
