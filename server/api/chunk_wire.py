"""Chunks and hits → what travels to clients, and the changes clients ask for."""

from collections.abc import Sequence
from typing import Any

from server.api.schemas.chunks import ChunkChange, ChunkDetails, ChunkPage, ChunkWithNeighbours, DocumentIn
from server.api.schemas.search import Condition, Explanation, FoundChunk, HybridSearch, IndexExplanation, Neighbour
from server.errors import ChunkNotFound
from server.knowledge_base import chunk_desk
from server.knowledge_base.chunk_desk import ChunkInfo
from server.knowledge_base.chunk_editor import Change
from server.knowledge_base.filters import Filters
from server.knowledge_base.search import Query
from server.types import Chunk, Hit

Around = tuple[Sequence[ChunkInfo], Sequence[ChunkInfo]]
"""The chunks before and after one."""


def found_document(chunk: Chunk, score: float) -> dict[str, Any]:
    """A chunk as an element of `search_docs`; a plain dictionary, as checking it would take longer than the search."""
    metadata = {**chunk.meta, "source": chunk.file, "id": str(chunk.id)}
    document = {"page_content": chunk.text, "metadata": metadata, "type": "Document"}
    return {**document, "id": str(chunk.id), "score": score}


def chunk_number(text: str, knowledge_base: str) -> int:
    """The id of a chunk. Raises `ChunkNotFound` for what is no number."""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ChunkNotFound(id=text[:40], knowledge_base=knowledge_base)
    return int(text)


def chunk_details(chunk: ChunkInfo) -> ChunkDetails:
    """All that is known of a chunk."""
    return ChunkDetails.model_validate({**vars(chunk), "id": str(chunk.id), "metadata": dict(chunk.meta)})


def chunk_page(found: chunk_desk.ChunkPage, page: int, page_size: int) -> ChunkPage:
    """A page of chunks."""
    chunks = [chunk_details(chunk) for chunk in found.chunks]
    return ChunkPage(total=found.total, page=page, page_size=page_size, chunks=chunks)


def chunk_with_neighbours(chunk: ChunkInfo, around: Around) -> ChunkWithNeighbours:
    """A chunk and those beside it."""
    before, after = ([chunk_details(each) for each in side] for side in around)
    return ChunkWithNeighbours(**chunk_details(chunk).model_dump(), before=before, after=after)


def change_of(change: ChunkChange, knowledge_base: str) -> Change:
    """What a client asks to change."""
    state = None if change.enabled is None else "shown" if change.enabled else "disabled"
    return Change(chunk_number(change.id, knowledge_base), change.text, change.metadata, state)


def replacement_of(public: str, document: DocumentIn | None, knowledge_base: str) -> Change:
    """What `update_docs_by_id` asks to change; null deletes."""
    number = chunk_number(public, knowledge_base)
    if document is None:
        return Change(number, text="")
    return Change(number, document.page_content, document.own_metadata or None)


def query_of(body: HybridSearch) -> Query:
    """What is looked for."""
    filters = {
        name: wanted.model_dump(by_alias=True, exclude_none=True) if isinstance(wanted, Condition) else wanted
        for name, wanted in body.filters.items()
    }
    distance = None if body.min_score is None else 2 * (1 - body.min_score)
    limits = Filters.of(body.files, filters)
    return Query(body.query, body.top_k, distance, limits, body.rerank, distinct=body.distinct)


def found_chunk(hit: Hit, fused: float, around: Around) -> FoundChunk:
    """A hit with its explanation; `fused` is its relevance before it was reranked."""
    before, after = (
        [Neighbour(id=str(each.id), ordinal=each.ordinal, text=each.text) for each in side] for side in around
    )
    return FoundChunk(
        id=str(hit.chunk.id),
        knowledge_base=hit.chunk.knowledge_base,
        file=hit.chunk.file,
        ordinal=hit.chunk.ordinal,
        text=hit.chunk.text,
        metadata=dict(hit.chunk.meta),
        score=hit.relevance,
        explanation=Explanation(
            dense=IndexExplanation(rank=hit.dense_rank, score=hit.dense),
            lexical=IndexExplanation(rank=hit.lexical_rank, score=hit.lexical),
            fused=fused,
            rerank=hit.rerank,
        ),
        before=before,
        after=after,
    )
