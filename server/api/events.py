"""Chat events → the events of the 0.2.10 API: `text`, or `answer` … and `docs` last."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from urllib.parse import urlencode

from server.analysis import has_cjk
from server.api.schemas.chat import Source
from server.api.sse import Events
from server.types import ChatEvent, Hit, SourcesFound, Token

Answer = AsyncGenerator[ChatEvent, None]
_NO_SOURCE_ZH = "<span style='color:red'>知识库中没有与问题相符的文档，以下回答没有文档依据。</span>"
_NO_SOURCE_EN = "<span style='color:red'>No document of the knowledge base matches the question.</span>"
_PLACES = ("page", "row", "slide", "sheet", "rows", "lines", "part", "boxes")
_LINK_SPECIAL = str.maketrans({mark: f"\\{mark}" for mark in "\\[]"})


async def plain_events(answer: Answer, message_id: str, *, stream: bool) -> Events:
    """`{"text", "message_id"}` for each token, or once for all of them."""
    pieces: list[str] = []
    async with aclosing(answer):
        async for event in answer:
            if not isinstance(event, Token):
                continue
            if stream:
                yield {"text": event.text, "message_id": message_id}
            pieces.append(event.text)
    if not stream:
        yield {"text": "".join(pieces), "message_id": message_id}


async def grounded_events(answer: Answer, question: str, base_url: str, *, stream: bool, sources_first: bool) -> Events:
    """`{"answer"}` for each token and `{"docs", "sources"}` last, or all in one event."""
    pieces: list[str] = []
    last: dict[str, Any] = {}
    async with aclosing(answer):
        async for event in answer:
            if isinstance(event, SourcesFound):
                last = _references(event.hits, question, base_url)
                if stream and sources_first:
                    yield {"sources": last["sources"]}
            elif isinstance(event, Token):
                if stream:
                    yield {"answer": event.text}
                pieces.append(event.text)
    yield last if stream else {"answer": "".join(pieces), **last}


def download_url(base_url: str, knowledge_base: str, file: str) -> str:
    """Where a client gets a file from."""
    query = urlencode({"knowledge_base_name": knowledge_base, "file_name": file})
    return f"{base_url.rstrip('/')}/knowledge_base/download_doc?{query}"


def _references(hits: tuple[Hit, ...], question: str, base_url: str) -> dict[str, Any]:
    sources = [_source(number, hit, base_url) for number, hit in enumerate(hits, 1)]
    docs = [_markdown(source) for source in sources]
    notice = _NO_SOURCE_ZH if has_cjk(question) else _NO_SOURCE_EN
    return {"docs": docs or [notice], "sources": [source.model_dump() for source in sources]}


def _source(number: int, hit: Hit, base_url: str) -> Source:
    chunk = hit.chunk
    return Source(
        index=number,
        knowledge_base=chunk.knowledge_base,
        file=chunk.file,
        score=round(hit.relevance, 4),
        text=chunk.text,
        headings=list(chunk.meta.get("headings", ())),
        url=download_url(base_url, chunk.knowledge_base, chunk.file),
        **{name: chunk.meta.get(name) for name in _PLACES},
    )


def _markdown(source: Source) -> str:
    """The reference as 0.2.10 writes it."""
    return f"出处 [{source.index}] [{source.file.translate(_LINK_SPECIAL)}]({source.url}) \n\n{source.text}\n\n"
