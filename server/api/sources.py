"""Hits → sources on the wire, and the Markdown strings that 0.2.10 calls `docs`."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from pydantic import ValidationError

from server.api.schemas.chat import Source
from server.chat.marks import excerpt, marks
from server.types import Hit

_FROM_META = ("page", "row", "slide", "sheet", "rows", "lines", "part", "boxes", "headings", "chunk_ids")
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
    own: dict[str, Any] = {
        "index": number,
        "knowledge_base": chunk.knowledge_base,
        "file": chunk.file,
        "score": round(hit.relevance, 4),
        "text": chunk.text,
        "url": _url(hit, base_url),
        "chunk_ids": [chunk.id],
        "marks": found,
        "excerpt": excerpt(chunk.text, found),
    }
    told = {name: chunk.meta[name] for name in _FROM_META if name in chunk.meta}
    try:
        return Source.model_validate({**own, **told})
    except ValidationError as error:
        # A reader of somebody else's may call other things by these names, and the question must be answered.
        odd = {item["loc"][0] for item in error.errors()}
        return Source.model_validate({**own, **{name: value for name, value in told.items() if name not in odd}})


def _url(hit: Hit, base_url: str) -> str:
    chunk = hit.chunk
    if chunk.knowledge_base:
        return download_url(base_url, chunk.knowledge_base, chunk.file)
    return str(chunk.meta.get("url", ""))
