"""The OpenAI protocol: chat models and knowledge bases under one list of names, embeddings, reranking."""

import base64
import struct
from collections.abc import Sequence
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from server.api.completing import Asking, complete
from server.api.deps import BaseUrlDep, ContainerDep
from server.api.schemas.openai import (
    ChatCompletionRequest,
    Embedding,
    EmbeddingRequest,
    EmbeddingResponse,
    Model,
    ModelList,
    Reranked,
    RerankRequest,
    RerankResponse,
    TokenUsage,
)
from server.api.sse import STREAM_RESPONSES
from server.chat.grounds import GROUNDED, PLAIN, Nothing
from server.container import Container
from server.errors import (
    KnowledgeBaseForbidden,
    KnowledgeBaseNotFound,
    ModelNotFound,
    ModelUnavailable,
    OptionNotSupported,
)
from server.llm.tokens import estimate

router = APIRouter(prefix="/v1", tags=["OpenAI"])
KNOWLEDGE_BASE = "kb:"
CHAT_MODEL_MARK = "|"
"""No name of a knowledge base holds it."""
SEVERAL = "+"


@router.get("/models")
async def list_models(container: ContainerDep) -> ModelList:
    """Chat models that can be asked now, knowledge bases as `kb:NAME`, the embedding and the rerank model."""
    bases = await run_in_threadpool(container.knowledge_bases.list)
    chat = [Model(id=name, kind="chat") for name in await container.chat_models.running()]
    documents = [
        Model(id=KNOWLEDGE_BASE + kb.name, created=int(kb.created.timestamp()), kind="knowledge_base") for kb in bases
    ]
    embedder = container.embedder_choice
    others = [Model(id=embedder.name, kind="embedding")] if embedder.usable else []
    if reranking := container.reranking.present():
        others.append(Model(id=reranking.name, kind="rerank"))
    return ModelList(data=[*chat, *documents, *others])


@router.get("/models/{model:path}")
async def get_model(model: str, container: ContainerDep) -> Model:
    """One of these models, or several knowledge bases as `kb:A+B`. 404 where it is not among them."""
    known = (await list_models(container)).data
    for each in known:
        if each.id == model:
            return each
    if model.startswith(KNOWLEDGE_BASE):
        await run_in_threadpool(named, model, container)
        return Model(id=model, kind="knowledge_base")
    raise ModelNotFound(name=model, known=", ".join(each.id for each in known))


@router.post("/chat/completions", response_class=Response, responses=STREAM_RESPONSES)
async def chat_completions(
    body: ChatCompletionRequest, request: Request, container: ContainerDep, base_url: BaseUrlDep
) -> Response:
    """Ask a chat model, or with `kb:NAME` its documents. Streams as OpenAI does, with `[DONE]` at the end."""
    names, chat_model = await run_in_threadpool(named, body.model, container)
    asked = Asking(Nothing(), PLAIN, chat_model)
    if names:
        ground = container.grounds.knowledge_bases(names, top_k=body.top_k, max_distance=body.score_threshold)
        asked = Asking(ground, GROUNDED, chat_model, tuple(names))
    return await complete(request, body, container, asked, base_url)


@router.post("/embeddings")
async def embeddings(body: EmbeddingRequest, container: ContainerDep) -> EmbeddingResponse:
    """Vectors of one text or of several, by the default embedding model or the one named."""
    texts = [body.input] if isinstance(body.input, str) else body.input
    vectors = await run_in_threadpool(_embed, container, body, texts)
    if body.dimensions and vectors and len(vectors[0]) != body.dimensions:
        name = body.model or container.embedder_choice.name
        raise OptionNotSupported(field="dimensions", name=name, **_own_size(len(vectors[0])))
    shown = [Embedding(index=number, embedding=_written(vector, body)) for number, vector in enumerate(vectors)]
    tokens = sum(map(estimate, texts))
    usage = TokenUsage(prompt_tokens=tokens, total_tokens=tokens)
    return EmbeddingResponse(model=body.model or container.embedder_choice.name, data=shown, usage=usage)


@router.post("/rerank")
async def rerank(body: RerankRequest, container: ContainerDep) -> RerankResponse:
    """Order documents by how well they answer a query, with the rerank model of the settings."""
    name, scores = await run_in_threadpool(_scores, container, body)
    order = sorted(range(len(scores)), key=lambda number: -scores[number])[: body.top_n]
    results = [
        Reranked(
            index=number,
            relevance_score=scores[number],
            document={"text": body.documents[number]} if body.return_documents else None,
        )
        for number in order
    ]
    return RerankResponse(id=uuid4().hex, model=name, results=results)


def named(model: str, container: Container) -> tuple[list[str], str]:
    """The knowledge bases and the chat model that a `model` means.

    A name that is one of a knowledge base wins over several names with `+` between them.

    Raises:
        KnowledgeBaseNotFound, BlankName, KnowledgeBaseForbidden: `kb:` with a name that leads nowhere.
    """
    if not model.startswith(KNOWLEDGE_BASE):
        return [], model
    whole, _, chat_model = model.removeprefix(KNOWLEDGE_BASE).partition(CHAT_MODEL_MARK)
    try:
        container.knowledge_bases.get(whole)
    except (KnowledgeBaseNotFound, KnowledgeBaseForbidden):
        # A key that is limited to A and B is not one for a knowledge base called "A+B".
        names = [name for name in whole.split(SEVERAL) if name]
        if len(names) < 2:
            raise
        for name in names:
            container.knowledge_bases.get(name)
        return names, chat_model
    return [whole], chat_model


def _own_size(size: int) -> dict[str, str]:
    return {"reason_en": f"its vectors have {size} numbers", "reason_zh": f"它的向量固定为 {size} 维"}


def _scores(container: Container, body: RerankRequest) -> tuple[str, list[float]]:
    reranking = container.reranking.present()
    if reranking is None:
        raise ModelUnavailable(
            name=body.model or "rerank",
            reason_en="no rerank model of models.rerank_preference is on this machine",
            reason_zh="本机没有 models.rerank_preference 中的任何重排模型",
        )
    model = reranking.model()
    if body.model not in ("", model.name):
        raise ModelNotFound(name=body.model, known=model.name)
    return model.name, model.score(body.query, body.documents)


def _embed(container: Container, body: EmbeddingRequest, texts: Sequence[str]) -> list[list[float]]:
    model = container.embedders.get(body.model).model
    if body.input_type == "query":
        return [model.embed_query(text) for text in texts]
    return model.embed_documents(list(texts))


def _written(vector: Sequence[float], body: EmbeddingRequest) -> list[float] | str:
    if body.encoding_format == "float":
        return [float(value) for value in vector]
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
