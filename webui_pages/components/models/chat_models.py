"""Chat models: what runs, what could, what is missing; start, stop, switch."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import streamlit as st

from server.api.schemas.models import ModelStateDetails
from webui_pages.ui import Ui, failures_shown, literal, once
from webui_pages.works import Work, start

LOOK_BUSY_S = 1.0
LOOK_CALM_S = 10.0
_ORDER = ("loading", "stopping", "running", "failed", "stopped", "unavailable")
_COLORS: dict[str, Literal["green", "blue", "orange", "red", "gray"]] = {
    "running": "green",
    "loading": "blue",
    "stopping": "orange",
    "failed": "red",
}


def chat_models(ui: Ui) -> None:
    """The models live; looked at more often while something changes."""
    states = ui.client.model_states()
    every = LOOK_BUSY_S if _busy(ui, states) else LOOK_CALM_S
    st.fragment(_list, run_every=every)(ui, once(states, ui.client.model_states), watched=every == LOOK_BUSY_S)


def start_button(ui: Ui, name: str) -> None:
    """For a model whose weights have just arrived."""
    lock = ui.lock("admin", also=not _work(ui, name).done)
    if st.button(ui.text.model_start, icon=":material/play_arrow:", key=f"start_downloaded_{name}", **lock):
        start(ui.state.works, f"model_{name}", partial(ui.client.start_model, name), "running")
        st.rerun()


def _list(ui: Ui, ask: Callable[[], list[ModelStateDetails]], *, watched: bool) -> None:
    with failures_shown(ui):
        states = ask()
        if _busy(ui, states) != watched:
            st.rerun()
        for state in sorted(states, key=lambda one: _ORDER.index(one.state)):
            _row(ui, state, states)


def _busy(ui: Ui, states: list[ModelStateDetails]) -> bool:
    moves = any(state.state in ("loading", "stopping") for state in states)
    return moves or any(not _work(ui, state.name).done for state in states)


def _work(ui: Ui, name: str) -> Work:
    return ui.state.works.get(f"model_{name}") or Work(done=True)


def _row(ui: Ui, state: ModelStateDetails, states: list[ModelStateDetails]) -> None:
    work = _work(ui, state.name)
    with st.container(border=True, key=f"model_{state.name}", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{literal(state.name)}**", width="content")
            shown = _state_text(ui, state)
            st.badge(shown, color=_COLORS.get(state.state, "gray"))
            if state.default:
                st.badge(ui.text.default_model, icon=":material/star:", color="violet")
            st.space("stretch")
            _buttons(ui, state, states, busy=not work.done)
        st.caption(literal(_facts(ui, state)))
        if not work.done:
            st.caption(f":material/progress_activity: {ui.text.model_changing.format(seconds=work.seconds)}")
        if work.error and state.state != work.aim:  # else somebody has brought about by now what failed here
            st.error(literal(work.error), icon=":material/error:")
        elif state.reason:
            (st.error if state.state == "failed" else st.caption)(literal(state.reason))


def _state_text(ui: Ui, state: ModelStateDetails) -> str:
    return {
        "running": ui.text.model_running,
        "loading": ui.text.model_loading.format(seconds=int(state.seconds)),
        "stopping": ui.text.model_stopping,
        "failed": ui.text.model_failed,
        "stopped": ui.text.model_stopped,
        "unavailable": ui.text.model_unavailable,
    }[state.state]


def _facts(ui: Ui, state: ModelStateDetails) -> str:
    where = ui.text.model_online if state.kind == "online" else ui.text.model_local
    parts = [where, state.engine, state.address]
    if state.state == "loading" and state.percent is not None:
        parts.append(f"{state.percent}%")
    if state.state == "running" and state.seconds:
        parts.append(ui.text.model_loaded.format(seconds=f"{state.seconds:.1f}"))
    if state.restarts:
        parts.append(ui.text.model_restarts.format(count=state.restarts))
    return " · ".join(part for part in parts if part)


def _buttons(ui: Ui, state: ModelStateDetails, states: list[ModelStateDetails], *, busy: bool) -> None:
    why_not = ui.why_not("admin")
    locked = busy or not ui.may("admin")
    if state.can_start:
        running = [other.name for other in states if other.kind == "local" and other.can_stop]
        _button(ui, "start", state.name, partial(ui.client.start_model, state.name), locked=locked, hint=why_not)
        if len(running) == 1:
            call = partial(ui.client.change_model, running[0], state.name)
            hint = why_not or ui.text.model_switch_hint.format(old=literal(running[0]))
            _button(ui, "switch", state.name, call, locked=locked, hint=hint)
    if state.can_stop:
        _button(ui, "stop", state.name, partial(ui.client.stop_model, state.name), locked=locked, hint=why_not)


def _button(ui: Ui, kind: str, name: str, call: "partial[None]", *, locked: bool, hint: str | None) -> None:
    texts = {
        "start": (ui.text.model_start, ":material/play_arrow:"),
        "stop": (ui.text.model_stop, ":material/stop:"),
        "switch": (ui.text.model_switch, ":material/swap_horiz:"),
    }
    text, icon = texts[kind]
    if st.button(text, icon=icon, key=f"{kind}_model_{name}", disabled=locked, help=hint):
        start(ui.state.works, f"model_{name}", call, "stopped" if kind == "stop" else "running")
        st.rerun()
