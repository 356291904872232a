"""Files of a knowledge base."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from server.api.schemas.base import BaseResponse, Request


class FileDetails(BaseModel):
    """One file of a knowledge base, as `list_files?details=true` tells it.

    Of a file that is ready, `chunks`, `vectors` and `words` (entries of the two indexes) are equal, else its index is
    out of step. `disabled` and `changed` count chunks people hid or changed, `edits_lost` such changes that found no
    place when it was read last; `custom_docs`: its chunks were given by somebody. `settings` are
    those it was read with; `job_id`, `stage` and `percent` tell of work that is not over.
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
    disabled: int = 0
    changed: int = 0
    edits_lost: int = 0
    custom_docs: bool = False
    job_id: int | None = None
    stage: str = ""
    percent: int | None = None


class FileListResponse(BaseResponse):
    """Names of the files, or with `details=true` all that is known of them."""

    data: list[str] | list[FileDetails] = Field(default_factory=list)


class UpdateFiles(Request):
    """POST /knowledge_base/update_docs. `docs` is JSON text: by file name the documents that replace its own text."""

    knowledge_base_name: str
    file_names: list[str]
    chunk_size: int | None = Field(default=None, ge=10, le=100_000)
    chunk_overlap: int | None = Field(default=None, ge=0)
    zh_title_enhance: bool | None = None
    splitter: str | None = None
    ocr: bool | None = None
    override_custom_docs: bool = False
    docs: str = "{}"
    wait: bool = True
    not_refresh_vs_cache: bool = False


class DeleteFiles(Request):
    """POST /knowledge_base/delete_docs."""

    knowledge_base_name: str
    file_names: list[str]
    delete_content: bool = False
    not_refresh_vs_cache: bool = False
