"""In place of an empty conversation: what this mode is for, and questions to begin with."""

import streamlit as st

from webui_pages.chat_state import Mode
from webui_pages.labels import Labels
from webui_pages.ui import Ui, link_to

SHIPPED_KNOWLEDGE_BASE = "samples"
BUILTIN = "builtin"


def welcome(ui: Ui, *, may_ask: bool) -> None:
    """A title, a line about the mode, and where something can be asked, suggestions."""
    title, hint = _texts(ui.text, ui.state.chat.options.mode)
    with st.container(key="welcome", horizontal_alignment="center", gap="small"):
        st.space("medium")
        st.subheader(title, anchor=False, text_alignment="center")
        st.caption(hint, text_alignment="center")
        for number, question in enumerate(_suggestions(ui) if may_ask else []):
            st.button(question, key=f"suggestion_{number}", on_click=_suggest, args=(ui, question))
        if may_ask and _reads_only(ui):
            _no_model(ui)


def _reads_only(ui: Ui) -> bool:
    """Whether the built-in reader would answer."""
    chat = ui.state.chat
    models = chat.offer.models if chat.offer else []
    wanted = chat.options.model or (chat.offer.model_of(chat.options.mode) if chat.offer else "")
    return any(model.name == wanted and model.engine == BUILTIN for model in models)


def _no_model(ui: Ui) -> None:
    with st.container(key="no_model", horizontal_alignment="center", gap="xsmall"):
        st.space("small")
        st.caption(f":material/info: {ui.text.no_model}", text_alignment="center")
        link_to(ui, "models", ui.text.no_model_add, query={"tab": "providers"})


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
