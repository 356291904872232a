"""The page's side of logins that outlast a reload: handing the cookie over, recognising it, leaving.

What the browser must do itself, it is told by a line of JavaScript of ours: nothing but a ticket is ever put into it.
"""

from dataclasses import replace

import streamlit as st

from webui_pages.logins import LOGINS, Login, cookie_name
from webui_pages.state import Access
from webui_pages.ui import Ui

HOUR_S = 3600
_LEFT = "zhiwen_left"
# Streamlit may run a script twice; the ticket is good for one time.
_TRADE = """
if (window.zhiwenTicket !== "TICKET") {
  window.zhiwenTicket = "TICKET"
  const body = JSON.stringify({ticket: "TICKET"})
  fetch("login", {method: "POST", headers: {"Content-Type": "application/json"}, body})
}
"""
_LEAVE = 'fetch("login", {method: "DELETE"})'


def keep(ui: Ui, access: Access) -> None:
    """Let this session use a key, and the next one of this browser too, for `web.login_hours`."""
    if LOGINS.served and ui.settings.web.login_hours:
        login, ui.state.ticket = LOGINS.begin(access.key, ui.settings.web.login_hours * HOUR_S)
        access = replace(access, login=login.id)
    ui.state.access = access


def hand_over(ui: Ui) -> bool:
    """Whether this session is logged in. If so the browser gets its cookie; if its login has ended meanwhile, by time,
    on another page or with its key, nothing of the session stays: the next one to log in may be somebody else."""
    access, ticket = ui.state.access, ui.state.ticket
    if ui.state.is_over:
        forget(ui)
        st.rerun()
    if access is None:
        if st.session_state.pop(_LEFT, False):
            _run(_LEAVE)
        return False
    if access.login and LOGINS.get(access.login) is None:
        forget(ui)
        st.rerun()
    if ticket:
        ui.state.ticket = ""
        _run(_TRADE.replace("TICKET", ticket))
    return True


def known_login() -> Login | None:
    """The login whose cookie came with this session, while it lasts."""
    return LOGINS.of_cookie(cookie_of_browser())


def cookie_of_browser() -> str:
    """What the browser sent when this session began; "" for nothing."""
    return st.context.cookies.get(cookie_name(), "")


def forget(ui: Ui) -> None:
    """End the login and everything that the session remembers."""
    if ui.state.access is not None:
        LOGINS.end(ui.state.access.login)
    st.session_state.clear()
    st.session_state[_LEFT] = LOGINS.served


def _run(script: str) -> None:
    st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)
