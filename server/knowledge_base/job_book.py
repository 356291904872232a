"""What is written down of jobs: adding, looking, changing one. Who does the work is `jobs`' business."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from server.caller import caller
from server.db import jobs as rows
from server.db import repositories as files
from server.db.session import Database, Session
from server.db.tables import JobRow, now
from server.errors import (
    JobCancelled,
    JobNotFound,
    KnowledgeBaseForbidden,
    KnowledgeBaseNotFound,
    QueueFull,
    ZhiwenError,
    by_code,
)
from server.knowledge_base.content import Received
from server.knowledge_base.names import KbName
from server.knowledge_base.recipe import Recipe

ACTIVE = rows.ACTIVE
MOST_LISTED = 1000
PERCENT = {"queued": 0, "parsing": 5, "splitting": 80, "embedding": 85, "indexing": 95}


@dataclass(frozen=True)
class JobInfo:
    """A job as people see it. `percent` is 100 when it is over; `log` holds (seconds since it was made, text) pairs."""

    id: int
    knowledge_base: str
    file: str
    state: str
    stage: str
    page: int
    pages: int
    percent: int
    size: int
    chunks: int
    attempts: int
    error: ZhiwenError | None
    log: tuple[tuple[float, str], ...]
    created: datetime
    finished: datetime | None


Documents = Sequence[Mapping[str, Any]]
"""Texts that somebody gave for a file, each a `page_content` with its `metadata`."""


class JobBook:
    """The rows of all jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ensure_room(self, limit: int) -> None:
        """Raises `QueueFull` when so many jobs are active."""
        with self._database.read() as session:
            active = rows.count_active(session)
        if active >= limit:
            raise QueueFull(limit=limit)

    def add(
        self,
        knowledge_base_id: int,
        received: Received,
        recipe: Recipe,
        attempts: int = 0,
        documents: Documents | None = None,
    ) -> tuple[int, list[int]]:
        """Write down a new job; returns its id and those of waiting jobs of the same file, which it replaces.

        Raises:
            KnowledgeBaseNotFound: it was deleted meanwhile.
        """
        job = JobRow(
            knowledge_base_id=knowledge_base_id,
            file=received.name,
            incoming="" if received.in_place else received.path.name,
            sha256=received.sha256,
            size=received.size,
            recipe=asdict(recipe),
            documents=[*map(dict, documents)] if documents is not None else None,
            attempts=attempts,
        )
        with self._database.unit_of_work() as session:
            if files.get_knowledge_base(session, knowledge_base_id) is None:
                raise KnowledgeBaseNotFound(name=f"#{knowledge_base_id}")
            older = rows.active_for_files(session, knowledge_base_id, [received.name])
            session.add(job)
            session.flush()
        return job.id, [each.id for each in older if each.state == "queued"]

    def take_over(self) -> tuple[list[int], list[JobRow]]:
        """Queue again what a crash interrupted.

        Returns the ids of all that wait, oldest first, and the jobs whose file has got a newer one since.
        """
        with self._database.unit_of_work() as session:
            rows.requeue_running(session)
            rows.forget_old(session)
            overtaken = rows.overtaken_jobs(session)
            old = {job.id for job in overtaken}
            return [job.id for job in rows.active_jobs(session) if job.id not in old], overtaken

    def row(self, job_id: int) -> JobRow | None:
        """One job as it is written down."""
        with self._database.read() as session:
            return rows.get_job(session, job_id)

    def known(self, job_id: int) -> JobRow:
        """One job as it is written down. Raises `JobNotFound`, `KnowledgeBaseForbidden`."""
        return self._named(job_id)[0]

    def active_of(self, knowledge_base_id: int, files: Sequence[str]) -> list[int]:
        """Ids of the jobs of these files that are not over."""
        with self._database.read() as session:
            return [job.id for job in rows.active_for_files(session, knowledge_base_id, files)]

    def info(
        self, knowledge_base_id: int | None = None, states: Collection[str] = (), limit: int = MOST_LISTED
    ) -> list[JobInfo]:
        """The newest jobs first, of all knowledge bases or one."""
        with self._database.read() as session:
            found = rows.list_jobs(session, knowledge_base_id=knowledge_base_id, states=states, limit=limit)
        return [_info(job, name) for job, name in found]

    def one(self, job_id: int) -> JobInfo:
        """One job as people see it. Raises `JobNotFound`, `KnowledgeBaseForbidden`."""
        return _info(*self._named(job_id))

    def _named(self, job_id: int) -> tuple[JobRow, str]:
        """A job with the name of its knowledge base, if the caller may use that."""
        with self._database.read() as session:
            found = rows.find_named_job(session, job_id)
        if found is None:
            raise JobNotFound(id=job_id)
        if not caller().may_use(KbName(found[1]).key):
            # The name of a knowledge base that the caller may not use is not told either.
            raise KnowledgeBaseForbidden(name=f"#{job_id}")
        return found

    def outcomes(self, ids: Sequence[int]) -> dict[int, ZhiwenError | None] | None:
        """The error of each job, None for success; None altogether while one of them is not over."""
        with self._database.read() as session:
            found = {job_id: rows.get_job(session, job_id) for job_id in ids}
        if any(job is not None and job.state in ACTIVE for job in found.values()):
            return None
        return {job_id: _error(job) for job_id, job in found.items()}

    def update(self, job_id: int, *, only: str = "", **values: Any) -> JobRow | None:
        """Change a job; with `only`, not unless it is in that state. Returns it as it is now, None if not changed."""
        with self._database.unit_of_work() as session:
            job = rows.get_job(session, job_id)
            if job is None or (only and job.state != only):
                return None
            for name, value in values.items():
                setattr(job, name, value)
            return job

    def note(self, job_id: int, text: str) -> None:
        """Add a line to a job's log."""
        with self._database.unit_of_work() as session:
            job = rows.get_job(session, job_id)
            if job is not None:
                job.log = [*job.log, [round((now() - job.created).total_seconds(), 2), text]]

    def end(self, job_id: int, state: str, error: ZhiwenError | None = None, chunks: int = 0) -> None:
        """A job is over."""
        with self._database.unit_of_work() as session:
            job = rows.get_job(session, job_id)
            if job is None:
                return
            job.state, job.stage, job.finished, job.chunks = state, state, now(), chunks
            if error is not None:
                job.error_code, job.error_detail = error.code, dict(error.detail)
                _fail_new_file(session, job)


def _fail_new_file(session: Session, job: JobRow) -> None:
    """A file of which nothing was published, as when the disk was full, must not seem to wait for ever."""
    file = files.find_file(session, job.knowledge_base_id, job.file)
    if file is None or file.state != "waiting" or file.generation:
        return
    file.state, file.error_code, file.error_detail = "failed", job.error_code, job.error_detail
    file.sha256, file.size, file.updated = job.sha256, job.size, now()


def _error(job: JobRow | None) -> ZhiwenError | None:
    if job is None:
        return JobCancelled(name="")
    return by_code(job.error_code, job.error_detail) if job.error_code else None


def _percent(job: JobRow) -> int:
    if job.state not in ACTIVE:
        return 100
    if job.stage == "parsing" and job.pages:
        return PERCENT["parsing"] + (PERCENT["splitting"] - PERCENT["parsing"]) * job.page // max(job.pages, job.page)
    return PERCENT.get(job.stage, 0)


def _info(job: JobRow, knowledge_base: str) -> JobInfo:
    return JobInfo(
        id=job.id,
        knowledge_base=knowledge_base,
        file=job.file,
        state=job.state,
        stage=job.stage,
        page=job.page,
        pages=job.pages,
        percent=_percent(job),
        size=job.size,
        chunks=job.chunks,
        attempts=job.attempts,
        error=_error(job),
        log=tuple((seconds, text) for seconds, text in job.log),
        created=job.created,
        finished=job.finished,
    )
