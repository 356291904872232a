"""All SQL of summaries. Functions take the session of the caller's unit of work and never commit."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from server.db.chunks import find_chunk
from server.db.repositories import REMOVING, SHOWN
from server.db.summary_tables import SummaryRow
from server.db.tables import ChunkRow, FileRow

ACTIVE = ("queued", "running")


def summaries(session: Session, knowledge_base_id: int) -> list[tuple[SummaryRow, FileRow | None]]:
    """The summaries of a knowledge base with their files: its own first, then by file name."""
    query = (
        select(SummaryRow, FileRow)
        .outerjoin(FileRow, SummaryRow.file_id == FileRow.id)
        .where(SummaryRow.knowledge_base_id == knowledge_base_id)
        .where(SummaryRow.file_id.is_(None) | (FileRow.state != REMOVING))
    )
    found = [(summary, file) for summary, file in session.execute(query)]
    return sorted(found, key=lambda pair: pair[1].name if pair[1] else "")


def find_summary(session: Session, knowledge_base_id: int, file_id: int | None) -> SummaryRow | None:
    """The summary of a file, or of the knowledge base itself."""
    return session.scalar(
        select(SummaryRow).where(SummaryRow.knowledge_base_id == knowledge_base_id, SummaryRow.file_id == file_id)
    )


def get_summary(session: Session, summary_id: int) -> tuple[SummaryRow, FileRow | None] | None:
    """One summary with its file."""
    query = select(SummaryRow, FileRow).outerjoin(FileRow, SummaryRow.file_id == FileRow.id)
    return next(((row, file) for row, file in session.execute(query.where(SummaryRow.id == summary_id))), None)


def queue_summary(
    session: Session, knowledge_base_id: int, file_id: int | None, values: Mapping[str, Any]
) -> SummaryRow:
    """Put a new summary in the place of an old one. The old text stays until there is a new one."""
    row = find_summary(session, knowledge_base_id, file_id)
    if row is None:
        row = SummaryRow(knowledge_base_id=knowledge_base_id, file_id=file_id)
        session.add(row)
    row.state, row.done, row.total, row.error_code, row.error_detail, row.finished = "queued", 0, 0, "", {}, None
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()
    return row


def change_summary(session: Session, summary_id: int, values: Mapping[str, Any]) -> None:
    """Write down how far a summary has come; one that was deleted meanwhile stays away."""
    session.execute(update(SummaryRow).where(SummaryRow.id == summary_id).values(**values))


def delete_summary(session: Session, summary_id: int) -> None:
    """Forget a summary."""
    session.execute(delete(SummaryRow).where(SummaryRow.id == summary_id))


def active_summaries(session: Session) -> list[int]:
    """Ids of the summaries that are queued or were interrupted, in the order they were asked for."""
    return list(session.scalars(select(SummaryRow.id).where(SummaryRow.state.in_(ACTIVE)).order_by(SummaryRow.id)))


def searchable_files(session: Session, knowledge_base_id: int) -> list[FileRow]:
    """The files that have chunks to be found, by name."""
    query = select(FileRow).where(FileRow.knowledge_base_id == knowledge_base_id, FileRow.state != REMOVING)
    return [file for file in session.scalars(query.order_by(FileRow.name)) if file.generation > 0]


def digest(files: Iterable[FileRow]) -> str:
    """The hash of what a knowledge base holds."""
    names = "\n".join(f"{file.sha256} {file.name}" for file in files)
    return hashlib.sha256(names.encode()).hexdigest()


def chunk_texts(session: Session, file: FileRow) -> list[str]:
    """The texts of the shown chunks of a file, in reading order."""
    query = select(ChunkRow.text).where(
        ChunkRow.file_id == file.id, ChunkRow.generation == file.generation, ChunkRow.state == SHOWN
    )
    return list(session.scalars(query.order_by(ChunkRow.ordinal)))


def texts_of(session: Session, knowledge_base_id: int, ids: Iterable[int]) -> dict[int, str]:
    """The texts of single chunks by the ids people see; ids that are no chunk of the knowledge base are left out."""
    found = {public: find_chunk(session, knowledge_base_id, public) for public in ids}
    return {public: pair[0].text for public, pair in found.items() if pair is not None}
