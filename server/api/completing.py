"""A request of the OpenAI protocol → a question, kept like those of the other routes, and its answer."""

from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from server.api.completions import Reply, completion_chunks, whole_completion
from server.api.errors import error_data, language_of, status_of, text_of
from server.api.openai_shape import Body, error_body
from server.api.schemas.openai import ChatCompletionRequest
from server.api.sse import event_stream
from server.caller import caller
from server.chat.grounds import Ground
from server.chat.question import Question
from server.chat.recording import recorded
from server.chat.records import Asked
from server.container import Container
from server.errors import Language, ZhiwenError
from server.types import Message, Role

_ROLES: dict[str, Role] = {"developer": "system", "system": "system", "user": "user", "assistant": "assistant"}


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
    language = language_of(request)
    reply = Reply(
        message_id=uuid4().hex,
        model=body.model or container.chat_models.default,
        question=body.messages[-1].text,
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
    answer = recorded(container.chat.answer(_question(body, asked)), container.conversations, kept)
    if body.stream:
        return await event_stream(request, completion_chunks(answer, reply, partial(_last_words, language)))
    return JSONResponse(await whole_completion(answer, reply))


def _question(body: ChatCompletionRequest, asked: Asking) -> Question:
    stop = [body.stop] if isinstance(body.stop, str) else body.stop or []
    return Question(
        text=body.messages[-1].text,
        history=tuple(Message(_ROLES[message.role], message.text) for message in body.messages[:-1]),
        ground=asked.ground,
        model=asked.chat_model,
        temperature=body.temperature,
        max_tokens=body.max_completion_tokens or body.max_tokens,
        top_p=body.top_p,
        stop=tuple(stop),
        seed=body.seed,
        prompt=body.prompt_name,
        return_direct=body.return_direct,
    )


def _last_words(language: Language, error: ZhiwenError) -> Body:
    return error_body(status_of(error), error.code, text_of(error, language), error_data(error))
