"""Providers: those in use with a test, and how to set up others."""

import json
from functools import partial
from typing import Any

import streamlit as st

from server.api.schemas.models import ModelStateDetails
from webui_pages.client.models import Tried
from webui_pages.ui import Ui, literal
from webui_pages.works import Work, start

LOOK_S = 1.0


def providers(ui: Ui) -> None:
    """The providers in use, then a piece of settings for any known service."""
    online: dict[str, list[ModelStateDetails]] = {}
    for state in ui.client.model_states():
        if state.kind == "online":
            online.setdefault(state.engine, []).append(state)
    if not online:
        st.info(ui.text.providers_none, icon=":material/info:")
    for name, models in online.items():
        waiting = not _work(ui, name).done
        st.fragment(_provider, run_every=LOOK_S if waiting else None)(ui, name, models, watched=waiting)
    _how_to(ui)


def _work(ui: Ui, name: str) -> Work:
    return ui.state.works.get(f"provider_{name}") or Work(done=True)


def _provider(ui: Ui, name: str, models: list[ModelStateDetails], *, watched: bool) -> None:
    work = _work(ui, name)
    if work.done == watched:
        st.rerun()
    with st.container(border=True, key=f"provider_{name}", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{literal(name)}**", width="content")
            st.space("stretch")
            locked, hint = not work.done or not ui.may("admin"), ui.why_not("admin")
            if st.button(
                ui.text.provider_test, icon=":material/network_ping:", key=f"test_{name}", disabled=locked, help=hint
            ):
                start(ui.state.works, f"provider_{name}", partial(ui.client.try_provider, name))
                st.rerun()
        st.caption(literal(", ".join(model.name for model in models)))
        _told(ui, work, models)


def _told(ui: Ui, work: Work, models: list[ModelStateDetails]) -> None:
    if not work.done:
        st.caption(ui.text.provider_testing.format(seconds=work.seconds))
    elif work.error:
        st.error(literal(work.error), icon=":material/error:")
    elif isinstance(work.result, Tried):
        found = work.result
        text = ui.text.provider_works.format(
            model=literal(found.model), first=f"{found.first_s:.1f}", total=f"{found.total_s:.1f}"
        )
        st.success(text, icon=":material/check_circle:")
    else:
        for reason in sorted({model.reason for model in models if model.reason}):
            st.caption(literal(reason))


def _how_to(ui: Ui) -> None:
    st.markdown(f"#### {ui.text.provider_add}")
    presets = ui.client.presets()
    chosen = st.selectbox(
        ui.text.provider_service, list(presets), format_func=lambda name: presets[name]["title"], key="preset"
    )
    st.caption(ui.text.provider_add_hint)
    if chosen is not None:
        st.code(snippet(chosen, presets[chosen]), language=None)


def snippet(name: str, preset: dict[str, Any]) -> str:
    """The lines of `configs/local.toml` for a known service."""
    lines = [f"[providers.{name}]", f'preset = "{name}"']
    if not preset["base_url"]:
        lines.append('base_url = "https://…"')
    if preset["key_env"]:
        lines.append(f"key_env = {json.dumps(preset['key_env'])}")
    elif preset["needs_key"]:
        lines.append('api_key = "…"')
    lines.append('models = "auto"' if preset["lists"] else 'models = ["…"]')
    return "\n".join(lines)
