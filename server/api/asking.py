"""Requests of the chat routes → questions, with the history they come with or that is kept of their conversation."""

from collections.abc import AsyncGenerator, Sequence
from typing import cast

from starlette.concurrency import run_in_threadpool

from server.api.aliases import chat_model
from server.api.events import Shape
from server.api.schemas.chat import Answering, GroundedRequest, History
from server.caller import caller
from server.chat.grounds import GROUNDED, Ground
from server.chat.question import Question
from server.chat.recording import recorded
from server.chat.records import Asked
from server.container import Container
from server.errors import NotSupported
from server.types import ChatEvent, Message, Role

_ROLES = {"ai": "assistant", "assistant": "assistant", "human": "user", "user": "user", "system": "system"}

_OPTIONS = {
    "temperature",
    "max_tokens",
    "history_len",
    "top_k",
    "score_threshold",
    "return_direct",
    "knowledge_id",
    "search_engine_name",
    "split_result",
    "tools",
}


def given_history(body: Answering) -> tuple[Message, ...]:
    """The turns that came with the request; none when `history` is a number. Raises `NotSupported`."""
    return () if isinstance(body.history, int) else messages_of(body.history)


def messages_of(turns: Sequence[History]) -> tuple[Message, ...]:
    """Turns of a request, with the role words of 0.2.10 as well.

    Raises:
        NotSupported: a role nobody knows.
    """
    for turn in turns:
        if turn.role not in _ROLES:
            raise NotSupported(field=f"history.role: {turn.role}")
    return tuple(Message(cast("Role", _ROLES[turn.role]), turn.content) for turn in turns)


async def kept_history(body: Answering, container: Container, *, unset: int) -> tuple[Message, ...]:
    """The last turns of the conversation; `unset` is how many, where the request names no number."""
    named = body.history if isinstance(body.history, int) else body.history_len
    turns = named if named >= 0 else unset
    if not body.conversation_id or turns == 0:
        return ()
    return await run_in_threadpool(container.conversations.history, caller().name, body.conversation_id, turns)


async def history_of(body: Answering, container: Container) -> tuple[Message, ...]:
    """The turns given, else those kept: as many as asked for, else as the settings say."""
    return given_history(body) or await kept_history(body, container, unset=container.settings.chat.history_len)


def limit_of(max_tokens: int | None) -> int | None:
    """Tokens of an answer; zero and less mean "no limit", as 0.2.10 takes it."""
    return max_tokens if max_tokens and max_tokens > 0 else None


def question_of(
    body: Answering, container: Container, ground: Ground, history: tuple[Message, ...], *, prompt: str = ""
) -> Question:
    """The question; zero tokens and less mean "no limit", as 0.2.10 takes it."""
    return Question(
        text=body.query,
        history=history,
        ground=ground,
        model=chat_model(container.settings, body.model_name),
        temperature=body.temperature,
        max_tokens=limit_of(body.max_tokens),
        prompt=prompt or body.prompt_name,
        return_direct=isinstance(body, GroundedRequest) and body.return_direct,
    )


def asked_of(
    body: Answering, container: Container, shape: Shape, mode: str = GROUNDED, names: Sequence[str] = ()
) -> Asked:
    """What is kept of the request."""
    return Asked(
        message_id=shape.message_id,
        mode=mode,
        question=body.query,
        conversation_id=body.conversation_id,
        owner=caller().name,
        knowledge_bases=tuple(names),
        model=chat_model(container.settings, body.model_name) or container.chat_models.default,
        prompt=body.prompt_name,
        options=body.model_dump(include=_OPTIONS, exclude_unset=True, exclude_none=True),
    )


def answer_of(question: Question, container: Container, asked: Asked) -> AsyncGenerator[ChatEvent, None]:
    """The events of the answer, which is kept when they end."""
    return recorded(container.chat.answer(question), container.conversations, asked)
