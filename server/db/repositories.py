"""All SQL of Zhiwen. Functions take the session of the caller's unit of work, compare names with `=`, never commit.

Rows come back detached and are read as plain records.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, case, delete, func, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.db.jobs import ACTIVE
from server.db.tables import ChunkRow, FileRow, JobRow, KnowledgeBaseRow
from server.errors import KnowledgeBaseExists
from server.types import Chunk

T = TypeVar("T")
REMOVING = "removing"
SHOWN, DISABLED, DELETED, STAGED = "shown", "disabled", "deleted", "staged"
VISIBLE = (ChunkRow.generation == FileRow.generation) & (ChunkRow.state == SHOWN)
BATCH = 500  # SQLite takes a limited number of variables in one statement


@dataclass(frozen=True)
class Counts:
    """What a knowledge base holds: files, visible chunks, failed files, and the bytes of its files."""

    files: int = 0
    chunks: int = 0
    failed: int = 0
    file_bytes: int = 0


@dataclass(frozen=True)
class NewChunk:
    """A chunk before it has an id; see `ChunkRow` for the fields."""

    text: str
    meta: Mapping[str, Any]
    public: int = 0
    state: str = SHOWN
    origin: str = ""


# Statements of every search are built once: building one takes as long as running it.
_KNOWLEDGE_BASE_BY_KEY = select(*inspect(KnowledgeBaseRow).columns).where(KnowledgeBaseRow.key == bindparam("key"))
_CHUNKS = (
    select(
        ChunkRow.id,
        ChunkRow.public,
        ChunkRow.ordinal,
        ChunkRow.text,
        ChunkRow.meta,
        FileRow.name,
        KnowledgeBaseRow.name,
    )
    .join(FileRow, (ChunkRow.file_id == FileRow.id) & VISIBLE)
    .join(KnowledgeBaseRow, FileRow.knowledge_base_id == KnowledgeBaseRow.id)
    .order_by(FileRow.name, ChunkRow.ordinal)
)
_CHUNKS_BY_ID = _CHUNKS.where(ChunkRow.id.in_(bindparam("ids", expanding=True)))


def _batches(ids: Iterable[T]) -> Iterable[list[T]]:
    every = list(ids)
    return (every[start : start + BATCH] for start in range(0, len(every), BATCH))


def knowledge_bases(session: Session) -> list[KnowledgeBaseRow]:
    """All knowledge bases, oldest first."""
    return list(session.scalars(select(KnowledgeBaseRow).order_by(KnowledgeBaseRow.id)))


def find_knowledge_base(connection: Connection, key: str) -> KnowledgeBaseRow | None:
    """The knowledge base with this key (its name without regard to case)."""
    found = connection.execute(_KNOWLEDGE_BASE_BY_KEY, {"key": key}).first()
    return KnowledgeBaseRow(**found._asdict()) if found is not None else None


def add_knowledge_base(session: Session, row: KnowledgeBaseRow) -> None:
    """Insert a knowledge base. Raises `KnowledgeBaseExists` when the name is taken."""
    if find_knowledge_base(session.connection(), row.key) is not None:
        raise KnowledgeBaseExists(name=row.name)
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise KnowledgeBaseExists(name=row.name) from error


def get_knowledge_base(session: Session, knowledge_base_id: int) -> KnowledgeBaseRow | None:
    """The knowledge base with this id."""
    return session.get(KnowledgeBaseRow, knowledge_base_id)


def delete_knowledge_base(session: Session, knowledge_base_id: int) -> None:
    """Delete a knowledge base with its files and chunks."""
    files = select(FileRow.id).where(FileRow.knowledge_base_id == knowledge_base_id)
    session.execute(delete(JobRow).where(JobRow.knowledge_base_id == knowledge_base_id))
    session.execute(delete(ChunkRow).where(ChunkRow.file_id.in_(files)))
    session.execute(delete(FileRow).where(FileRow.knowledge_base_id == knowledge_base_id))
    session.execute(delete(KnowledgeBaseRow).where(KnowledgeBaseRow.id == knowledge_base_id))


def count(session: Session, knowledge_base_id: int | None = None) -> dict[int, Counts]:
    """Counts of every knowledge base, or of one, by its id."""
    mine = (FileRow.knowledge_base_id == knowledge_base_id,) if knowledge_base_id is not None else ()
    failed = func.sum(case((FileRow.state == "failed", 1), else_=0))
    files = (
        select(FileRow.knowledge_base_id, func.count(), failed, func.sum(FileRow.size))
        .where(FileRow.state != REMOVING, *mine)
        .group_by(FileRow.knowledge_base_id)
    )
    chunks = (
        select(FileRow.knowledge_base_id, func.count())
        .join(ChunkRow, (ChunkRow.file_id == FileRow.id) & VISIBLE)
        .where(*mine)
        .group_by(FileRow.knowledge_base_id)
    )
    visible = {row[0]: row[1] for row in session.execute(chunks)}
    return {
        owner: Counts(total, visible.get(owner, 0), int(bad or 0), int(size or 0))
        for owner, total, bad, size in session.execute(files)
    }


def files(session: Session, knowledge_base_id: int) -> list[FileRow]:
    """All files of a knowledge base, by name, without those that are being removed."""
    mine = select(FileRow).where(FileRow.knowledge_base_id == knowledge_base_id)
    return list(session.scalars(mine.where(FileRow.state != REMOVING).order_by(FileRow.name)))


def removing_files(session: Session, knowledge_base_id: int) -> list[FileRow]:
    """Files that are gone for everybody, but whose bytes may still lie on disk."""
    mine = select(FileRow).where(FileRow.knowledge_base_id == knowledge_base_id)
    return list(session.scalars(mine.where(FileRow.state == REMOVING)))


def find_file(session: Session, knowledge_base_id: int, name: str) -> FileRow | None:
    """One file by its exact name."""
    return session.scalar(select(FileRow).where(FileRow.knowledge_base_id == knowledge_base_id, FileRow.name == name))


def get_or_add_file(session: Session, knowledge_base_id: int, name: str) -> FileRow:
    """One file by its exact name; a new row waits for its first generation."""
    file = find_file(session, knowledge_base_id, name)
    if file is None:
        file = FileRow(knowledge_base_id=knowledge_base_id, name=name, generation=0)
        session.add(file)
        session.flush()
    return file


def delete_unused_file(session: Session, file_id: int) -> None:
    """Delete the row of a file that never got a generation or a failure."""
    unused = delete(FileRow).where(FileRow.id == file_id, FileRow.state == "waiting", FileRow.generation == 0)
    # The rows read before need not be compared with it: that takes quadratic time over all files.
    session.execute(unused, execution_options={"synchronize_session": False})


def visible_ids_by_file(session: Session, knowledge_base_id: int) -> dict[int, list[int]]:
    """Ids of the visible chunks by file id."""
    query = (
        select(ChunkRow.file_id, ChunkRow.id)
        .join(FileRow, (ChunkRow.file_id == FileRow.id) & VISIBLE)
        .where(FileRow.knowledge_base_id == knowledge_base_id)
    )
    found: dict[int, list[int]] = {}
    for file_id, chunk_id in session.execute(query):
        found.setdefault(file_id, []).append(chunk_id)
    return found


def hashes(session: Session, knowledge_base_id: int) -> dict[str, str]:
    """Hashes of the bytes of a knowledge base's files, by name."""
    mine = select(FileRow.name, FileRow.sha256).where(FileRow.knowledge_base_id == knowledge_base_id)
    return {row[0]: row[1] for row in session.execute(mine.where(FileRow.sha256 != ""))}


def hashes_in_use(session: Session, sha256: Iterable[str]) -> set[str]:
    """Those of these hashes that some file, or some work that is not over, still has."""
    used: set[str] = set()
    for batch in _batches(sha256):
        used.update(session.scalars(select(FileRow.sha256).where(FileRow.sha256.in_(batch))))
        used.update(session.scalars(select(JobRow.sha256).where(JobRow.sha256.in_(batch), JobRow.state.in_(ACTIVE))))
    return used


def next_generation(session: Session, file: FileRow) -> int:
    """One more than the highest generation ever seen, so the rest of a crashed attempt cannot be taken for the new."""
    highest = session.scalar(select(func.max(ChunkRow.generation)).where(ChunkRow.file_id == file.id))
    return max(file.generation, highest or 0) + 1


def add_chunks(session: Session, file_id: int, generation: int, chunks: Sequence[NewChunk]) -> list[int]:
    """Insert chunks in reading order; they stay invisible until the file takes their generation. Returns their ids."""
    ids: list[int] = []
    for start in range(0, len(chunks), BATCH):
        rows = [
            ChunkRow(
                file_id=file_id,
                generation=generation,
                ordinal=ordinal,
                text=chunk.text,
                meta=dict(chunk.meta),
                public=chunk.public,
                state=chunk.state,
                origin=chunk.origin,
            )
            for ordinal, chunk in enumerate(chunks[start : start + BATCH], start)
        ]
        session.add_all(rows)
        session.flush()
        ids += [row.id for row in rows]
        # A session holds on to what it wrote, which for a table of 100,000 rows takes 500 MB.
        for row in rows:
            session.expunge(row)
    return ids


def delete_other_generations(session: Session, file_id: int, generation: int) -> list[int]:
    """Delete the chunks of all generations but this one. Returns the ids that are gone."""
    gone = list(
        session.scalars(select(ChunkRow.id).where(ChunkRow.file_id == file_id, ChunkRow.generation != generation))
    )
    session.execute(delete(ChunkRow).where(ChunkRow.file_id == file_id, ChunkRow.generation != generation))
    return gone


def delete_chunks(session: Session, ids: Iterable[int]) -> None:
    """Delete chunks by id."""
    for batch in _batches(ids):
        session.execute(delete(ChunkRow).where(ChunkRow.id.in_(batch)))


def delete_file(session: Session, file_id: int) -> list[int]:
    """Delete a file's row and its chunks. Returns the ids of the chunks."""
    ids = list(session.scalars(select(ChunkRow.id).where(ChunkRow.file_id == file_id)))
    session.execute(delete(ChunkRow).where(ChunkRow.file_id == file_id))
    session.execute(delete(FileRow).where(FileRow.id == file_id))
    return ids


def visible_chunks(connection: Connection, ids: Iterable[int]) -> dict[int, Chunk]:
    """The chunks among these ids of index entries that may be shown, by that id."""
    found: dict[int, Chunk] = {}
    for batch in _batches(ids):
        found.update(_as_chunks(connection.execute(_CHUNKS_BY_ID, {"ids": batch})))
    return found


def list_chunks(session: Session, knowledge_base_id: int, file_name: str = "") -> list[Chunk]:
    """All visible chunks of a knowledge base, or of one of its files, in reading order."""
    conditions = [FileRow.knowledge_base_id == knowledge_base_id]
    if file_name:
        conditions.append(FileRow.name == file_name)
    return [chunk for _, chunk in _as_chunks(session.execute(_CHUNKS.where(*conditions)))]


def _as_chunks(found: Iterable[Any]) -> list[tuple[int, Chunk]]:
    return [
        (entry, Chunk(public or entry, owner, file, ordinal, text, meta))
        for entry, public, ordinal, text, meta, file, owner in found
    ]


def visible_ids(session: Session, knowledge_base_id: int) -> set[int]:
    """Ids of all visible chunks of a knowledge base."""
    query = (
        select(ChunkRow.id)
        .join(FileRow, (ChunkRow.file_id == FileRow.id) & VISIBLE)
        .where(FileRow.knowledge_base_id == knowledge_base_id)
    )
    return set(session.scalars(query))


def visible_ids_of(session: Session, knowledge_base_id: int, names: Iterable[str]) -> set[int]:
    """Ids of the visible chunks of these files."""
    found: set[int] = set()
    for batch in _batches(names):
        query = select(ChunkRow.id).join(FileRow, (ChunkRow.file_id == FileRow.id) & VISIBLE)
        mine = query.where(FileRow.knowledge_base_id == knowledge_base_id, FileRow.name.in_(batch))
        found.update(session.scalars(mine))
    return found


def invisible_ids(session: Session, knowledge_base_id: int) -> set[int]:
    """Ids of chunks that an interrupted change left behind; those that somebody hid are none of them."""
    query = (
        select(ChunkRow.id)
        .join(FileRow, ChunkRow.file_id == FileRow.id)
        .where(FileRow.knowledge_base_id == knowledge_base_id)
        .where((ChunkRow.generation != FileRow.generation) | (ChunkRow.state == STAGED))
    )
    return set(session.scalars(query))
