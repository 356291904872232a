"""Above the conversation: mode, knowledge base, options, clear; and what to ask when nothing was asked yet."""

from typing import cast

import streamlit as st

from server.api.schemas.knowledge_bases import KnowledgeBaseDetails
from webui_pages.state import Mode
from webui_pages.ui import Ui

MODES: tuple[Mode, ...] = ("knowledge_base", "llm")
SHIPPED_KNOWLEDGE_BASE = "samples"


def controls(ui: Ui, knowledge_bases: list[KnowledgeBaseDetails]) -> None:
    """The row of controls; writes the choices into the state."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="chat_controls"):
        _mode(ui)
        if ui.state.mode == "knowledge_base" and knowledge_bases:
            choose_knowledge_base(ui, knowledge_bases, key="chat_knowledge_base")
        _options(ui)
        if ui.state.turns and st.button(ui.text.clear, icon=":material/delete_sweep:", key="clear"):
            ui.state.turns.clear()
            st.rerun()


def choose_knowledge_base(ui: Ui, knowledge_bases: list[KnowledgeBaseDetails], key: str) -> KnowledgeBaseDetails:
    """A select box over at least one knowledge base; the choice is shared by both pages."""
    by_name = {entry.name: entry for entry in knowledge_bases}
    names = list(by_name)
    wanted = next(
        (name for name in (ui.state.knowledge_base, ui.settings.knowledge_base.default) if name in by_name), ""
    )
    with st.container(key=key, width=300):
        chosen = st.selectbox(
            ui.text.knowledge_base,
            names,
            index=names.index(wanted) if wanted else 0,
            key=f"{key}_{ui.state.select_version}",
            label_visibility="collapsed",
        )
    name = chosen or names[0]
    ui.state.choose_knowledge_base(name)
    return by_name[name]


def welcome(ui: Ui) -> None:
    """Shown in place of an empty conversation: what this is, and questions to begin with."""
    asks_documents = ui.state.mode == "knowledge_base"
    with st.container(key="welcome", horizontal_alignment="center", gap="small"):
        st.space("medium")
        title = ui.text.welcome_knowledge_base if asks_documents else ui.text.welcome_llm
        st.subheader(title, anchor=False, text_alignment="center")
        hint = ui.text.welcome_knowledge_base_hint if asks_documents else ui.text.welcome_llm_hint
        st.caption(hint, text_alignment="center")
        for number, question in enumerate(_suggestions(ui)):
            st.button(question, key=f"suggestion_{number}", on_click=_suggest, args=(ui, question))


def _suggestions(ui: Ui) -> list[str]:
    text = ui.text
    if ui.state.mode == "llm":
        return [text.llm_question_1, text.llm_question_2]
    if ui.state.knowledge_base == SHIPPED_KNOWLEDGE_BASE:
        return [text.sample_question_1, text.sample_question_2, text.sample_question_3]
    return [text.any_question_1, text.any_question_2]


def _suggest(ui: Ui, question: str) -> None:
    ui.state.pending_question = question


def _mode(ui: Ui) -> None:
    names = {"knowledge_base": ui.text.mode_knowledge_base, "llm": ui.text.mode_llm}
    chosen = st.segmented_control(
        ui.text.mode,
        MODES,
        default=ui.state.mode,
        required=True,
        format_func=lambda mode: names[mode],
        key="mode",
        label_visibility="collapsed",
    )
    ui.state.mode = cast("Mode", chosen or ui.state.mode)


def _options(ui: Ui) -> None:
    text, options = ui.text, ui.state.options
    with st.popover(text.options, icon=":material/tune:", key="options"):
        if ui.state.mode == "knowledge_base":
            options.top_k = st.slider(text.top_k, 1, 20, options.top_k, help=text.top_k_help, key="top_k")
            options.relevance_floor = st.slider(
                text.relevance_floor,
                0,
                100,
                options.relevance_floor,
                step=5,
                format="%d%%",
                help=text.relevance_floor_help,
                key="relevance_floor",
            )
        options.temperature = st.slider(
            text.temperature, 0.0, 2.0, options.temperature, step=0.05, help=text.temperature_help, key="temperature"
        )
        options.history_length = st.slider(
            text.history_length, 0, 20, options.history_length, help=text.history_length_help, key="history_length"
        )
