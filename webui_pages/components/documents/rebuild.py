"""Rebuilding an index: asked for here, done by the API whoever leaves, shown with its progress to whoever comes."""

import streamlit as st

from server.api.schemas.knowledge_bases import KnowledgeBaseDetails
from server.api.schemas.upkeep import RebuildDetails, StartRebuild
from webui_pages.client import ApiFailed
from webui_pages.components.documents.choices import choose_embedder, choose_store
from webui_pages.components.documents.dialogs import confirmed
from webui_pages.components.ingest_settings import formats
from webui_pages.components.outcomes import show_notice, show_outcomes
from webui_pages.desk import desk
from webui_pages.state import Outcome
from webui_pages.ui import Ui, literal

LOOK_EVERY_S = 1.0


def ask_for_rebuild(ui: Ui, chosen: KnowledgeBaseDetails) -> None:
    """Says what a rebuild does and lets model and store be changed; the second click begins it."""

    @st.dialog(ui.text.rebuild, icon=":material/sync:")
    def body() -> None:
        st.markdown(literal(ui.text.rebuild_confirm.format(name=chosen.name)))
        known = formats(ui, again=True)
        embedder, reason = choose_embedder(ui, known, chosen.embed_model, key="rebuild_embedder")
        store = choose_store(ui, known, chosen.vector_store, key="rebuild_store")
        force = st.toggle(ui.text.rebuild_force, key="rebuild_force")
        if confirmed(ui, ui.text.rebuild, "confirm_rebuild", disabled=bool(reason)):
            request = StartRebuild(knowledge_base_name=chosen.name, embed_model=embedder, vs_type=store, force=force)
            try:
                desk().rebuild = ui.client.start_rebuild(request).id
            except ApiFailed as failure:
                st.error(literal(failure.message))
                return
            st.rerun()

    body()


def rebuild_panel(ui: Ui, knowledge_base: str) -> None:
    """The progress of a rebuild, whoever began it; then what it gave, to those who saw it run."""
    newest = next(iter(ui.client.rebuilds(knowledge_base)), None)
    if newest is None:
        return
    if newest.state == "running":
        desk().rebuild = newest.id
        st.fragment(_progress, run_every=LOOK_EVERY_S)(ui, knowledge_base)
    elif newest.id == desk().rebuild:
        with st.container(key="rebuild_end"):
            _end(ui, newest)
            st.button(ui.text.dismiss, key="rebuild_dismiss", type="tertiary", on_click=_dismiss)


def _progress(ui: Ui, knowledge_base: str) -> None:
    show_notice(ui)
    try:
        newest = next(iter(ui.client.rebuilds(knowledge_base)), None)
    except ApiFailed as failure:
        st.error(literal(failure.message), icon=":material/error:")
        return
    if newest is None or newest.state != "running":
        if not desk().dialog or newest is None:
            st.rerun()
        _end(ui, newest)  # a run of the page would take away what somebody types in a dialog
        return
    with st.container(key="rebuild_progress", border=True, gap="small"):
        st.markdown(f"**{ui.text.rebuilding}**")
        st.caption(ui.text.jobs_hint)
        with st.container(horizontal=True, vertical_alignment="center"):
            text = ui.text.rebuild_begins
            if newest.total:
                text = ui.text.rebuild_progress.format(name=newest.file, done=newest.finished, total=newest.total)
            st.progress(min(newest.finished / max(newest.total, 1), 1.0), literal(text))
            st.button(
                ui.text.rebuild_cancel,
                icon=":material/close:",
                key="rebuild_cancel",
                on_click=_cancel,
                args=(ui, newest.id),
                **ui.lock("write"),
            )


def _cancel(ui: Ui, rebuild_id: int) -> None:
    try:
        ui.client.cancel_rebuild(rebuild_id)
    except ApiFailed as failure:
        ui.state.notice = failure.message
    else:
        ui.state.notice = ui.text.rebuild_cancelling


def _end(ui: Ui, ended: RebuildDetails) -> None:
    if ended.state == "failed":
        st.error(literal(ui.text.rebuild_failed.format(reason=ended.error)), icon=":material/error:")
    elif ended.state == "cancelled":
        st.info(ui.text.rebuild_cancelled, icon=":material/cancel:")
    elif not ended.total:
        st.info(ui.text.rebuild_empty, icon=":material/info:")
    elif ended.unchanged:
        st.success(ui.text.rebuild_unchanged, icon=":material/check_circle:")
    else:
        bad, good = len(ended.failed_files), ended.total - len(ended.failed_files)
        outcomes = [Outcome(name, reason) for name, reason in ended.failed_files.items()]
        title = ui.text.rebuild_done.format(good=good, bad=bad)
        show_outcomes(title, outcomes, key="rebuild_outcomes", good=ui.text.indexed)
    if ended.edits_lost:
        st.warning(ui.text.edits_lost.format(count=ended.edits_lost), icon=":material/edit_off:")


def _dismiss() -> None:
    desk().rebuild = 0
