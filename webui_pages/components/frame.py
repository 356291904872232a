"""Around the pages: name and icon, language switch, footer with version and health."""

import json
import time
from pathlib import Path

import streamlit as st

from server.api.schemas.health import Health
from server.errors import Language
from webui_pages.client import ApiFailed
from webui_pages.labels import LANGUAGES, Labels
from webui_pages.ui import Ui, literal

HEALTH_FRESH_S = 15
BRAND = Path(__file__).resolve().parents[1] / "brand"


def brand(ui: Ui) -> None:
    """Title and icon of the browser's tab, the name above the list of pages, and words for style.css."""
    icon = str(BRAND / "icon.svg")
    st.set_page_config(page_title=ui.text.product, page_icon=icon, layout="wide")
    st.logo(str(BRAND / f"logo_{ui.text.language}.svg"), size="large", icon_image=icon)
    told = json.dumps(ui.text.download_failed, ensure_ascii=False)
    st.html(f"<style>:root {{--download-failed: {told};}}</style>")


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
