"""What every page and component is given, and the two things all of them do: show text as it is, show a failure."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st

from configs.settings import Settings
from webui_pages.client import ApiClient, ApiFailed
from webui_pages.labels import Labels
from webui_pages.state import State

_MARKUP = re.compile(r"([!-/:-@\[-`{-~])")
_ADDRESS = re.compile(r"((?:https?://|www\.)[!-_a-~]+(?<![.,:;)\]]))")


@dataclass(frozen=True)
class Ui:
    """One run of the page for one session."""

    client: ApiClient
    text: Labels
    state: State
    settings: Settings


def literal(text: str) -> str:
    """Markdown that shows exactly this text on one line; for names and messages in labels, captions and boxes.

    Addresses are set as code: nothing else keeps Markdown from making links of them, together with any Chinese text
    that follows without a space.
    """
    pieces = _ADDRESS.split(" ".join(text.split()))
    pieces[::2] = [_MARKUP.sub(r"\\\1", piece) for piece in pieces[::2]]
    pieces[1::2] = [f"`{address}`" for address in pieces[1::2]]
    return "".join(pieces)


@contextmanager
def failures_shown(ui: Ui) -> Iterator[None]:
    """An API failure inside becomes an error box with its text and a button to try again; the run goes on after."""
    try:
        yield
    except ApiFailed as failure:
        st.error(literal(failure.message), icon=":material/error:")
        st.button(ui.text.retry, icon=":material/refresh:", key="retry")
