"""Asks a question and shows the answer while it comes; what has come is kept even when the run is interrupted."""

import time
import uuid
from contextlib import closing
from typing import Any

import streamlit as st

from server.api.schemas.agent import AgentChatRequest
from server.api.schemas.chat import (
    Answering,
    ChatRequest,
    FileChatRequest,
    KnowledgeBaseChatRequest,
    SearchEngineChatRequest,
)
from webui_pages.chat_state import ChatState, ToolStep, Turn
from webui_pages.client import AnswerPart, ApiFailed, Line
from webui_pages.components.answer_text import shown_answer
from webui_pages.components.chat.conversation import PARAMETER
from webui_pages.components.chat.turns import ANSWER_ICON, show_asides, show_question
from webui_pages.ticks import with_ticks
from webui_pages.ui import AWAY, Ui, literal

REDRAW_S = 0.05
TICK_S = 0.5
PATIENCE_S = 3
CURSOR = " ▌"
UNTITLED_LENGTH = 40


def ask(ui: Ui, question: str) -> None:
    """Send the question, stream the answer, keep both in the conversation and run again."""
    chat = ui.state.chat
    if not chat.conversation_id:
        chat.conversation_id, chat.title = uuid.uuid4().hex, question[:UNTITLED_LENGTH]
        st.query_params[PARAMETER] = chat.conversation_id
        chat.page = 1  # where it will be listed
    request = request_of(chat, question)
    options, default = chat.options, chat.offer.model_of(chat.options.mode) if chat.offer else ""
    turn = Turn(question, model=options.model or default, direct=options.return_direct and options.searches)
    chat.turns.append(turn)
    number = len(chat.turns) - 1
    show_question(question, number)
    turn.stopped = True
    with st.container(key=f"answer_{number}"), st.chat_message("assistant", avatar=ANSWER_ICON):
        try:
            _stream(ui, turn, request)
        except ApiFailed as failure:
            turn.error, turn.cut = failure.message, failure.code in AWAY
    turn.stopped = False
    st.rerun()


def request_of(chat: ChatState, question: str) -> Answering:
    """The question with the choices in force; the API loads the history itself."""
    options = chat.options
    common: dict[str, Any] = {
        "query": question,
        "conversation_id": chat.conversation_id,
        "history_len": options.history_length,
        "temperature": options.temperature,
        "prompt_name": options.prompt,
    }
    if options.model:
        common["model_name"] = options.model
    if options.mode == "llm":
        return ChatRequest(**common)
    if options.mode == "agent":
        return AgentChatRequest(**common) if options.tools is None else AgentChatRequest(**common, tools=options.tools)
    common |= {"top_k": options.top_k, "return_direct": options.return_direct}
    if options.mode == "search_engine":
        return SearchEngineChatRequest(
            **common, search_engine_name=options.search_engine, split_result=options.read_pages
        )
    common["score_threshold"] = options.score_threshold
    if options.mode == "file":
        return FileChatRequest(**common, knowledge_id=chat.knowledge_id)
    first, *others = options.knowledge_bases
    return KnowledgeBaseChatRequest(**common, knowledge_base_name=first, knowledge_base_names=others)


def take(turn: Turn, part: AnswerPart) -> None:
    """Put what an event tells into the turn."""
    turn.message_id = part.message_id or turn.message_id
    turn.rewritten = part.question or turn.rewritten
    turn.finish_reason = part.finish_reason or turn.finish_reason
    if part.sources is not None:
        turn.sources = part.sources
    if part.notice and part.notice.msg not in turn.notices:
        turn.notices.append(part.notice.msg)
    if part.trimmed:
        turn.trimmed = (part.trimmed.messages, part.trimmed.hits)
    if part.tool_started:
        started = part.tool_started
        # What was said before a tool is a thought, what comes after the last one the answer.
        turn.steps.append(ToolStep(started.id, started.name, started.arguments, thought=turn.answer))
        turn.answer = ""
    if part.tool_finished:
        _finish(turn, part)
    turn.answer += part.text
    if part.final_answer is not None:
        turn.answer = part.final_answer or turn.answer
        turn.sources = turn.sources or None


def _finish(turn: Turn, part: AnswerPart) -> None:
    finished = part.tool_finished
    for step in turn.steps:
        if finished and step.id == finished.id:
            step.output, step.error, step.done = finished.output, finished.error, True


def _stream(ui: Ui, turn: Turn, request: Answering) -> None:
    """Fill the turn as parts arrive. The stop button reruns the page, which ends this at the next drawing, and with it
    the work of the API."""
    line = Line()
    beside, box = st.empty(), st.empty()
    st.button(ui.text.stop, icon=":material/stop_circle:", key="stop", type="tertiary")
    started = time.monotonic()
    drawn, told = 0.0, ""
    box.caption(_waiting(ui, turn, 0))
    with closing(with_ticks(ui.client.ask(request, line), TICK_S, line.cut)) as ticking:
        for part in ticking:
            if part:
                take(turn, part)
            now = time.monotonic()
            if (news := _news(turn)) != told:
                told = news
                with beside.container():
                    show_asides(ui, turn)
            if not turn.answer:
                if part is None or now - drawn > REDRAW_S:
                    box.caption(_waiting(ui, turn, int(now - started)))
                    drawn = now
            elif now - drawn > REDRAW_S:
                box.markdown(shown_answer(turn.answer) + CURSOR)
                drawn = now


def _news(turn: Turn) -> str:
    return f"{turn.rewritten}|{turn.notices}|{turn.trimmed}"


def _waiting(ui: Ui, turn: Turn, seconds: int) -> str:
    text, options = ui.text, ui.state.chat.options
    running = next((step.name for step in reversed(turn.steps) if not step.done), "")
    if running:
        shown = literal(text.steps_running.format(name=running))
    elif options.searches and turn.sources is None:
        shown = text.searching_web if options.mode == "search_engine" else text.searching
    else:
        shown = text.answering
    return shown + text.waited.format(seconds=seconds) if seconds >= PATIENCE_S else shown
