"""The chat page."""

import streamlit as st

from server.api.schemas.knowledge_bases import KnowledgeBaseDetails
from webui_pages.components.answer import ask, show_turn
from webui_pages.components.chat_controls import controls, welcome
from webui_pages.ui import Ui, failures_shown


def render(ui: Ui) -> None:
    """Controls, the conversation so far, and the next question."""
    hint = ""
    knowledge_bases = None
    with failures_shown(ui):
        knowledge_bases = ui.client.knowledge_bases()
        controls(ui, knowledge_bases)
        hint = _why_not_ask(ui, knowledge_bases)
    opening = st.empty()
    for number, turn in enumerate(ui.state.turns):
        show_turn(ui, turn, number)
    if knowledge_bases is None:
        return
    question = st.chat_input(ui.text.ask, key="question", submit_mode="disable", disabled=bool(hint))
    question = (question or ui.state.take_pending_question()).strip()
    if hint:
        st.info(hint, icon=":material/info:")
    elif question:
        ask(ui, question)
    elif not ui.state.turns:
        with opening.container():
            welcome(ui)


def _why_not_ask(ui: Ui, knowledge_bases: list[KnowledgeBaseDetails]) -> str:
    if ui.state.mode == "llm":
        return ""
    if not knowledge_bases:
        return ui.text.no_knowledge_base
    chosen = next((entry for entry in knowledge_bases if entry.name == ui.state.knowledge_base), None)
    return "" if chosen and chosen.chunks else ui.text.empty_knowledge_base
