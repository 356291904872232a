"""Grounded answers in the OpenAI protocol under the paths of 0.3: the sources come first, also as `docs`."""

from fastapi import APIRouter, Request, Response

from server.api.asking import limit_of, messages_of
from server.api.completing import Asking, complete
from server.api.deps import BaseUrlDep, ContainerDep
from server.api.schemas.openai import ChatCompletionRequest, ChatMessage, GroundKind, KbChatRequest
from server.api.sse import STREAM_RESPONSES
from server.chat.grounds import Ground
from server.container import Container

router = APIRouter(tags=["Chat"])
_MODES = {"local_kb": "knowledge_base_chat", "temp_kb": "file_chat", "search_engine": "search_engine_chat"}


@router.post("/chat/kb_chat", response_class=Response, responses=STREAM_RESPONSES)
async def kb_chat(body: KbChatRequest, request: Request, container: ContainerDep, base_url: BaseUrlDep) -> Response:
    """Ask a knowledge base, dropped files or a search engine. Streams unless `stream=false`."""
    turns = [ChatMessage(role=turn.role, content=turn.content) for turn in messages_of(body.history)]
    asked = ChatCompletionRequest(
        model=body.model,
        messages=[*turns, ChatMessage(role="user", content=body.query)],
        stream=body.stream,
        temperature=body.temperature,
        max_tokens=limit_of(body.max_tokens),
        top_k=body.top_k,
        score_threshold=body.score_threshold,
        return_direct=body.return_direct,
        conversation_id=body.conversation_id,
        prompt_name=body.prompt_name,
    )
    return await complete(request, asked, container, _asking(asked, container, body.mode, body.kb_name), base_url)


@router.post("/knowledge_base/{mode}/{param}/chat/completions", response_class=Response, responses=STREAM_RESPONSES)
async def grounded_completions(
    mode: GroundKind,
    param: str,
    body: ChatCompletionRequest,
    request: Request,
    container: ContainerDep,
    base_url: BaseUrlDep,
) -> Response:
    """One knowledge base, one set of dropped files or one search engine as an OpenAI base URL of its own."""
    return await complete(request, body, container, _asking(body, container, mode, param), base_url)


def _asking(body: ChatCompletionRequest, container: Container, mode: GroundKind, param: str) -> Asking:
    names = (param,) if mode == "local_kb" else ()
    return Asking(_ground(body, container, mode, param), _MODES[mode], body.model, names, with_docs=True)


def _ground(body: ChatCompletionRequest, container: Container, mode: GroundKind, param: str) -> Ground:
    grounds = container.grounds
    if mode == "local_kb":
        return grounds.knowledge_bases([param], top_k=body.top_k, max_distance=body.score_threshold)
    if mode == "temp_kb":
        return grounds.temporary_files(param, top_k=body.top_k, max_distance=body.score_threshold)
    return grounds.web(param, top_k=body.top_k)
