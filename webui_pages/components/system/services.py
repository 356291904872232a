"""Services with their state, and the end of their logs."""

from collections.abc import Callable
from typing import Literal

import streamlit as st

from server.api.schemas.system import ServiceDetails, Services
from webui_pages.components.system.ages import age
from webui_pages.ui import Ui, failures_shown, literal, once

LOOK_S = 5.0
FOLLOW_S = 2.0
LINE_COUNTS = (50, 200, 1000)
LOG_PX = 360
_COLORS: dict[str, Literal["green", "blue", "orange", "red", "gray"]] = {
    "ready": "green",
    "starting": "blue",
    "restarting": "orange",
    "stopping": "orange",
    "failed": "red",
}


def services(ui: Ui) -> None:
    """All services, live, then one log. Raises `ApiFailed`."""
    found = ui.client.services()
    st.fragment(_list, run_every=LOOK_S)(ui, once(found, ui.client.services))
    _logs(ui, found.logs)


def _list(ui: Ui, ask: Callable[[], Services]) -> None:
    with failures_shown(ui):
        found = ask()
        if not found.launcher:
            st.info(ui.text.no_launcher, icon=":material/info:")
        with st.container(key="services"):
            for service in found.services:
                _row(ui, service)


def _row(ui: Ui, service: ServiceDetails) -> None:
    states = {
        "waiting": ui.text.service_waiting,
        "starting": ui.text.service_starting,
        "ready": ui.text.service_ready,
        "restarting": ui.text.service_restarting,
        "stopping": ui.text.service_stopping,
        "stopped": ui.text.service_stopped,
        "failed": ui.text.service_failed,
    }
    with st.container(border=True, key=f"service_{service.name}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{literal(_title(ui, service.name))}**", width="content")
            st.badge(states[service.state], color=_COLORS.get(service.state, "gray"))
        st.caption(literal(f"{service.name} · {service.address}"))
        parts = []
        if service.uptime_s:
            parts.append(ui.text.service_uptime.format(age=age(ui, service.uptime_s)))
        if service.memory_mb:
            parts.append(f"{service.memory_mb} MB")
        if service.restarts:
            parts.append(ui.text.model_restarts.format(count=service.restarts))
        if parts:
            st.caption(literal(" · ".join(parts)))
        if service.failure:
            st.error(literal(service.failure), icon=":material/error:")


def _title(ui: Ui, name: str) -> str:
    """What a service is to people; its name as it is where it is none of the well-known."""
    kind, _, model = name.partition("-")
    return ui.text.service_of_worker.format(model=model) if model else getattr(ui.text, f"service_of_{kind}", name)


def _logs(ui: Ui, names: list[str]) -> None:
    st.markdown(f"#### {ui.text.logs}")
    if not names:
        st.caption(ui.text.logs_none)
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="log_controls"):
        first = names.index("api") if "api" in names else 0
        name = st.selectbox(ui.text.log_name, names, index=first, key="log_name", width=240)
        lines = st.selectbox(ui.text.log_lines, LINE_COUNTS, key="log_lines", width=120)
        follow = st.toggle(ui.text.log_follow, key="log_follow")
    st.fragment(_log, run_every=FOLLOW_S if follow else None)(ui, name or names[first], lines or LINE_COUNTS[0])


def _log(ui: Ui, name: str, lines: int) -> None:
    with failures_shown(ui):
        found = ui.client.log(name, lines).lines
        with st.container(key="log"):
            st.code("\n".join(found) or " ", language=None, height=LOG_PX, wrap_lines=True)
        st.button(ui.text.refresh, icon=":material/refresh:", key="log_refresh", type="tertiary")
