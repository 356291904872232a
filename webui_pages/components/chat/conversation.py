"""The open conversation: in the address of the page, read from the API, begun anew, taken back in part."""

import time

import streamlit as st

from server.api.schemas.conversations import ConversationWithMessages, MessageDetails
from webui_pages.chat_state import DEFAULT_PROMPT, KEPT_MODES, ChatOptions, ToolStep, Turn
from webui_pages.client import CONVERSATION_GONE, ApiFailed
from webui_pages.labels import Labels
from webui_pages.ui import Ui, literal

PARAMETER = "conversation"
WRITTEN_WITHIN_S = 2.0
LOOK_EVERY_S = 0.2
PRAISE = 50


def follow_address(ui: Ui) -> None:
    """Open what the address names; where it names nothing, the open conversation is put into it.

    Raises:
        ApiFailed: the API does not answer.
    """
    chat = ui.state.chat
    named, chat.wanted = chat.wanted or st.query_params.get(PARAMETER, ""), ""
    if named and named != chat.conversation_id:
        open_conversation(ui, named)
    elif chat.conversation_id:
        st.query_params[PARAMETER] = chat.conversation_id
    elif not chat.restored:
        _take_last_choices(ui)
    chat.restored = True


def open_conversation(ui: Ui, conversation_id: str) -> None:
    """Show a conversation with all its messages, and ask on as it was asked last."""
    chat = ui.state.chat
    try:
        found = ui.client.conversation(conversation_id)
    except ApiFailed as failure:
        if failure.code != CONVERSATION_GONE:
            raise
        new_conversation(ui)
        st.warning(literal(failure.message), icon=":material/link_off:")
        return
    chat.leave()
    chat.conversation_id, chat.title = found.id, found.title
    chat.turns = [turn_of(message, ui.text) for message in found.history]
    _adopt(ui, found)
    st.query_params[PARAMETER] = found.id


def new_conversation(ui: Ui) -> None:
    """An empty one, asked as the one before."""
    ui.state.chat.leave()
    st.query_params.pop(PARAMETER, None)


def take_back(ui: Ui, number: int) -> None:
    """Remove a turn and all later ones, here and at the API, which may not have kept the first of them.

    Raises:
        ApiFailed: the API does not answer; nothing is removed here.
    """
    chat = ui.state.chat
    any(_forgotten(ui, turn) for turn in chat.turns[number:])
    del chat.turns[number:]
    chat.editing = None


def turn_of(message: MessageDetails, text: Labels) -> Turn:
    """A kept message as a turn."""
    searched = KEPT_MODES.get(message.mode, "llm") != "llm"
    return Turn(
        question=message.question,
        answer=message.answer,
        sources=message.sources if searched and (message.sources or message.mode != "agent_chat") else None,
        error=text.failed_before.format(code=message.error_code) if message.finish == "failed" else "",
        stopped=message.finish == "stopped",
        message_id=message.id,
        model=message.model,
        rewritten=message.rewritten,
        finish_reason=message.finish_reason,
        steps=[ToolStep(**{**_step(tool), "done": True}) for tool in message.tools],
        feedback=None if message.feedback_score is None else int(message.feedback_score >= PRAISE),
        direct=bool(message.options.get("return_direct")),
    )


def _step(tool: dict) -> dict:
    return {name: tool[name] for name in ("id", "name", "arguments", "output", "error", "thought") if name in tool}


def _forgotten(ui: Ui, turn: Turn) -> bool:
    """Whether the API has taken a turn back, and with it all that followed; it has not where it kept none."""
    chat = ui.state.chat
    message_id = turn.message_id or _kept_id(ui, turn)
    deadline = time.monotonic() + WRITTEN_WITHIN_S
    while message_id and not ui.client.forget_message(chat.conversation_id, message_id):
        # Only the last answer may be still on its way: one that was stopped is kept a moment after the stop.
        if turn is not chat.turns[-1] or time.monotonic() > deadline:
            return False
        time.sleep(LOOK_EVERY_S)
    return bool(message_id)


def _kept_id(ui: Ui, turn: Turn) -> str:
    """What the API calls a turn whose answer broke off before it said so; "" where it kept nothing."""
    chat = ui.state.chat
    known = {each.message_id for each in chat.turns}
    try:
        kept = ui.client.conversation(chat.conversation_id).history
    except ApiFailed as failure:
        if failure.code != CONVERSATION_GONE:
            raise
        return ""
    return next((each.id for each in reversed(kept) if each.question == turn.question and each.id not in known), "")


def _take_last_choices(ui: Ui) -> None:
    """A new session asks as the last conversation did, but for files, which belong to that one alone."""
    chat = ui.state.chat
    latest, mode = ui.client.conversations("", limit=1, offset=0).data, chat.options.mode
    if latest:
        _adopt(ui, ui.client.conversation(latest[0].id))
        chat.knowledge_id = ""
        chat.options.mode = mode if chat.options.mode == "file" else chat.options.mode


def _adopt(ui: Ui, found: ConversationWithMessages) -> None:
    chat = ui.state.chat
    chat.options.mode = KEPT_MODES.get(found.mode, chat.options.mode)
    if found.knowledge_bases:
        chat.options.knowledge_bases = list(found.knowledge_bases)
    if found.history:
        last = found.history[-1]
        _adopt_options(chat.options, last)
        chat.knowledge_id = str(last.options.get("knowledge_id", ""))
    chat.reseed = True


def _adopt_options(options: ChatOptions, last: MessageDetails) -> None:
    given = last.options
    options.model, options.prompt = last.model, last.prompt or DEFAULT_PROMPT
    options.temperature = given.get("temperature", options.temperature)
    options.history_length = given.get("history_len", options.history_length)
    options.top_k = given.get("top_k", options.top_k)
    if "score_threshold" in given:
        options.relevance_floor = round(100 * (1 - given["score_threshold"] / 2))
    options.search_engine = given.get("search_engine_name", options.search_engine)
    options.read_pages = given.get("split_result", False)
    options.return_direct = given.get("return_direct", False)
    options.tools = given.get("tools")
