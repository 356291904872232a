"""Chunks of a knowledge base: look through them, edit, hide, delete, add; searchable at once."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from server.api.chunk_wire import (
    change_of,
    chunk_number,
    chunk_page,
    chunk_with_neighbours,
    replacement_of,
)
from server.api.deps import KnowledgeBasesDep
from server.api.schemas.base import BaseResponse
from server.api.schemas.chunks import (
    AddChunk,
    ChangeChunks,
    ChunkPageResponse,
    ChunkResponse,
    DeleteChunks,
    UpdateDocsById,
)
from server.db.chunks import Wanted
from server.knowledge_base.chunk_editor import Addition, Change

router = APIRouter(prefix="/knowledge_base", tags=["Chunks"])


@router.post("/update_docs_by_id")
def update_docs_by_id(body: UpdateDocsById, knowledge_bases: KnowledgeBasesDep) -> BaseResponse:
    """Change the texts of chunks, which keep their ids; null or an empty text deletes. All are changed, or none."""
    name = body.knowledge_base_name
    changes = [replacement_of(public, document, name) for public, document in body.docs.items()]
    knowledge_bases.chunk_desk.change(name, changes)
    return BaseResponse()


@router.get("/chunks")
def list_chunks(  # noqa: PLR0913  # the fields of the query
    knowledge_base_name: str,
    knowledge_bases: KnowledgeBasesDep,
    file_name: str = "",
    state: Annotated[Literal["", "shown", "disabled"], Query(description="empty: both")] = "",
    text: Annotated[str, Query(description="only chunks that hold this text", max_length=200)] = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=500)] = 20,
) -> ChunkPageResponse:
    """Chunks by page, in reading order, file by file."""
    wanted = Wanted(file_name, state, text)
    found = knowledge_bases.chunk_desk.page(knowledge_base_name, wanted, offset=(page - 1) * page_size, limit=page_size)
    return ChunkPageResponse(data=chunk_page(found, page, page_size))


@router.get("/chunks/{chunk_id}")
def get_chunk(
    chunk_id: str,
    knowledge_base_name: str,
    knowledge_bases: KnowledgeBasesDep,
    neighbours: Annotated[int, Query(ge=0, le=20)] = 1,
) -> ChunkResponse:
    """One chunk, and so many shown ones before and after it."""
    number = chunk_number(chunk_id, knowledge_base_name)
    desk = knowledge_bases.chunk_desk
    around = desk.neighbours(knowledge_base_name, number, neighbours)
    return ChunkResponse(data=chunk_with_neighbours(desk.get(knowledge_base_name, number), around))


@router.post("/chunks")
def add_chunk(body: AddChunk, knowledge_bases: KnowledgeBasesDep) -> ChunkResponse:
    """Add a chunk by hand to a file. It stays until it or the file is deleted, also when the file is read again."""
    after = None if body.after is None else chunk_number(body.after, body.knowledge_base_name)
    addition = Addition(body.file_name, body.text, body.metadata, after)
    chunk = knowledge_bases.chunk_desk.add(body.knowledge_base_name, addition)
    return ChunkResponse(data=chunk_with_neighbours(chunk, ((), ())))


@router.post("/chunks/update")
def change_chunks(body: ChangeChunks, knowledge_bases: KnowledgeBasesDep) -> BaseResponse:
    """Edit, disable or enable chunks, which keep their ids. All changes are made, or none."""
    name = body.knowledge_base_name
    knowledge_bases.chunk_desk.change(name, [change_of(change, name) for change in body.chunks])
    return BaseResponse()


@router.post("/chunks/delete")
def delete_chunks(body: DeleteChunks, knowledge_bases: KnowledgeBasesDep) -> BaseResponse:
    """Delete chunks; reading the file again does not bring them back while it makes the same pieces."""
    name = body.knowledge_base_name
    knowledge_bases.chunk_desk.change(name, [Change(chunk_number(each, name), text="") for each in body.ids])
    return BaseResponse()
