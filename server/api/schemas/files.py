"""Files of a knowledge base."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from server.api.schemas.base import BaseResponse, Request


class FileDetails(BaseModel):
    """One file of a knowledge base, as `list_files?details=true` tells it.

    Of a file that is ready, `chunks`, `vectors` and `words` (entries of the two indexes) are equal, else its index is
    out of step. `settings` are those it was read with; `job_id`, `stage` and `percent` tell of work that is not over.
    """

    name: str
    state: Literal["waiting", "ready", "failed"]
    size: int
    chunks: int
    loader: str
    splitter: str
    error_code: str = ""
    error: str = ""
    updated: str
    sha256: str = ""
    pages: int = 0
    pages_with_text: int = 0
    empty_pages: list[int] = Field(default_factory=list)
    vectors: int = 0
    words: int = 0
    settings: dict[str, Any] = Field(default_factory=dict)
    job_id: int | None = None
    stage: str = ""
    percent: int | None = None


class FileListResponse(BaseResponse):
    """Names of the files, or with `details=true` all that is known of them."""

    data: list[str] | list[FileDetails] = Field(default_factory=list)


class DeleteFiles(Request):
    """POST /knowledge_base/delete_docs."""

    knowledge_base_name: str
    file_names: list[str]
    delete_content: bool = False
    not_refresh_vs_cache: bool = False
