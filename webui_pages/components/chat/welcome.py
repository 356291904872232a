"""In place of an empty conversation: what this mode is for, and questions to begin with."""

import streamlit as st

from webui_pages.chat_state import Mode
from webui_pages.labels import Labels
from webui_pages.ui import Ui

SHIPPED_KNOWLEDGE_BASE = "samples"


def welcome(ui: Ui, *, may_ask: bool) -> None:
    """A title, a line about the mode, and where something can be asked, suggestions."""
    title, hint = _texts(ui.text, ui.state.chat.options.mode)
    with st.container(key="welcome", horizontal_alignment="center", gap="small"):
        st.space("medium")
        st.subheader(title, anchor=False, text_alignment="center")
        st.caption(hint, text_alignment="center")
        for number, question in enumerate(_suggestions(ui) if may_ask else []):
            st.button(question, key=f"suggestion_{number}", on_click=_suggest, args=(ui, question))


def _texts(text: Labels, mode: Mode) -> tuple[str, str]:
    return {
        "llm": (text.welcome_llm, text.welcome_llm_hint),
        "knowledge_base": (text.welcome_knowledge_base, text.welcome_knowledge_base_hint),
        "file": (text.welcome_file, text.welcome_file_hint),
        "search_engine": (text.welcome_search_engine, text.welcome_search_engine_hint),
        "agent": (text.welcome_agent, text.welcome_agent_hint),
    }[mode]


def _suggestions(ui: Ui) -> list[str]:
    text, options = ui.text, ui.state.chat.options
    if options.mode == "knowledge_base" and options.knowledge_bases == [SHIPPED_KNOWLEDGE_BASE]:
        return [text.sample_question_1, text.sample_question_2, text.sample_question_3]
    return {
        "llm": [text.llm_question_1, text.llm_question_2],
        "knowledge_base": [text.any_question_1, text.any_question_2],
        "file": [text.file_question_1, text.any_question_2],
        "search_engine": [text.web_question_1],
        "agent": [text.agent_question_1],
    }[options.mode]


def _suggest(ui: Ui, question: str) -> None:
    ui.state.chat.pending_question = question
