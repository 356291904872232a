"""Our values → what travels to clients."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from server.api.errors import error_event, text_of
from server.api.schemas.files import FileDetails
from server.api.schemas.jobs import JobDetails, JobName, Queued
from server.api.schemas.knowledge_bases import (
    DescribedKnowledgeBase,
    IngestSettings,
    KnowledgeBaseDetails,
    SettingsRequest,
)
from server.errors import Language, ZhiwenError
from server.knowledge_base.choices import SearchChoices
from server.knowledge_base.information import KnowledgeBaseInfo, Statistics
from server.knowledge_base.job_book import JobInfo
from server.knowledge_base.ledger import FileInfo
from server.knowledge_base.rebuild import RebuildStep
from server.knowledge_base.recipe import IngestOptions, Recipe
from server.knowledge_base.uploading import Submitted


def knowledge_base_details(info: KnowledgeBaseInfo) -> KnowledgeBaseDetails:
    """All that is known of a knowledge base."""
    settings = ingest_settings(info.recipe)
    return KnowledgeBaseDetails.model_validate({**asdict(info), "created": _moment(info.created), "settings": settings})


def described_knowledge_base(info: KnowledgeBaseInfo, statistics: Statistics) -> DescribedKnowledgeBase:
    """A knowledge base with its numbers."""
    numbers = {**asdict(statistics), "updated": _moment(statistics.updated)}
    return DescribedKnowledgeBase.model_validate({**knowledge_base_details(info).model_dump(), "statistics": numbers})


def ingest_settings(recipe: Recipe) -> IngestSettings:
    """How files are read."""
    return IngestSettings.model_validate(asdict(recipe))


def options_of(request: SettingsRequest) -> IngestOptions:
    """What a request asks for."""
    return IngestOptions(
        splitter=request.splitter,
        chunk_size=request.chunk_size,
        chunk_overlap=request.chunk_overlap,
        zh_title_enhance=request.zh_title_enhance,
        ocr=request.ocr,
    )


def search_choices_of(request: SettingsRequest) -> SearchChoices:
    """How a knowledge base is to be searched."""
    return SearchChoices(request.top_k, request.score_threshold, request.rerank)


def file_details(file: FileInfo, language: Language) -> FileDetails:
    """All that is known of a file."""
    return FileDetails.model_validate(
        {
            **vars(file),
            "error_code": file.error_code,
            "error": text_of(file.error, language) if file.error else "",
            "updated": _moment(file.updated),
            "vectors": file.vectors or 0,
            "words": file.words or 0,
            "job_id": file.job.id if file.job else None,
            "stage": file.job.stage if file.job else "",
            "percent": file.job.percent if file.job else None,
        }
    )


def job_details(job: JobInfo, language: Language) -> JobDetails:
    """All that is known of a job."""
    return JobDetails.model_validate(
        {
            **vars(job),
            "error_code": job.error.code if job.error else "",
            "error": text_of(job.error, language) if job.error else "",
            "created": _moment(job.created),
            "finished": _moment(job.finished) if job.finished else None,
        }
    )


def queued(submitted: Submitted, language: Language) -> Queued:
    """What became of files that were to be queued."""
    jobs = [JobName(id=job_id, file=file) for job_id, file in submitted.jobs.items()]
    failed = failed_files(submitted.refused, language)
    return Queued.model_validate({"jobs": jobs, "unchanged": submitted.unchanged, **failed})


def rebuild_event(step: RebuildStep, language: Language) -> dict[str, Any]:
    """One file of a rebuild: code 200, or the reason of its failure."""
    event: dict[str, Any] = {"total": step.total, "finished": step.finished, "doc": step.file}
    if step.edits_lost:
        event["edits_lost"] = step.edits_lost
    if step.error is not None:
        return {**error_event(step.error, language), **event}
    return {"code": 200, "msg": f"({step.finished} / {step.total}): {step.file}", **event}


def failed_files(results: Mapping[str, ZhiwenError | None], language: Language) -> dict[str, dict[str, str]]:
    """Which files failed: name to reason, and name to stable code."""
    failed = {name: error for name, error in results.items() if error is not None}
    return {
        "failed_files": {name: text_of(error, language) for name, error in failed.items()},
        "failed_codes": {name: error.code for name, error in failed.items()},
    }


def _moment(moment: datetime) -> str:
    """ISO 8601 with its offset; what comes without one from the database is UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).isoformat(timespec="seconds")
