"""The chunks of a knowledge base one by one: look through them, and change them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from configs import Settings
from server.db import chunks as chunk_rows
from server.db.chunks import Wanted
from server.db.session import Database
from server.db.tables import ChunkRow, FileRow, KnowledgeBaseRow
from server.errors import ChunkNotFound
from server.knowledge_base.chunk_editor import Addition, Change, ChunkEditor
from server.knowledge_base.edits import HAND, is_edited
from server.knowledge_base.embedders import Embedders
from server.knowledge_base.index import IndexPool
from server.knowledge_base.lookup import named
from server.knowledge_base.names import Layout
from server.types import Chunk


@dataclass(frozen=True)
class ChunkInfo:
    """A chunk as people work on it: shown or disabled, with its text changed (`edited`), or added by hand."""

    id: int
    file: str
    ordinal: int
    text: str
    meta: Mapping[str, Any]
    state: str
    edited: bool
    by_hand: bool


@dataclass(frozen=True)
class ChunkPage:
    """Chunks in reading order, and how many there are beyond this page."""

    total: int
    chunks: list[ChunkInfo] = field(default_factory=list)


class ChunkDesk:
    """Every method may be called from any thread."""

    def __init__(self, settings: Settings, database: Database, indexes: IndexPool, embedders: Embedders) -> None:
        self._settings = settings
        self._database = database
        self._indexes = indexes
        self._embedders = embedders

    def page(self, name: str, wanted: Wanted, *, offset: int, limit: int) -> ChunkPage:
        """A page of chunks. Raises `KnowledgeBaseNotFound`, `BadName`."""
        kb = named(self._database, name)
        with self._database.read() as session:
            total, found = chunk_rows.page_of_chunks(session, kb.id, wanted, offset, limit)
            return ChunkPage(total, [_info(chunk, file) for chunk, file in found])

    def get(self, name: str, public: int) -> ChunkInfo:
        """One chunk. Raises `ChunkNotFound`, `KnowledgeBaseNotFound`."""
        kb = named(self._database, name)
        with self._database.read() as session:
            found = chunk_rows.find_chunk(session, kb.id, public)
            if found is None:
                raise ChunkNotFound(id=public, knowledge_base=kb.name)
            return _info(*found)

    def neighbours(self, name: str, public: int, count: int) -> tuple[list[ChunkInfo], list[ChunkInfo]]:
        """Up to `count` shown chunks before and after one, in reading order. Raises `ChunkNotFound`."""
        kb = named(self._database, name)
        with self._database.read() as session:
            found = chunk_rows.find_chunk(session, kb.id, public)
            if found is None:
                raise ChunkNotFound(id=public, knowledge_base=kb.name)
            chunk, file = found
            around = chunk_rows.neighbours(session, file, chunk.ordinal, count)
            infos = [_info(each, file) for each in around]
        return [i for i in infos if i.ordinal < chunk.ordinal], [i for i in infos if i.ordinal > chunk.ordinal]

    def around(self, chunks: Iterable[Chunk], count: int) -> dict[int, tuple[list[ChunkInfo], list[ChunkInfo]]]:
        """The neighbours of found chunks, by id; a chunk that went meanwhile has none."""
        found: dict[int, tuple[list[ChunkInfo], list[ChunkInfo]]] = {}
        for chunk in chunks:
            try:
                found[chunk.id] = self.neighbours(chunk.knowledge_base, chunk.id, count)
            except ChunkNotFound:
                found[chunk.id] = ([], [])
        return found

    def change(self, name: str, changes: Sequence[Change]) -> None:
        """See `ChunkEditor.change`."""
        kb = named(self._database, name)
        self._editor(kb).change(kb, changes)

    def add(self, name: str, addition: Addition) -> ChunkInfo:
        """See `ChunkEditor.add`."""
        kb = named(self._database, name)
        return self.get(name, self._editor(kb).add(kb, addition))

    def _editor(self, kb: KnowledgeBaseRow) -> ChunkEditor:
        layout = Layout.of(self._settings.paths.knowledge_base, kb.name)
        return ChunkEditor(self._database, self._indexes, self._embedders, layout)


def _info(chunk: ChunkRow, file: FileRow) -> ChunkInfo:
    by_hand = chunk.origin.startswith(HAND)
    return ChunkInfo(
        id=chunk.public or chunk.id,
        file=file.name,
        ordinal=chunk.ordinal,
        text=chunk.text,
        meta=chunk.meta,
        state=chunk.state,
        edited=not by_hand and is_edited(chunk),
        by_hand=by_hand,
    )
