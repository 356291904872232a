"""Jobs: what became of uploads, live, and what can be done about it."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from server.api.deps import KnowledgeBasesDep, LanguageDep
from server.api.schemas.jobs import JobListResponse, JobName, JobResponse, Queued, QueuedResponse, RetryFailed
from server.api.sse import STREAM_RESPONSES, Events, event_stream
from server.api.wire import job_details, queued
from server.errors import Language
from server.knowledge_base.job_book import ACTIVE
from server.knowledge_base.service import KnowledgeBases

router = APIRouter(prefix="/knowledge_base", tags=["Jobs"])
JobId = Annotated[int, Path(ge=1, lt=2**31)]
"""What fits the column in every database."""
JobState = Literal["queued", "running", "done", "failed", "cancelled"]
LOOK_EVERY_S = 0.3
_CANCELLED = {"zh": "已请求取消", "en": "Cancellation requested"}
_RETRYING = {"zh": "已重新排队", "en": "Queued again"}


@router.get("/jobs")
def list_jobs(
    knowledge_bases: KnowledgeBasesDep,
    language: LanguageDep,
    knowledge_base_name: str = "",
    state: Annotated[list[JobState] | None, Query(description="may be given several times")] = None,
) -> JobListResponse:
    """Jobs of one knowledge base, or of all, in these states, or in any; the newest 1000 first."""
    jobs = knowledge_bases.list_jobs(knowledge_base_name, state or ())
    return JobListResponse(data=[job_details(job, language) for job in jobs])


@router.get("/jobs/{job_id}")
def get_job(job_id: JobId, knowledge_bases: KnowledgeBasesDep, language: LanguageDep) -> JobResponse:
    """One job."""
    return JobResponse(data=job_details(knowledge_bases.job(job_id), language))


@router.get("/jobs/{job_id}/events", response_class=Response, responses=STREAM_RESPONSES)
async def job_events(
    job_id: JobId, request: Request, knowledge_bases: KnowledgeBasesDep, language: LanguageDep
) -> Response:
    """The job now, and again whenever it has changed, until it is over."""
    return await event_stream(request, _changes(knowledge_bases, job_id, language))


@router.post("/jobs/{job_id}/cancel")
def cancel_job(job_id: JobId, knowledge_bases: KnowledgeBasesDep, language: LanguageDep) -> JobResponse:
    """Cancel a job that waits or is being read; one that is being read ends a moment later."""
    knowledge_bases.jobs.cancel(job_id)
    return JobResponse(msg=_CANCELLED[language], data=job_details(knowledge_bases.job(job_id), language))


@router.post("/jobs/{job_id}/retry")
def retry_job(job_id: JobId, knowledge_bases: KnowledgeBasesDep, language: LanguageDep) -> QueuedResponse:
    """Read the file of a failed job again, in a new job."""
    again = knowledge_bases.job(knowledge_bases.jobs.retry(job_id))
    return QueuedResponse(msg=_RETRYING[language], data=Queued(jobs=[JobName(id=again.id, file=again.file)]))


@router.post("/retry_failed")
def retry_failed(body: RetryFailed, knowledge_bases: KnowledgeBasesDep, language: LanguageDep) -> QueuedResponse:
    """Read all failed files of a knowledge base again."""
    submitted = knowledge_bases.retry_failed(body.knowledge_base_name)
    return QueuedResponse(msg=_RETRYING[language], data=queued(submitted, language))


async def _changes(knowledge_bases: KnowledgeBases, job_id: int, language: Language) -> Events:
    told = None
    while True:
        job = await run_in_threadpool(knowledge_bases.job, job_id)
        if job != told:
            yield job_details(job, language).model_dump()
        if job.state not in ACTIVE:
            return
        told = job
        await asyncio.sleep(LOOK_EVERY_S)
