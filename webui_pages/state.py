"""What one browser session remembers: typed, and kept in one entry of `st.session_state`.

Widgets forget their values when another page is shown; what must last is copied here.
"""

from dataclasses import dataclass, field

import streamlit as st

from server.api.schemas.health import Health
from server.api.schemas.keys import KeyScope
from server.api.schemas.knowledge_bases import Formats
from server.errors import Language
from webui_pages.chat_state import ChatOptions, ChatState
from webui_pages.works import Work

__all__ = ["Access", "ChatOptions", "Outcome", "State", "session_state"]

_KEY = "zhiwen"


@dataclass(frozen=True)
class Outcome:
    """What became of one file; `error` is empty on success, `note` says what is special about that."""

    name: str
    error: str = ""
    note: str = ""


@dataclass(frozen=True)
class Access:
    """Who uses this session: the key its calls carry, and what that key may do. `asked` tells that the page asked for
    it, so that there is something to log out of; `needed` that the API wants a key at all; `login` is the id of the
    login that outlasts a reload, "" where there is none; `knowledge_bases` are those of a limited key, as keys."""

    key: str = ""
    name: str = ""
    scope: KeyScope = "admin"
    needed: bool = False
    asked: bool = False
    login: str = ""
    knowledge_bases: frozenset[str] | None = None


@dataclass
class State:
    """The session, but for what the page of knowledge bases remembers (`desk.Desk`). `knowledge_base` is the one that
    was opened last; `ticket` is yet to be traded for the cookie of a login; `is_over` tells that the key somebody gave
    has been revoked, so that the session is to begin anew."""

    language: Language
    chat: ChatState
    access: Access | None = None
    ticket: str = ""
    is_over: bool = False
    knowledge_base: str = ""
    health: Health | None = None
    formats: Formats | None = None
    health_checked_at: float = 0.0
    notice: str = ""
    works: dict[str, Work] = field(default_factory=dict)
    new_key: str = ""

    def take_notice(self) -> str:
        """The message left for the next run, once."""
        notice, self.notice = self.notice, ""
        return notice


def known_language() -> Language | None:
    """The language of this session; None where it has not come to know one."""
    return st.session_state[_KEY].language if _KEY in st.session_state else None


def session_state(language: Language, options: ChatOptions) -> State:
    """The state of this session; the first call makes it from the given defaults."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = State(language=language, chat=ChatState(options))
    return st.session_state[_KEY]
