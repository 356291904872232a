"""Who may see the page, and with which key its calls go.

On loopback the page uses `security.api_key` of the settings, if there is one, and asks nobody. It asks for a key when
it is open to other machines, or when the API wants a key that the settings do not have. Instead of a key people may
enter the password of the page (`web.password`), or log in at an OIDC provider (`.streamlit/secrets.toml`, `web.users`).
Who has given a key or the password stays logged in for `web.login_hours` (`remembered`).
"""

import hmac
import time
from dataclasses import replace
from importlib.util import find_spec

import streamlit as st

from configs.sections.services import Service
from configs.settings import Settings
from webui_pages.client import ApiFailed
from webui_pages.components.remembered import forget, hand_over, keep, known_login
from webui_pages.logins import LOGINS
from webui_pages.state import Access
from webui_pages.ui import Ui, failures_shown, literal

WRONG_KEY_DELAY_S = 1.0
LOGIN_PX = 480
NO_KEY = "api_key_required"
HOURS_A_DAY = 24


def is_open_to_others(settings: Settings) -> bool:
    """Whether other machines can reach this page: by the settings, or by the address Streamlit really listens on."""
    configured = settings.services.webui
    address = st.get_option("server.address") or "0.0.0.0"  # noqa: S104  # Streamlit's meaning of "not set"
    return configured.is_public or Service(host=address, port=configured.port).is_public


def gate(ui: Ui) -> bool:
    """Find out who this is; True when the page may be shown, else what is needed has been shown instead."""
    if hand_over(ui):
        return True
    is_open = is_open_to_others(ui.settings)
    own = ui.settings.security.api_key.get_secret_value()
    try:
        found = _access(ui, "" if is_open else own)
        if not is_open:
            ui.state.access = found
            return True
        closed = not (ui.settings.web.password.get_secret_value() or ui.settings.web.users)
    except ApiFailed as failure:
        if not is_open and failure.code != NO_KEY:
            return True  # every page tells that the API is away, and who this is will be asked again
        closed = False
    if closed:
        st.error(ui.text.gate_closed, icon=":material/lock:")
        return False
    with failures_shown(ui):
        if _remembered(ui) or _logged_in_elsewhere(ui):
            st.rerun()  # the calls of this run were made ready before anybody knew the key
        _form(ui)
    return False


def account(ui: Ui) -> None:
    """Whose key this session uses, and the way out; nothing where nobody was asked."""
    access = ui.state.access
    if access is None or not access.asked:
        return
    with st.container(key="account", horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(literal(" · ".join(filter(None, [access.name, access.scope]))))
        if st.button(ui.text.log_out, icon=":material/logout:", key="log_out", type="tertiary"):
            forget(ui)
            if _oidc_configured() and st.user.is_logged_in:
                st.logout()
            st.rerun()


def _access(ui: Ui, key: str, *, asked: bool = False) -> Access:
    found = ui.client.with_key(key).current_key()
    bases = None if found.knowledge_bases is None else frozenset(map(str.casefold, found.knowledge_bases))
    return Access(key, found.name, found.scope, found.needed, asked, knowledge_bases=bases)


def _remembered(ui: Ui) -> bool:
    """Whether the browser brought the cookie of a login whose key is still a good one."""
    login = known_login()
    if login is None:
        return False
    try:
        found = _access(ui, login.key, asked=True)
    except ApiFailed as failure:
        if failure.code != NO_KEY:
            raise
        LOGINS.end(login.id)
        return False
    ui.state.access = replace(found, login=login.id)
    return True


def _form(ui: Ui) -> None:
    with st.form("gate", width=LOGIN_PX):
        st.subheader(ui.text.gate_title, anchor=False)
        has_password = bool(ui.settings.web.password.get_secret_value())
        st.caption(ui.text.gate_hint_password if has_password else ui.text.gate_hint)
        st.caption(_how_long(ui))
        given = st.text_input(ui.text.gate_field, type="password", key="gate_key")
        pressed = st.form_submit_button(ui.text.gate_enter, type="primary", key="gate_enter")
    if pressed and given:
        _check(ui, given.strip())


def _how_long(ui: Ui) -> str:
    hours = ui.settings.web.login_hours
    if not hours or not LOGINS.served:
        return ui.text.gate_once
    days = hours // HOURS_A_DAY
    return ui.text.gate_days.format(days=days) if days > 1 else ui.text.gate_hours.format(hours=hours)


def _check(ui: Ui, given: str) -> None:
    """Let somebody in, or say why not."""
    password = ui.settings.web.password.get_secret_value()
    is_password = bool(password) and hmac.compare_digest(given.encode(), password.encode())
    key = ui.settings.security.api_key.get_secret_value() if is_password else given
    try:
        access = _access(ui, key, asked=True)
    except ApiFailed as failure:
        wrong = failure.code == NO_KEY and not is_password
        time.sleep(WRONG_KEY_DELAY_S if wrong else 0)
        st.error(ui.text.gate_wrong if wrong else literal(failure.message), icon=":material/error:")
        return
    if not (is_password or access.needed):
        # Without any key in force the API takes every text for a good one.
        time.sleep(WRONG_KEY_DELAY_S)
        st.error(ui.text.gate_wrong, icon=":material/error:")
        return
    keep(ui, access)
    st.rerun()


def _oidc_configured() -> bool:
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


def _logged_in_elsewhere(ui: Ui) -> bool:
    """Log in at the OIDC provider, where one is set up; True when that has let somebody in."""
    if not (ui.settings.web.users and _oidc_configured()):
        return False
    if find_spec("authlib") is None:
        st.error(ui.text.gate_no_authlib, icon=":material/extension_off:")
        return False
    if not st.user.is_logged_in:
        with st.container(width=LOGIN_PX):
            st.button(ui.text.log_in_elsewhere, icon=":material/login:", key="log_in", on_click=st.login)
        return False
    email = str(st.user.get("email") or "")
    key = ui.settings.web.users.get(email)
    if key is None or st.user.get("email_verified") is False:
        told = ui.text.gate_stranger.format(email=literal(email)) if email else ui.text.gate_no_email
        st.error(told, icon=":material/lock:")
        st.button(ui.text.log_out, icon=":material/logout:", key="log_out", on_click=st.logout)
        return False
    try:
        text = key.get_secret_value() or ui.settings.security.api_key.get_secret_value()
        ui.state.access = _access(ui, text, asked=True)
    except ApiFailed as failure:
        st.error(literal(failure.message), icon=":material/error:")
    return ui.state.access is not None
