"""How a file would be split."""

from typing import Any

from pydantic import BaseModel, Field

from server.api.schemas.base import BaseResponse
from server.api.schemas.knowledge_bases import IngestSettings


class PreviewedChunk(BaseModel):
    """A chunk that would be made; `indexed` is what searches would see of it: title and headings, then the text."""

    text: str
    indexed: str
    metadata: dict[str, Any]


class Preview(BaseModel):
    """The first of `total` chunks, with how they were made. Lengths are in characters, over all of them."""

    total: int
    shortest: int
    longest: int
    average: int
    loader: str
    splitter: str
    pages: int
    settings: IngestSettings
    chunks: list[PreviewedChunk] = Field(default_factory=list)


class PreviewResponse(BaseResponse):
    """POST /knowledge_base/preview_chunks."""

    data: Preview | None = None
