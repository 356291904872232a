"""Providers: those in use with a test, and how to set up others."""

import json
from functools import partial
from typing import Any

import streamlit as st

from server.api.schemas.models import ProviderDetails
from webui_pages.client.models import Tried
from webui_pages.ui import Ui, literal
from webui_pages.works import Work, start

LOOK_S = 1.0


def providers(ui: Ui) -> None:
    """The providers of the settings, found or not, then a piece of settings for any known service."""
    known = ui.client.providers()
    if not known:
        st.info(ui.text.providers_none, icon=":material/info:")
    for provider in known:
        waiting = not _work(ui, provider.name).done
        st.fragment(_provider, run_every=LOOK_S if waiting else None)(ui, provider, watched=waiting)
    _how_to(ui)


def _work(ui: Ui, name: str) -> Work:
    return ui.state.works.get(f"provider_{name}") or Work(done=True)


def _provider(ui: Ui, provider: ProviderDetails, *, watched: bool) -> None:
    name, work = provider.name, _work(ui, provider.name)
    if work.done == watched:
        st.rerun()
    with st.container(border=True, key=f"provider_{name}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{literal(name)}**", width="content")
            if provider.title and provider.title.casefold() != name.casefold():
                st.caption(literal(provider.title), width="content")
            st.space("stretch")
            lock = ui.lock("admin", also=not work.done)
            if st.button(ui.text.provider_test, icon=":material/network_ping:", key=f"test_{name}", **lock):
                start(ui.state.works, f"provider_{name}", partial(ui.client.try_provider, name))
                st.rerun()
        models = [ui.text.provider_finds] if provider.finds else []
        st.caption(literal(" · ".join(filter(None, [provider.address, *models, ", ".join(provider.models)]))))
        _told(ui, work, provider)


def _told(ui: Ui, work: Work, provider: ProviderDetails) -> None:
    if not work.done:
        st.caption(ui.text.provider_testing.format(seconds=work.seconds))
    elif work.error:
        st.error(literal(work.error), icon=":material/error:")
    elif isinstance(work.result, Tried):
        found = work.result
        label = ui.text.provider_works if found.text else ui.text.provider_lists
        text = label.format(model=literal(found.model), first=f"{found.first_s:.1f}", total=f"{found.total_s:.1f}")
        st.success(text, icon=":material/check_circle:")
    elif provider.reason:
        st.warning(literal(provider.reason), icon=":material/warning:")


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
