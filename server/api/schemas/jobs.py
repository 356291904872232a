"""Jobs and what is queued."""

from typing import Literal

from pydantic import BaseModel, Field

from server.api.schemas.base import BaseResponse, Request


class JobDetails(BaseModel):
    """The work of reading one file. `percent` is 100 when it is over; `log` holds [seconds since `created`, text]."""

    id: int
    knowledge_base: str
    file: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    stage: str
    page: int = 0
    pages: int = 0
    percent: int = 0
    chunks: int = 0
    attempts: int = 0
    error_code: str = ""
    error: str = ""
    log: list[tuple[float, str]] = Field(default_factory=list)
    created: str
    finished: str | None = None


class JobName(BaseModel):
    """A job that was queued, and its file."""

    id: int
    file: str


class Queued(BaseModel):
    """What became of files that were to be queued: jobs, files that are as before, and refused ones with the reason."""

    jobs: list[JobName] = Field(default_factory=list)
    unchanged: list[str] = Field(default_factory=list)
    failed_files: dict[str, str] = Field(default_factory=dict)
    failed_codes: dict[str, str] = Field(default_factory=dict)


class JobListResponse(BaseResponse):
    """Jobs, the newest first."""

    data: list[JobDetails] = Field(default_factory=list)


class JobResponse(BaseResponse):
    """One job."""

    data: JobDetails | None = None


class QueuedResponse(BaseResponse):
    """What was queued."""

    data: Queued = Field(default_factory=Queued)


class RetryFailed(Request):
    """POST /knowledge_base/retry_failed."""

    knowledge_base_name: str
