"""Widgets whose values are kept elsewhere.

Streamlit forgets the value of a widget that is not drawn, and ignores a new default of one that is; so values are put
into its session state before the widget is made, when there is none or when a conversation brought its own.
"""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from webui_pages.chat_state import ChatState


def seed(chat: ChatState, key: str, value: Any) -> None:
    """The widget with this key starts from the value."""
    if chat.reseed or key not in st.session_state:
        st.session_state[key] = value


def seed_choice(chat: ChatState, key: str, value: Any, choices: Sequence[Any]) -> None:
    """The same for a widget over choices, which may have changed."""
    seed(chat, key, value)
    if st.session_state[key] not in choices:
        st.session_state[key] = value if value in choices else choices[0]


def seed_choices(chat: ChatState, key: str, values: Sequence[Any], choices: Sequence[Any]) -> None:
    """The same for a widget that takes several of them."""
    seed(chat, key, list(values))
    st.session_state[key] = [value for value in st.session_state[key] if value in choices]
