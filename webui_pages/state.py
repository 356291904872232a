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
    it, so that there is something to log out of; `needed` that the API wants a key at all."""

    key: str = ""
    name: str = ""
    scope: KeyScope = "admin"
    needed: bool = False
    asked: bool = False


@dataclass
class State:
    """The session. The versions are parts of widget keys: a new one empties the widget.

    `watched` are jobs whose outcome belongs into `uploaded`: job id to file.
    """

    language: Language
    chat: ChatState
    access: Access | None = None
    knowledge_base: str = ""
    health: Health | None = None
    formats: Formats | None = None
    health_checked_at: float = 0.0
    select_version: int = 0
    uploader_version: int = 0
    table_version: int = 0
    notice: str = ""
    uploaded: list[Outcome] = field(default_factory=list)
    watched: dict[int, str] = field(default_factory=dict)
    rebuild_wanted: bool = False
    rebuilt: list[Outcome] | None = None
    works: dict[str, Work] = field(default_factory=dict)
    new_key: str = ""

    def take_notice(self) -> str:
        """The message left for the next run, once."""
        notice, self.notice = self.notice, ""
        return notice

    def choose_knowledge_base(self, name: str) -> None:
        """Show another knowledge base; results that belong to the one before go."""
        if name != self.knowledge_base:
            self.knowledge_base = name
            self.uploaded, self.rebuilt, self.rebuild_wanted = [], None, False
            self.watched = {}
            self.table_version += 1
            self.uploader_version += 1

    def show_knowledge_base(self, name: str) -> None:
        """Like `choose_knowledge_base`, against the choice that the select boxes still hold."""
        self.choose_knowledge_base(name)
        self.select_version += 1


def session_state(language: Language, options: ChatOptions) -> State:
    """The state of this session; the first call makes it from the given defaults."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = State(language=language, chat=ChatState(options))
    return st.session_state[_KEY]
