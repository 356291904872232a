"""What every page and component is given, and the two things all of them do: show text as it is, show a failure."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict, TypeVar, get_args

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from configs.settings import Settings
from server.api.schemas.keys import KeyScope
from webui_pages.client import API_AWAY, ApiClient, ApiFailed
from webui_pages.labels import Labels
from webui_pages.state import State

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator
    from streamlit.navigation.page import Page

T = TypeVar("T")
_ARROWS = re.compile(r"(?<!\S)(?=(?:<->|->|<-|--|>=|<=|~=)(?!\S))")
_JOINER = "\u2060"
_MARKUP = re.compile(r"([!-/:-@\[-`{-~])")
_SCOPES: tuple[KeyScope, ...] = get_args(KeyScope)
LOOK_EVERY_S = 2.0
AWAY = (API_AWAY, "api_cut")
NO_KEY = "api_key_required"
_ADDRESS = re.compile(r"((?:https?://|www\.)[!-;=?-_a-~]+(?<![.,:;)\]]))")


class Lock(TypedDict):
    """Arguments of a widget that not everybody may use."""

    disabled: bool
    help: str | None


@dataclass(frozen=True)
class Ui:
    """One run of the page for one session. `beside` is the place of a page in the sidebar, above the footer; `pages`
    are the pages by the ends of their addresses, for links."""

    client: ApiClient
    text: Labels
    state: State
    settings: Settings
    beside: "DeltaGenerator"
    pages: "dict[str, Page]" = field(default_factory=dict)

    def may(self, needed: KeyScope) -> bool:
        """Whether the key of this session has that scope; while nobody could tell, the API decides."""
        access = self.state.access
        return access is None or _SCOPES.index(access.scope) >= _SCOPES.index(needed)

    def why_not(self, needed: KeyScope) -> str | None:
        """What to tell, as `help` of a disabled button, where `may` says no; None where it says yes."""
        if self.may(needed) or self.state.access is None:
            return None
        told = self.text.needs_admin if needed == "admin" else self.text.needs_write
        return told.format(scope=self.state.access.scope)

    def lock(self, needed: KeyScope, *, also: bool = False, hint: str | None = None) -> Lock:
        """Arguments for a widget that needs this scope: disabled with the reason without it, `also` for others."""
        reason = self.why_not(needed)
        return {"disabled": also or reason is not None, "help": reason or hint}


def once(found: T, ask: Callable[[], T]) -> Callable[[], T]:
    """What was just found at the first call, asked for anew at later ones: the first run of a fragment belongs to the
    run that makes it, and needs no question of its own."""
    ready = [found]
    return lambda: ready.pop() if ready else ask()


def link_to(ui: Ui, page: str, label: str, query: dict[str, str] | None = None) -> None:
    """A link to another page, by the end of its address; nothing where there are no other pages."""
    if page in ui.pages:
        st.page_link(ui.pages[page], label=label, icon=":material/arrow_forward:", query_params=query)


def literal(text: str) -> str:
    """Markdown that shows exactly this text on one line; for names and messages in labels, captions and boxes.

    Addresses are set as code: nothing else keeps Markdown from making links of them, together with any Chinese text
    that follows without a space. And nothing but an invisible sign keeps Streamlit from making "→" of a "->" that
    stands alone.
    """
    pieces = _ADDRESS.split(_ARROWS.sub(_JOINER, " ".join(text.split())))
    pieces[::2] = [_MARKUP.sub(r"\\\1", piece) for piece in pieces[::2]]
    pieces[1::2] = [f"`{address}`" for address in pieces[1::2]]
    return "".join(pieces)


@contextmanager
def failures_shown(ui: Ui) -> Iterator[None]:
    """An API failure inside becomes an error box with its text and a button to try again; the run goes on after.

    While the API is away the page looks for it, and runs again by itself when it is back. A part of the page that looks
    by itself leaves it to the whole page to tell that, which does so once. Where a key was revoked meanwhile, one is
    asked for in the next run.
    """
    try:
        yield
    except ApiFailed as failure:
        if failure.code == NO_KEY:
            ui.state.is_over = ui.state.access is not None and ui.state.access.asked
            ui.state.access = None
        ui.state.health = None
        if failure.code in AWAY and _is_part():
            st.rerun()
        with st.container(key="failure"):
            st.error(literal(failure.message), icon=":material/error:")
            st.button(ui.text.retry, icon=":material/refresh:", key="retry")
            if failure.code in AWAY:
                st.fragment(_wait_for_api, run_every=LOOK_EVERY_S)(ui)


def _is_part() -> bool:
    """Whether a fragment runs alone, not the whole page."""
    run = get_script_run_ctx()
    return run is not None and bool(run.fragment_ids_this_run)


def _wait_for_api(ui: Ui) -> None:
    try:
        ui.state.health = ui.client.health()
    except ApiFailed:
        return
    st.toast(ui.text.api_is_back, icon=":material/check_circle:")
    st.rerun()
