"""SQL of the checks that compare what is written down of files with their chunks."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.db.repositories import STAGED
from server.db.tables import ChunkRow, FileRow


def chunk_numbers(session: Session, knowledge_base_id: int) -> dict[int, tuple[int, int]]:
    """(number of chunks, highest ordinal) by file id, those that somebody hid among them; not of files without any."""
    query = (
        select(ChunkRow.file_id, func.count(), func.max(ChunkRow.ordinal))
        .join(FileRow, (ChunkRow.file_id == FileRow.id) & (ChunkRow.generation == FileRow.generation))
        .where(FileRow.knowledge_base_id == knowledge_base_id, ChunkRow.state != STAGED)
        .group_by(ChunkRow.file_id)
    )
    return {row[0]: (row[1], row[2]) for row in session.execute(query)}
