"""A request of the OpenAI protocol → a question, kept like those of the other routes, and its answer."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from uuid import uuid4

from fastapi import Request, Response

from server.api.completions import Reply, completion_chunks, whole_completion
from server.api.errors import LenientJson, openai_error
from server.api.schemas.openai import ChatCompletionRequest, ChatMessage
from server.api.sse import CLIENT_LEFT, event_stream, unless_left
from server.caller import caller
from server.chat.grounds import Ground
from server.chat.question import Question
from server.chat.recording import recorded
from server.chat.records import Asked
from server.container import Container
from server.errors import NotSupported, OptionNotSupported
from server.types import CallPiece, ChatEvent, Message, Role

_ROLES: dict[str, Role] = {
    "developer": "system",
    "system": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}
_WITHOUT_TOOLS = frozenset({"conversation_id", "return_direct", "references", "prompt_name"})
"""Fields that have no meaning where messages go to the model as they are."""
_NO_TOOLS = {
    "reason_en": "documents are asked without tools; /chat/agent_chat has tools that search knowledge bases",
    "reason_zh": "文档问答不使用工具；/chat/agent_chat 的工具可以检索知识库",
}


@dataclass(frozen=True)
class Asking:
    """Whom and where to ask: what a `model` or a path of the protocol means."""

    ground: Ground
    mode: str
    chat_model: str = ""
    knowledge_bases: tuple[str, ...] = ()
    with_docs: bool = False


async def complete(
    request: Request, body: ChatCompletionRequest, container: Container, asked: Asking, base_url: str
) -> Response:
    """Answer the last message, in the shape the client wants.

    Raises:
        ZhiwenError: what happens before the first chunk.
    """
    reply = Reply(
        message_id=uuid4().hex,
        model=body.model or container.chat_models.default,
        question=body.question,
        base_url=base_url,
        references=body.references,
        with_usage=bool(body.stream_options and body.stream_options.include_usage),
        with_docs=asked.with_docs,
    )
    kept = Asked(
        message_id=reply.message_id,
        mode=asked.mode,
        question=reply.question,
        conversation_id=body.conversation_id,
        owner=caller().name,
        knowledge_bases=asked.knowledge_bases,
        model=asked.chat_model or container.chat_models.default,
        prompt=body.prompt_name,
    )
    answer = recorded(_answer(body, container, asked), container.conversations, kept)
    if body.stream:
        return await event_stream(request, completion_chunks(answer, reply), openai_error)
    whole = await unless_left(request, whole_completion(answer, reply))
    return Response(status_code=CLIENT_LEFT) if whole is None else LenientJson(whole)


def _answer(body: ChatCompletionRequest, container: Container, asked: Asking) -> AsyncGenerator[ChatEvent, None]:
    question = _question(body, asked)
    if not body.uses_tools:
        return container.chat.answer(question)
    if asked.ground.searches:
        raise OptionNotSupported(field="tools", name=body.model or asked.mode, **_NO_TOOLS)
    for field in body.model_fields_set & _WITHOUT_TOOLS:
        if getattr(body, field) != type(body).model_fields[field].default:
            raise NotSupported(field=f"{field}, tools")
    return container.chat.relay(question, [_turn(message) for message in body.messages])


def _turn(message: ChatMessage) -> Message:
    calls = tuple(
        CallPiece(number, call.id, call.function.name, call.function.arguments)
        for number, call in enumerate(message.tool_calls or ())
    )
    return Message(_ROLES[message.role], message.text, calls, message.tool_call_id or "")


def _question(body: ChatCompletionRequest, asked: Asking) -> Question:
    stop = [body.stop] if isinstance(body.stop, str) else body.stop or []
    return Question(
        text=body.question,
        history=tuple(_turn(message) for message in body.messages[:-1]),
        ground=asked.ground,
        model=asked.chat_model,
        temperature=body.temperature,
        max_tokens=body.max_completion_tokens or body.max_tokens,
        top_p=body.top_p,
        stop=tuple(word for word in stop if word),
        seed=body.seed,
        presence_penalty=body.presence_penalty,
        frequency_penalty=body.frequency_penalty,
        options=body.passed_on,
        prompt=body.prompt_name,
        return_direct=body.return_direct,
    )
