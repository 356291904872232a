"""API keys: what there are, making one, ending one."""

import streamlit as st

from server.api.schemas.keys import CreateKey, KeyDetails, KeyScope
from webui_pages.client import ApiFailed
from webui_pages.components.remembered import keep
from webui_pages.components.system.ages import moment
from webui_pages.state import Access
from webui_pages.ui import Ui, literal

SCOPES: tuple[KeyScope, ...] = ("read", "write", "admin")
FIRST_SCOPES: tuple[KeyScope, ...] = ("admin",)


def keys(ui: Ui) -> None:
    """The table of keys, the key that was just made, and the form for another."""
    known = ui.client.keys()
    if known:
        rows = [_row(ui, key) for key in known]
        st.container(key="keys_table").dataframe(rows, hide_index=True, alt=ui.text.keys_alt)
    else:
        st.info(ui.text.keys_none, icon=":material/info:")
    if ui.state.new_key:
        with st.container(key="new_key_shown"):
            st.success(ui.text.key_made, icon=":material/key:")
            st.code(ui.state.new_key, language=None)
    _create(ui)
    _revoke(ui, [key.name for key in known if not key.revoked])


def _row(ui: Ui, key: KeyDetails) -> dict[str, str]:
    text = ui.text
    return {
        text.key_name: key.name,
        text.key_scope: key.scope,
        text.key_for: text.key_everywhere if key.knowledge_bases is None else ", ".join(key.knowledge_bases),
        text.key_created: moment(key.created),
        text.key_used: moment(key.last_used) if key.last_used else "-",
        text.key_state: text.key_revoked if key.revoked else text.key_in_force,
    }


def _create(ui: Ui) -> None:
    is_first = ui.state.access is not None and not ui.state.access.needed
    with st.form("create_key", clear_on_submit=True, border=True):
        st.markdown(f"**{ui.text.key_create}**")
        if is_first:
            st.caption(ui.text.key_first)
        name = st.text_input(ui.text.key_name, key="key_name", max_chars=64)
        # Without an administrator's key nobody could make another one once keys are needed.
        scopes = FIRST_SCOPES if is_first else SCOPES
        scope = st.segmented_control(ui.text.key_scope, scopes, default=scopes[-1], required=True, key="key_scope")
        bases = [] if is_first else [base.name for base in ui.client.knowledge_bases()]
        limited = st.multiselect(ui.text.key_limit, bases, key="key_limit", placeholder=ui.text.key_everywhere)
        pressed = st.form_submit_button(ui.text.key_create, icon=":material/add:", key="key_create")
    if pressed:
        asked = {"name": name, "scope": scope, "knowledge_bases": limited or None}
        _make(ui, CreateKey.model_validate(asked))


def _make(ui: Ui, request: CreateKey) -> None:
    try:
        made = ui.client.create_key(request)
    except ApiFailed as failure:
        st.error(literal(failure.message), icon=":material/error:")
        return
    ui.state.new_key = made.key
    access = ui.state.access
    if access is not None and not access.needed:
        # From this moment on the API wants a key, of this session too.
        keep(ui, Access(made.key, made.name, made.scope, needed=True, asked=True))
    st.rerun()


def _revoke(ui: Ui, names: list[str]) -> None:
    if not names:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="revoke"):
        name = st.selectbox(ui.text.key_revoke_which, names, index=None, key="revoke_name", width=280)
        if st.button(ui.text.key_revoke, icon=":material/block:", key="revoke_key", disabled=name is None) and name:
            _confirm(ui, name)


def _confirm(ui: Ui, name: str) -> None:
    @st.dialog(ui.text.key_revoke)
    def dialog() -> None:
        st.write(literal(ui.text.key_revoke_confirm.format(name=name)))
        if st.button(ui.text.key_revoke, type="primary", key="confirm_revoke_key"):
            try:
                ui.client.revoke_key(name)
            except ApiFailed as failure:
                st.error(literal(failure.message), icon=":material/error:")
                return
            ui.state.new_key = ""
            st.rerun()

    dialog()
