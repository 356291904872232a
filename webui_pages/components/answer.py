"""Asks a question and shows the answer while it comes; what has come is kept even when the run is interrupted."""

import time
from collections.abc import Generator
from contextlib import closing

import streamlit as st

from server.api.schemas.chat import ChatRequest, History, KnowledgeBaseChatRequest
from webui_pages.client import AnswerPart, ApiFailed
from webui_pages.components.answer_text import shown_answer
from webui_pages.components.sources import show_sources
from webui_pages.state import Turn
from webui_pages.ticks import with_ticks
from webui_pages.ui import Ui, literal

REDRAW_S = 0.05
TICK_S = 0.5
PATIENCE_S = 3
CURSOR = " ▌"
QUESTION_ICON = ":material/person:"
ANSWER_ICON = ":material/auto_awesome:"


def show_turn(ui: Ui, turn: Turn, number: int) -> None:
    """One finished turn of the conversation."""
    _question(turn, number)
    with st.container(key=f"answer_{number}"), st.chat_message("assistant", avatar=ANSWER_ICON):
        if turn.answer:
            st.markdown(shown_answer(turn.answer))
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
    """Fill the turn as parts arrive. The stop button reruns the page, which ends this at the next drawing."""
    box = st.empty()
    st.button(ui.text.stop, icon=":material/stop_circle:", key="stop", type="tertiary")
    started = time.monotonic()
    drawn = 0.0
    box.caption(_waiting(ui, turn, 0))
    with closing(with_ticks(parts, TICK_S)) as ticking:
        for part in ticking:
            if part:
                turn.answer += part.text
                turn.sources = turn.sources if part.sources is None else part.sources
            now = time.monotonic()
            if not turn.answer:
                box.caption(_waiting(ui, turn, int(now - started)))
            elif now - drawn > REDRAW_S:
                box.markdown(shown_answer(turn.answer) + CURSOR)
                drawn = now


def _waiting(ui: Ui, turn: Turn, seconds: int) -> str:
    searching = ui.state.mode == "knowledge_base" and turn.sources is None
    text = ui.text.searching if searching else ui.text.answering
    return text + ui.text.waited.format(seconds=seconds) if seconds >= PATIENCE_S else text
