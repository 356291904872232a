"""Questions: to the model alone, and to a knowledge base. Both always answer as server-sent events."""

from collections.abc import Iterable
from typing import cast
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from server.api.deps import BaseUrlDep, ChatDep, ContainerDep
from server.api.events import grounded_events, plain_events
from server.api.schemas.chat import ChatRequest, History, KnowledgeBaseChatRequest
from server.api.sse import STREAM_RESPONSES, event_stream
from server.chat.question import Question
from server.errors import NotSupported
from server.types import Message, Role

router = APIRouter(tags=["Chat"])
_ROLES = {"ai": "assistant", "assistant": "assistant", "human": "user", "user": "user", "system": "system"}


@router.post("/chat/chat", response_class=Response, responses=STREAM_RESPONSES)
async def chat(body: ChatRequest, request: Request, service: ChatDep) -> Response:
    """Ask the model. Events: `{"text", "message_id"}`, one for each token, or a single one with `stream=false`."""
    if body.conversation_id and body.history_len > 0 and not body.history:
        raise NotSupported(field="history_len")
    question = Question(
        text=body.query,
        history=_history(body.history),
        model=body.model_name,
        temperature=body.temperature,
        max_tokens=_limit(body.max_tokens),
        prompt=body.prompt_name,
    )
    return await event_stream(request, plain_events(service.answer(question), uuid4().hex, stream=body.stream))


@router.post("/chat/knowledge_base_chat", response_class=Response, responses=STREAM_RESPONSES)
async def knowledge_base_chat(
    body: KnowledgeBaseChatRequest, request: Request, container: ContainerDep, base_url: BaseUrlDep
) -> Response:
    """Ask a knowledge base. Events: `{"answer"}` for each token, then `{"docs", "sources"}`; or all in one."""
    question = Question(
        text=body.query,
        history=_history(body.history),
        ground=container.grounds.knowledge_bases(
            [body.knowledge_base_name], top_k=body.top_k, max_distance=body.score_threshold
        ),
        model=body.model_name,
        temperature=body.temperature,
        max_tokens=_limit(body.max_tokens),
        prompt=body.prompt_name,
    )
    events = grounded_events(
        container.chat.answer(question), body.query, base_url, stream=body.stream, sources_first=body.sources_first
    )
    return await event_stream(request, events)


def _history(turns: Iterable[History]) -> tuple[Message, ...]:
    for turn in turns:
        if turn.role not in _ROLES:
            raise NotSupported(field=f"history.role: {turn.role}")
    return tuple(Message(cast("Role", _ROLES[turn.role]), turn.content) for turn in turns)


def _limit(max_tokens: int | None) -> int | None:
    """0.2.10 takes zero and less as "no limit"."""
    return max_tokens if max_tokens and max_tokens > 0 else None
