"""The settings of a knowledge base: description, splitting with a trial of it, searching, care, its end."""

from collections.abc import Iterable, Mapping

import streamlit as st

from server.api.schemas.knowledge_bases import KnowledgeBaseDetails, SettingsRequest, UpdateSettings
from webui_pages.client import ApiFailed
from webui_pages.components.documents.care import care_panel
from webui_pages.components.documents.dialogs import delete_knowledge_base
from webui_pages.components.documents.preview import preview_panel
from webui_pages.components.ingest_settings import formats, settings_fields
from webui_pages.desk import desk
from webui_pages.ui import Ui, literal

READING = {
    "splitter": "splitter",
    "chunk_size": "chunk_size",
    "chunk_overlap": "chunk_overlap",
    "zh_title_enhance": "title_enhance",
    "ocr": "ocr",
}
SEARCHING = {"top_k": "top_k", "score_threshold": "relevance_floor", "rerank": "use_rerank"}
"""Settings of the API, each with the label of its field."""
MOST_HITS = 100


def settings_panel(ui: Ui, chosen: KnowledgeBaseDetails) -> None:
    """One section after the other."""
    _info(ui, chosen)
    if chosen.settings is not None:
        _reading(ui, chosen)
    if chosen.search is not None:
        _searching(ui, chosen)
    care_panel(ui, chosen)
    st.subheader(ui.text.delete_knowledge_base, anchor=False)
    st.caption(ui.text.delete_knowledge_base_hint)
    lock = ui.lock("write")
    if st.button(ui.text.delete_knowledge_base, icon=":material/delete_forever:", key="delete_knowledge_base", **lock):
        delete_knowledge_base(ui, chosen)


def _info(ui: Ui, chosen: KnowledgeBaseDetails) -> None:
    st.subheader(ui.text.info_title, anchor=False)
    st.caption(ui.text.info_hint)
    key = f"info_of_{chosen.name}_{desk().settings_version}"
    if key not in st.session_state:
        desk().described = chosen.info
    with st.form("info", border=False):
        info = st.text_area(ui.text.info_title, chosen.info, height=80, key=key, label_visibility="collapsed")
        saved = st.form_submit_button(ui.text.save, key="info_save", **ui.lock("write"))
    if saved and chosen.info not in (desk().described, info):
        st.warning(literal(ui.text.info_changed.format(info=chosen.info)), icon=":material/edit_off:")
        desk().described = chosen.info
    elif saved:
        try:
            ui.client.update_info(chosen.name, info.strip())
        except ApiFailed as failure:
            st.error(literal(failure.message))
            return
        desk().settings_version += 1
        ui.state.notice = ui.text.info_saved
        st.rerun()


def _reading(ui: Ui, chosen: KnowledgeBaseDetails) -> None:
    st.subheader(ui.text.ingest_settings, anchor=False)
    _own(ui, chosen, READING)
    known, now = formats(ui), chosen.settings
    if now is None:
        return
    with st.container(border=True, key="ingest_settings"):
        version = f"_{desk().settings_version}_{chosen.name}"
        wanted = settings_fields(ui, known, now, key="settings", version=version)
        with st.container(horizontal=True):
            save = st.button(ui.text.save, type="primary", key="settings_save", **ui.lock("write"))
            lock = ui.lock("write", also=not set(READING) & set(chosen.own))
            reset = st.button(ui.text.reset, key="settings_reset", **lock)
        effective = {**now.model_dump(), **wanted.model_dump(exclude_none=True)}
        preview_panel(ui, SettingsRequest.model_validate(effective), key="preview")
    if save:
        _save(ui, chosen.name, wanted, ui.text.settings_saved)
    if reset:
        _reset(ui, chosen.name, READING)


def _searching(ui: Ui, chosen: KnowledgeBaseDetails) -> None:
    st.subheader(ui.text.search_settings, anchor=False)
    _own(ui, chosen, SEARCHING)
    now = chosen.search
    if now is None:
        return
    version = f"{desk().settings_version}_{chosen.name}"
    with st.container(border=True, key="search_settings"):
        count, floor = st.columns(2)
        top_k = count.slider(
            ui.text.top_k,
            1,
            max(MOST_HITS, now.top_k),
            now.top_k,
            help=ui.text.top_k_help,
            key=f"top_k_{now.top_k}_{version}",
        )
        least = round(100 * (1 - now.score_threshold / 2))
        wanted_floor = floor.slider(
            ui.text.relevance_floor,
            0,
            100,
            least,
            step=5,
            format="%d%%",
            help=ui.text.relevance_floor_help,
            key=f"floor_{least}_{version}",
        )
        rerank = st.toggle(ui.text.use_rerank, now.rerank, key=f"rerank_{now.rerank}_{version}")
        with st.container(horizontal=True):
            save = st.button(ui.text.save, type="primary", key="search_save", **ui.lock("write"))
            lock = ui.lock("write", also=not set(SEARCHING) & set(chosen.own))
            reset = st.button(ui.text.reset, key="search_reset", **lock)
    if save:
        threshold = now.score_threshold if wanted_floor == least else 2 * (1 - wanted_floor / 100)
        wanted = {"top_k": top_k, "score_threshold": threshold, "rerank": rerank}
        changed = {name: value for name, value in wanted.items() if value != getattr(now, name)}
        _save(ui, chosen.name, SettingsRequest(**changed), ui.text.search_saved)
    if reset:
        _reset(ui, chosen.name, SEARCHING)


def _own(ui: Ui, chosen: KnowledgeBaseDetails, labels: Mapping[str, str]) -> None:
    own = ui.text.comma.join(getattr(ui.text, label) for name, label in labels.items() if name in chosen.own)
    st.caption(literal(ui.text.own_settings.format(names=own)) if own else ui.text.no_own_settings)


def _save(ui: Ui, name: str, wanted: SettingsRequest, said: str) -> None:
    values = wanted.model_dump(exclude_none=True)
    if not values:
        st.info(ui.text.settings_as_before, icon=":material/info:")
        return
    _update(ui, UpdateSettings.model_validate({"knowledge_base_name": name, **values}), said)


def _reset(ui: Ui, name: str, settings: Iterable[str]) -> None:
    _update(ui, UpdateSettings(knowledge_base_name=name, reset=list(settings)), ui.text.settings_reset)


def _update(ui: Ui, request: UpdateSettings, said: str) -> None:
    try:
        ui.client.update_settings(request)
    except ApiFailed as failure:
        st.error(literal(failure.message))
        return
    desk().settings_version += 1
    ui.state.notice = said
    st.rerun()
