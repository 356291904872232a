"""Summaries of files and knowledge bases."""

from typing import Literal

from pydantic import BaseModel, Field

from server.api.schemas.base import BaseResponse, Request


class SummaryChoices(Request):
    """How to summarise. `vs_type` and `embed_model` of 0.2.10 are taken and not needed: summaries are kept in SQL."""

    knowledge_base_name: str = Field(examples=["samples"])
    vs_type: str = ""
    embed_model: str = ""
    file_description: str = Field(default="", max_length=2000)
    model_name: str = ""
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, le=100_000)


class SummarizeFile(SummaryChoices):
    """POST …/summary_file_to_vector_store."""

    file_name: str
    allow_empty_kb: bool = True


class SummarizeChunks(SummaryChoices):
    """POST …/summary_doc_ids_to_vector_store: ids of chunks, as searches give them."""

    doc_ids: list[str] = Field(default_factory=list, max_length=1000)


class SummarizeAll(SummaryChoices):
    """POST …/recreate_summary_vector_store."""

    allow_empty_kb: bool = True


class Summarize(SummaryChoices):
    """POST /knowledge_base/summaries: these files, or all; with `whole` the knowledge base as well, from its files."""

    file_names: list[str] | None = Field(default=None, min_length=1, max_length=1000)
    whole: bool = False


class CancelSummaries(Request):
    """POST /knowledge_base/cancel_summaries: those of these files, "" being the knowledge base itself, or all."""

    knowledge_base_name: str
    file_names: list[str] | None = Field(default=None, max_length=1000)


class SummaryName(Request):
    """Which summary; an empty `file_name` is the knowledge base itself."""

    knowledge_base_name: str
    file_name: str = ""


class SummaryDetails(BaseModel):
    """One summary; `file` is empty for that of the knowledge base.

    `done` of `total` steps are through. `text` is kept while a new one is made. `extractive`: it consists of sentences
    of the text, because the model writes nothing itself. `stale`: the file has changed since.
    """

    id: int
    knowledge_base: str
    file: str
    state: Literal["queued", "running", "done", "failed"]
    done: int
    total: int
    text: str
    parts: list[str]
    model: str
    extractive: bool
    description: str
    stale: bool
    created: str
    finished: str | None = None
    error_code: str = ""
    error: str = ""


class SummaryListResponse(BaseResponse):
    """Summaries, that of the knowledge base first, then by file."""

    data: list[SummaryDetails] = Field(default_factory=list)


class SummaryResponse(BaseResponse):
    """One summary."""

    data: SummaryDetails | None = None
