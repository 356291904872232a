"""Rebuilding the index of a knowledge base: live progress, then a summary that names the failures."""

from contextlib import closing

import streamlit as st

from server.api.schemas.knowledge_bases import RebuildRequest
from webui_pages.client import ApiFailed
from webui_pages.components.outcomes import show_outcomes
from webui_pages.state import Outcome
from webui_pages.ui import Ui, literal


def rebuild_panel(ui: Ui, knowledge_base: str) -> None:
    """Runs a rebuild that was asked for, or shows what the last one gave."""
    if ui.state.rebuild_wanted:
        ui.state.rebuild_wanted = False
        _rebuild(ui, knowledge_base)
    if ui.state.rebuilt is not None:
        title = ui.text.rebuild_done if ui.state.rebuilt else ui.text.rebuild_empty
        show_outcomes(title, ui.state.rebuilt, key="rebuild_outcomes", good=ui.text.indexed)


def _rebuild(ui: Ui, knowledge_base: str) -> None:
    ui.state.rebuilt = outcomes = []
    ui.state.table_version += 1
    with st.container(key="rebuild_progress"):
        bar = st.progress(0.0, ui.text.rebuild_started)
    try:
        with closing(ui.client.rebuild(RebuildRequest(knowledge_base_name=knowledge_base))) as steps:
            for step in steps:
                outcomes.append(Outcome(step.doc, "" if step.code == 200 else step.msg))
                text = ui.text.rebuild_progress.format(name=step.doc, done=step.finished, total=step.total)
                bar.progress(min(step.finished / max(step.total, 1), 1.0), literal(text))
    except ApiFailed as failure:
        outcomes.append(Outcome(knowledge_base, failure.message))
    st.rerun()
