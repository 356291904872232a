"""Around the pages: access gate, language switch, footer with version and health."""

import hmac
import time

import streamlit as st

from configs.sections.services import Service
from configs.settings import Settings
from server.api.schemas.health import Health
from server.errors import Language
from webui_pages.client import ApiFailed
from webui_pages.labels import LANGUAGES, Labels
from webui_pages.ui import Ui, literal

HEALTH_FRESH_S = 15
WRONG_KEY_DELAY_S = 1.0
GATE_PX = 480


def is_open_to_others(settings: Settings) -> bool:
    """Whether other machines can reach this page: by the settings, or by the address Streamlit really listens on."""
    configured = settings.services.webui
    address = st.get_option("server.address") or "0.0.0.0"  # noqa: S104  # Streamlit's meaning of "not set"
    return configured.is_public or Service(host=address, port=configured.port).is_public


def gate(ui: Ui) -> bool:
    """Ask for the API key where the page is open to other machines; True when the page may be shown."""
    if ui.state.authorized or not is_open_to_others(ui.settings):
        return True
    key = ui.settings.security.api_key.get_secret_value()
    if not key:
        st.error(ui.text.gate_closed, icon=":material/lock:")
        return False
    with st.form("gate", width=GATE_PX):
        st.subheader(ui.text.gate_title, anchor=False)
        st.caption(ui.text.gate_hint)
        given = st.text_input(ui.text.gate_field, type="password", key="gate_key")
        if not st.form_submit_button(ui.text.gate_enter, type="primary", key="gate_enter"):
            return False
    if hmac.compare_digest(given.encode(), key.encode()):
        ui.state.authorized = True
        st.rerun()
    time.sleep(WRONG_KEY_DELAY_S)
    st.error(ui.text.gate_wrong)
    return False


def language_switch(current: Language) -> Language:
    """The two languages side by side; returns the chosen one."""
    options: list[Language] = list(LANGUAGES)
    chosen: Language | None = st.segmented_control(
        Labels(current).language_switch,
        options,
        default=current,
        required=True,
        format_func=lambda language: LANGUAGES[language],
        key="language",
        label_visibility="collapsed",
    )
    return chosen or current


def footer(ui: Ui) -> None:
    """Version, health and the models in use, at the end of the sidebar."""
    with st.container(key="footer", gap="xsmall"):
        health = _health(ui)
        if health is None:
            st.badge(ui.text.service_down, icon=":material/link_off:", color="red")
            return
        if health.status == "ok":
            st.badge(ui.text.service_ok, icon=":material/check_circle:", color="green")
        else:
            down = [f"{name}: {service.detail}" for name, service in health.services.items() if not service.ok]
            st.badge(ui.text.service_degraded, icon=":material/warning:", color="orange", help=literal("; ".join(down)))
        st.caption(literal(ui.text.footer_models.format(llm=health.llm, embed_model=health.embed_model)))
        st.caption(literal(f"{ui.text.product} {health.version}"))


def _health(ui: Ui) -> Health | None:
    """The last known state; asked for again when it is old, at once while the API is away."""
    state = ui.state
    if state.health is None or time.monotonic() - state.health_checked_at > HEALTH_FRESH_S:
        state.health_checked_at = time.monotonic()
        try:
            state.health = ui.client.health()
        except ApiFailed:
            state.health = None
    return state.health
