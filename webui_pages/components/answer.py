"""Asks a question and shows the answer while it comes; what has come is kept even when the run is interrupted."""

import time
from collections.abc import Generator
from contextlib import closing

import streamlit as st

from server.api.schemas import ChatRequest, History, KnowledgeBaseChatRequest
from webui_pages.client import AnswerPart, ApiFailed
from webui_pages.components.sources import show_sources
from webui_pages.state import Turn
from webui_pages.ui import Ui, literal

REDRAW_S = 0.05
CURSOR = " ▌"
QUESTION_ICON = ":material/person:"
ANSWER_ICON = ":material/auto_awesome:"


def show_turn(ui: Ui, turn: Turn, number: int) -> None:
    """One finished turn of the conversation."""
    _question(turn, number)
    with st.container(key=f"answer_{number}"), st.chat_message("assistant", avatar=ANSWER_ICON):
        if turn.answer:
            st.markdown(without_images(turn.answer))
        if turn.error:
            st.error(literal(turn.error), icon=":material/error:")
            return
        if turn.stopped:
            st.caption(ui.text.stopped)
        elif not turn.answer:
            st.warning(ui.text.empty_answer)
        show_sources(ui, turn, number)


def ask(ui: Ui, question: str) -> None:
    """Send the question with the turns before it, stream the answer, keep both in the conversation and run again."""
    history = ui.state.history()
    turn = Turn(question)
    ui.state.turns.append(turn)
    number = len(ui.state.turns) - 1
    _question(turn, number)
    turn.stopped = True
    with st.container(key=f"answer_{number}"), st.chat_message("assistant", avatar=ANSWER_ICON):
        try:
            _stream(ui, turn, _parts(ui, question, history))
        except ApiFailed as failure:
            turn.error = failure.message
    turn.stopped = False
    st.rerun()


def without_images(text: str) -> str:
    """Markdown that loads no pictures: a document could make the model name an address that tells on the reader."""
    may_hold_images = "](" in text or "]:" in text
    return text.replace("![", "!\\[") if may_hold_images else text


def _question(turn: Turn, number: int) -> None:
    with st.container(key=f"question_{number}"), st.chat_message("user", avatar=QUESTION_ICON):
        st.text(turn.question)


def _parts(ui: Ui, question: str, history: list[History]) -> Generator[AnswerPart, None, None]:
    options = ui.state.options
    if ui.state.mode == "llm":
        return ui.client.chat(ChatRequest(query=question, history=history, temperature=options.temperature))
    return ui.client.ask_knowledge_base(
        KnowledgeBaseChatRequest(
            query=question,
            knowledge_base_name=ui.state.knowledge_base,
            history=history,
            top_k=options.top_k,
            score_threshold=options.score_threshold,
            temperature=options.temperature,
        )
    )


def _stream(ui: Ui, turn: Turn, parts: Generator[AnswerPart, None, None]) -> None:
    """Fill the turn as parts arrive. The stop button reruns the page, which ends this at the next redraw."""
    box = st.empty()
    st.button(ui.text.stop, icon=":material/stop_circle:", key="stop", type="tertiary")
    box.caption(ui.text.searching if ui.state.mode == "knowledge_base" else ui.text.answering)
    drawn_at = 0.0
    with closing(parts):
        for part in parts:
            turn.answer += part.text
            if part.sources is not None:
                turn.sources = part.sources
                box.caption(ui.text.answering)
            if turn.answer and time.monotonic() - drawn_at > REDRAW_S:
                box.markdown(without_images(turn.answer) + CURSOR)
                drawn_at = time.monotonic()
