"""Completion of a text, and vectors of texts, as 0.2.10 has them."""

from contextlib import aclosing

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from server.api.aliases import chat_model, embed_model
from server.api.asking import limit_of
from server.api.deps import ContainerDep
from server.api.schemas.other import CompletionRequest, EmbedRequest, VectorsResponse
from server.api.sse import STREAM_RESPONSES, Events, event_stream
from server.chat.grounds import Nothing
from server.chat.question import Question
from server.container import Container
from server.types import Token

router = APIRouter(prefix="/other", tags=["Other"])
COMPLETION = "completion"


@router.post("/completion", response_class=Response, responses=STREAM_RESPONSES)
async def completion(body: CompletionRequest, request: Request, container: ContainerDep) -> Response:
    """Go on with a text. The data of an event is plain text, not JSON: a token, or everything with `stream=false`."""
    return await event_stream(request, _texts(body, container))


@router.post("/embed_texts")
async def embed_texts(body: EmbedRequest, container: ContainerDep) -> VectorsResponse:
    """The vector of each text, made by the named embedding model or the default one."""

    def vectors() -> list[list[float]]:
        model = container.embedders.get(embed_model(container.settings, body.embed_model)).model
        if body.to_query:
            return [model.embed_query(text) for text in body.texts]
        return model.embed_documents(body.texts)

    return VectorsResponse(data=await run_in_threadpool(vectors) if body.texts else [])


async def _texts(body: CompletionRequest, container: Container) -> Events:
    question = Question(
        text=body.query,
        ground=Nothing(prompts=COMPLETION),
        model=chat_model(container.settings, body.model_name),
        temperature=body.temperature,
        max_tokens=limit_of(body.max_tokens),
        prompt=body.prompt_name,
    )
    pieces, silent = [body.query] if body.echo else [], True
    async with aclosing(container.chat.answer(question)) as answer:
        async for event in answer:
            if not isinstance(event, Token):
                continue
            silent = False
            if body.stream:
                # Awaited before anything is sent, so that a model that fails at once is an HTTP error.
                for text in [*pieces, event.text]:
                    yield text
                pieces = []
            else:
                pieces.append(event.text)
    if pieces or silent:
        yield "".join(pieces)
