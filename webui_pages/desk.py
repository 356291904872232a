"""What one browser session remembers of the knowledge-base page: what is open, and what came of work it asked for."""

from dataclasses import dataclass, field
from typing import Literal, cast, get_args

import streamlit as st

from server.api.schemas.preview import Preview
from server.api.schemas.search import SearchAnswer
from webui_pages.client.files import Receipt
from webui_pages.state import Outcome

Tab = Literal["files", "chunks", "retrieval", "summaries", "settings"]
TABS: tuple[Tab, ...] = get_args(Tab)

_KEY = "zhiwen_desk"
_BASE, _TAB, _FILE = "kb", "tab", "file"


@dataclass(frozen=True)
class Asked:
    """A retrieval test: the question and what was found."""

    question: str
    answer: SearchAnswer


@dataclass(frozen=True)
class PagePicture:
    """A page of a file as a picture; `of` names the knowledge base, the file and its version, and the page."""

    of: tuple[str, str, str, int]
    content: bytes


@dataclass
class Desk:
    """`name` is the knowledge base that is open, "" the list. The versions are parts of widget keys: a new one empties
    the widget. `ticked` are the names of the files that are ticked, beside the version of the table they belong to.
    `watched` are jobs whose outcome belongs into `uploaded`: job id to file. `rebuild` is the rebuild whose end is to
    be told. `framed` is the chunk that is framed alone on the picture of its page, where it is shown. `described` is
    the description that the field for it was filled with. `dialog` tells of a dialog that a run of the page
    would close.
    """

    name: str = ""
    uploaded: list[Outcome] = field(default_factory=list)
    watched: dict[int, str] = field(default_factory=dict)
    uploader_version: int = 0
    paste_version: int = 0
    settings_version: int = 0
    table_version: int = 0
    ticked: tuple[int, frozenset[str]] = (0, frozenset())
    receipt: Receipt | None = None
    rebuild: int = 0
    dialog: bool = False
    asked: Asked | None = None
    framed: str = ""
    described: str = ""
    picture: PagePicture | None = None
    previewed: tuple[object, Preview] | None = None

    def ticked_files(self) -> frozenset[str]:
        """Names of the ticked files of the present table."""
        version, names = self.ticked
        return names if version == self.table_version else frozenset()

    def forget(self) -> None:
        """Results that belong to the knowledge base before go; emptied widgets stay so."""
        self.__init__(
            uploader_version=self.uploader_version + 1,
            paste_version=self.paste_version + 1,
            settings_version=self.settings_version + 1,
            table_version=self.table_version + 1,
        )


def desk() -> Desk:
    """The memory of this session."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Desk()
    return st.session_state[_KEY]


def asked_for() -> str:
    """The knowledge base that the address of the page names, else the one that was open when another page was shown;
    "" is the list. Who sees one and comes to the bare address, by "back" or by the link to the page, wants the list."""
    named = st.query_params.get(_BASE, "")
    return named if named or f"manage_one_{desk().name}" in st.session_state else desk().name


def open_knowledge_base(name: str, tab: Tab | None = None, file: str = "") -> None:
    """Show a knowledge base, "" for the list, and let the address say so. For callbacks as well."""
    found = desk()
    if name != found.name:
        found.forget()
        found.name = name
    wanted = {_BASE: name, _TAB: tab or (open_tab() if name else ""), _FILE: file}
    wanted = {key: value for key, value in wanted.items() if value}
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def open_tab() -> Tab:
    """The part that the address names."""
    named = st.query_params.get(_TAB, "")
    return cast("Tab", named) if named in TABS else TABS[0]


def open_file() -> str:
    """The file whose chunks the address asks for; "" is all."""
    return st.query_params.get(_FILE, "")
