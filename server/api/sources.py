"""Hits → sources on the wire, and the Markdown strings that 0.2.10 calls `docs`."""

from collections.abc import Sequence
from urllib.parse import urlencode

from server.api.schemas.chat import Source
from server.chat.marks import excerpt, marks
from server.types import Hit

_PLACES = ("page", "row", "slide", "sheet", "rows", "lines", "part", "boxes")
_LINK_SPECIAL = str.maketrans({mark: f"\\{mark}" for mark in "\\[]"})


def sources_of(hits: Sequence[Hit], question: str, base_url: str) -> list[Source]:
    """The sources of an answer, numbered as its [n] marks are."""
    return [_source(number, hit, question, base_url) for number, hit in enumerate(hits, 1)]


def markdown(source: Source) -> str:
    """A source as 0.2.10 writes it; a page of the internet is named by its address."""
    name = source.file if source.knowledge_base or not source.url else source.url
    shown = name.translate(_LINK_SPECIAL)
    link = f"[{shown}]({source.url})" if source.url else f"[{shown}]"
    return f"出处 [{source.index}] {link} \n\n{source.text}\n\n"


def download_url(base_url: str, knowledge_base: str, file: str) -> str:
    """Where a client gets a file from."""
    query = urlencode({"knowledge_base_name": knowledge_base, "file_name": file})
    return f"{base_url.rstrip('/')}/knowledge_base/download_doc?{query}"


def _source(number: int, hit: Hit, question: str, base_url: str) -> Source:
    chunk = hit.chunk
    found = marks(question, chunk.text)
    return Source(
        index=number,
        knowledge_base=chunk.knowledge_base,
        file=chunk.file,
        score=round(hit.relevance, 4),
        text=chunk.text,
        headings=list(chunk.meta.get("headings", ())),
        url=_url(hit, base_url),
        chunk_ids=list(chunk.meta.get("chunk_ids", (chunk.id,))),
        marks=found,
        excerpt=excerpt(chunk.text, found),
        **{name: chunk.meta.get(name) for name in _PLACES},
    )


def _url(hit: Hit, base_url: str) -> str:
    chunk = hit.chunk
    if chunk.knowledge_base:
        return download_url(base_url, chunk.knowledge_base, chunk.file)
    return str(chunk.meta.get("url", ""))
