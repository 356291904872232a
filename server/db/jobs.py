"""All SQL of jobs. Functions take the session of the caller's unit of work and never commit."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, aliased

from server.caller import caller
from server.db.tables import JobRow, KnowledgeBaseRow

ACTIVE = ("queued", "running")
KEEP_FINISHED = 1000


def get_job(session: Session, job_id: int) -> JobRow | None:
    """One job."""
    return session.get(JobRow, job_id)


def list_jobs(
    session: Session, *, knowledge_base_id: int | None = None, states: Collection[str] = (), limit: int = 1000
) -> list[tuple[JobRow, str]]:
    """The newest jobs first, each with the name of its knowledge base; only those the caller may use."""
    query = select(JobRow, KnowledgeBaseRow.name).join(KnowledgeBaseRow).order_by(JobRow.id.desc()).limit(limit)
    allowed = caller().knowledge_bases
    if allowed is not None:
        query = query.where(KnowledgeBaseRow.key.in_(allowed))
    if knowledge_base_id is not None:
        query = query.where(JobRow.knowledge_base_id == knowledge_base_id)
    if states:
        query = query.where(JobRow.state.in_(states))
    return [(job, name) for job, name in session.execute(query)]


def find_named_job(session: Session, job_id: int) -> tuple[JobRow, str] | None:
    """One job with the name of its knowledge base."""
    found = session.execute(select(JobRow, KnowledgeBaseRow.name).join(KnowledgeBaseRow).where(JobRow.id == job_id))
    return next(((job, name) for job, name in found), None)


def count_active(session: Session) -> int:
    """Jobs that are queued or running."""
    return session.scalar(select(func.count()).select_from(JobRow).where(JobRow.state.in_(ACTIVE))) or 0


def active_jobs(session: Session) -> list[JobRow]:
    """Jobs that are queued or running, oldest first."""
    return list(session.scalars(select(JobRow).where(JobRow.state.in_(ACTIVE)).order_by(JobRow.id)))


def active_incoming(session: Session, knowledge_base_id: int) -> set[str]:
    """Names of uploads that a job still needs."""
    query = select(JobRow.incoming).where(JobRow.knowledge_base_id == knowledge_base_id, JobRow.state.in_(ACTIVE))
    return set(session.scalars(query))


def active_for_files(session: Session, knowledge_base_id: int, files: Sequence[str]) -> list[JobRow]:
    """Queued and running jobs of these files."""
    query = select(JobRow).where(
        JobRow.knowledge_base_id == knowledge_base_id, JobRow.state.in_(ACTIVE), JobRow.file.in_(files)
    )
    return list(session.scalars(query))


def overtaken_jobs(session: Session) -> list[JobRow]:
    """Active jobs of files for which a newer job was made that is not cancelled or failed."""
    newer = aliased(JobRow)
    later = select(newer.id).where(
        newer.knowledge_base_id == JobRow.knowledge_base_id,
        newer.file == JobRow.file,
        newer.id > JobRow.id,
        newer.state.in_((*ACTIVE, "done")),
    )
    return list(session.scalars(select(JobRow).where(JobRow.state.in_(ACTIVE), later.exists())))


def requeue_running(session: Session) -> int:
    """Put jobs that a crash interrupted back into the queue. Returns how many."""
    running = select(JobRow.id).where(JobRow.state == "running")
    ids = list(session.scalars(running))
    session.execute(update(JobRow).where(JobRow.id.in_(ids)).values(state="queued", stage="queued", page=0, pages=0))
    return len(ids)


def forget_old(session: Session) -> None:
    """Keep the list of finished jobs short."""
    newest = select(JobRow.id).where(JobRow.state.not_in(ACTIVE)).order_by(JobRow.id.desc()).limit(KEEP_FINISHED)
    oldest_kept = min(session.scalars(newest), default=0)
    session.execute(delete(JobRow).where(JobRow.state.not_in(ACTIVE), JobRow.id < oldest_kept))
