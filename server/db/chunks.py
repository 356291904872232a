"""SQL of single chunks: find, look through, change. Functions take the caller's session and never commit."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, case, delete, func, or_, select, update
from sqlalchemy.orm import Session

from server.db.repositories import DELETED, DISABLED, SHOWN, STAGED, NewChunk
from server.db.tables import ChunkRow, FileRow

STANDING = (ChunkRow.generation == FileRow.generation) & ChunkRow.state.in_((SHOWN, DISABLED))
"""Chunks that people may look at and change."""


@dataclass(frozen=True)
class Counted:
    """Chunks of a file that are disabled, and those that somebody changed, added or disabled."""

    disabled: int = 0
    changed: int = 0


@dataclass(frozen=True)
class Wanted:
    """Which chunks a page shows: of one file, in one state, holding a text; "" means any."""

    file: str = ""
    state: str = ""
    text: str = ""


def find_chunk(session: Session, knowledge_base_id: int, public: int) -> tuple[ChunkRow, FileRow] | None:
    """The chunk that people see under this id, with its file."""
    if public < 1:
        return None
    query = _standing(knowledge_base_id).where(
        or_(ChunkRow.public == public, and_(ChunkRow.public == 0, ChunkRow.id == public))
    )
    return next(((chunk, file) for chunk, file in session.execute(query)), None)


def page_of_chunks(
    session: Session, knowledge_base_id: int, wanted: Wanted, offset: int, limit: int
) -> tuple[int, list[tuple[ChunkRow, FileRow]]]:
    """How many chunks there are, and a page of them in reading order."""
    query = _standing(knowledge_base_id)
    if wanted.file:
        query = query.where(FileRow.name == wanted.file)
    if wanted.state:
        query = query.where(ChunkRow.state == wanted.state)
    if wanted.text:
        query = query.where(ChunkRow.text.contains(wanted.text, autoescape=True))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    page = query.order_by(FileRow.name, ChunkRow.ordinal).offset(offset).limit(limit)
    return total, [(chunk, file) for chunk, file in session.execute(page)]


def neighbours(session: Session, file: FileRow, ordinal: int, count: int) -> list[ChunkRow]:
    """Up to `count` shown chunks before and after a place in a file, in reading order."""
    shown = select(ChunkRow).where(
        ChunkRow.file_id == file.id, ChunkRow.generation == file.generation, ChunkRow.state == SHOWN
    )
    before = shown.where(ChunkRow.ordinal < ordinal).order_by(ChunkRow.ordinal.desc()).limit(count)
    after = shown.where(ChunkRow.ordinal > ordinal).order_by(ChunkRow.ordinal).limit(count)
    return [*reversed([*session.scalars(before)]), *session.scalars(after)]


def changed_chunks(session: Session, file: FileRow) -> list[ChunkRow]:
    """The chunks of a file that somebody changed, hid, deleted or added, in reading order."""
    mine = select(ChunkRow).where(ChunkRow.file_id == file.id, ChunkRow.generation == file.generation)
    return list(session.scalars(mine.where(ChunkRow.origin != "", ChunkRow.state != STAGED).order_by(ChunkRow.ordinal)))


def same_before(session: Session, chunk: ChunkRow, key: str) -> int:
    """How many chunks before this one were made of the same text; `key` is what their origin begins with."""
    alike = or_(and_(ChunkRow.origin == "", ChunkRow.text == chunk.text), ChunkRow.origin.startswith(key))
    query = select(func.count()).where(
        ChunkRow.file_id == chunk.file_id,
        ChunkRow.generation == chunk.generation,
        ChunkRow.ordinal < chunk.ordinal,
        ChunkRow.state != STAGED,
        alike,
    )
    return session.scalar(query) or 0


def last_ordinal(session: Session, file: FileRow) -> int:
    """Place of a file's last chunk, -1 without any."""
    mine = (ChunkRow.file_id == file.id, ChunkRow.generation == file.generation, ChunkRow.state != STAGED)
    highest = session.scalar(select(func.max(ChunkRow.ordinal)).where(*mine))
    return -1 if highest is None else highest


def at_ordinal(session: Session, file: FileRow, ordinal: int) -> ChunkRow | None:
    """The chunk at a place of a file, whatever its state."""
    mine = (ChunkRow.file_id == file.id, ChunkRow.generation == file.generation, ChunkRow.state != STAGED)
    return session.scalar(select(ChunkRow).where(*mine, ChunkRow.ordinal == ordinal))


def make_room(session: Session, file: FileRow, ordinal: int) -> None:
    """Move the chunks from this place on by one."""
    mine = (ChunkRow.file_id == file.id, ChunkRow.generation == file.generation, ChunkRow.state != STAGED)
    moved = update(ChunkRow).where(*mine, ChunkRow.ordinal >= ordinal).values(ordinal=ChunkRow.ordinal + 1)
    session.execute(moved, execution_options={"synchronize_session": False})


def insert(session: Session, file: FileRow, ordinal: int, chunk: NewChunk) -> int:
    """Insert one chunk into the present generation of a file; returns its id."""
    row = ChunkRow(
        file_id=file.id,
        generation=file.generation,
        ordinal=ordinal,
        text=chunk.text,
        meta=dict(chunk.meta),
        public=chunk.public,
        state=chunk.state,
        origin=chunk.origin,
    )
    session.add(row)
    session.flush()
    return row.id


def hide(session: Session, chunk_id: int, state: str, origin: str) -> None:
    """Disable a chunk, or delete it: then only the place it came from is kept."""
    emptied: dict[str, Any] = {"text": "", "meta": {}} if state == DELETED else {}
    session.execute(update(ChunkRow).where(ChunkRow.id == chunk_id).values(state=state, origin=origin, **emptied))


def set_state(session: Session, chunk_id: int, state: str) -> None:
    """Take a staged chunk into its state."""
    session.execute(update(ChunkRow).where(ChunkRow.id == chunk_id).values(state=state))


def drop(session: Session, ids: Iterable[int]) -> None:
    """Delete rows that newer ones have replaced."""
    session.execute(delete(ChunkRow).where(ChunkRow.id.in_([*ids])))


def counted(session: Session, knowledge_base_id: int) -> dict[int, Counted]:
    """How many chunks are disabled or changed, by file id; files with neither are not in it."""
    disabled = func.sum(case((ChunkRow.state == DISABLED, 1), else_=0))
    query = (
        select(ChunkRow.file_id, disabled, func.count())
        .join(FileRow, (ChunkRow.file_id == FileRow.id) & STANDING)
        .where(FileRow.knowledge_base_id == knowledge_base_id, ChunkRow.origin != "")
        .group_by(ChunkRow.file_id)
    )
    return {row[0]: Counted(int(row[1] or 0), row[2]) for row in session.execute(query)}


def _standing(knowledge_base_id: int) -> Select[ChunkRow, FileRow]:
    return (
        select(ChunkRow, FileRow)
        .join(FileRow, (ChunkRow.file_id == FileRow.id) & STANDING)
        .where(FileRow.knowledge_base_id == knowledge_base_id)
    )
