"""What there is, as numbers. Functions take the session of the caller and change nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.db.tables import ChunkRow, FileRow, JobRow, KnowledgeBaseRow


@dataclass(frozen=True)
class Statistics:
    """Numbers over all knowledge bases; `failures` counts files that could not be read, by the code of the error."""

    knowledge_bases: int
    chunks: int
    jobs: Mapping[str, int]
    files: Mapping[str, int]
    failures: Mapping[str, int]


def statistics(session: Session) -> Statistics:
    """Everything as it is now."""
    failed = select(FileRow.error_code, func.count()).where(FileRow.state == "failed").group_by(FileRow.error_code)
    return Statistics(
        knowledge_bases=session.scalar(select(func.count()).select_from(KnowledgeBaseRow)) or 0,
        chunks=session.scalar(select(func.count()).select_from(ChunkRow)) or 0,
        jobs={row[0]: row[1] for row in session.execute(select(JobRow.state, func.count()).group_by(JobRow.state))},
        files={row[0]: row[1] for row in session.execute(select(FileRow.state, func.count()).group_by(FileRow.state))},
        failures={row[0]: row[1] for row in session.execute(failed)},
    )
