"""Chunks one by one: look through them and change them."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from server.api.schemas.base import BaseResponse, Request
from server.api.schemas.places import Metadata

MAX_TEXT = 100_000


def _without_zero_bytes(text: str) -> str:
    """PostgreSQL takes none."""
    return text.replace("\0", "\ufffd")


ChunkText = Annotated[str, StringConstraints(max_length=MAX_TEXT), AfterValidator(_without_zero_bytes)]


class DocumentIn(Request):
    """A document as 0.2.10 clients send it; `source` and `id` of its metadata are ours to say."""

    page_content: ChunkText = ""
    metadata: Metadata = Field(default_factory=dict)

    @property
    def own_metadata(self) -> dict[str, Any]:
        """The metadata that is kept."""
        return {name: value for name, value in self.metadata.items() if name not in ("source", "id")}


class UpdateDocsById(Request):
    """POST /knowledge_base/update_docs_by_id: by chunk id the new document; null or an empty text deletes."""

    knowledge_base_name: str
    docs: dict[str, DocumentIn | None]


class ChunkDetails(BaseModel):
    """A chunk. `edited`: its text is not the file's; `by_hand`: somebody added it."""

    id: str
    file: str
    ordinal: int
    text: str
    metadata: dict[str, Any]
    state: Literal["shown", "disabled"]
    edited: bool
    by_hand: bool


class ChunkPage(BaseModel):
    """Chunks in reading order; `total` counts those of all pages."""

    total: int
    page: int
    page_size: int
    chunks: list[ChunkDetails] = Field(default_factory=list)


class ChunkPageResponse(BaseResponse):
    """GET /knowledge_base/chunks."""

    data: ChunkPage | None = None


class ChunkWithNeighbours(ChunkDetails):
    """A chunk and the shown ones before and after it, in reading order."""

    before: list[ChunkDetails] = Field(default_factory=list)
    after: list[ChunkDetails] = Field(default_factory=list)


class ChunkResponse(BaseResponse):
    """One chunk."""

    data: ChunkWithNeighbours | None = None


class AddChunk(Request):
    """POST /knowledge_base/chunks: after the chunk `after`, at the beginning ("0"), or at the end."""

    knowledge_base_name: str
    file_name: str
    text: ChunkText = Field(pattern=r"\S")
    metadata: Metadata = Field(default_factory=dict)
    after: str | None = None


class ChunkChange(Request):
    """What is left out stays as it is; an empty text deletes the chunk."""

    id: str
    text: ChunkText | None = None
    metadata: Metadata | None = None
    enabled: bool | None = None


class ChangeChunks(Request):
    """POST /knowledge_base/chunks/update: all of the changes are made, or none."""

    knowledge_base_name: str
    chunks: list[ChunkChange] = Field(min_length=1, max_length=1000)


class DeleteChunks(Request):
    """POST /knowledge_base/chunks/delete."""

    knowledge_base_name: str
    ids: list[str] = Field(min_length=1, max_length=1000)
