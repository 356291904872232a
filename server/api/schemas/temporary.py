"""Files dropped into a chat."""

from typing import Literal

from pydantic import BaseModel, Field

from server.api.schemas.base import BaseResponse, Request


class TemporaryFileDetails(BaseModel):
    """One dropped file."""

    name: str
    state: Literal["waiting", "ready", "failed"]
    size: int
    chunks: int
    error_code: str = ""
    error: str = ""


class TemporaryDetails(BaseModel):
    """The files of one chat. They are forgotten when nobody uses them for `expires_in_s` seconds."""

    id: str
    files: list[TemporaryFileDetails] = Field(default_factory=list)
    chunks: int = 0
    expires_in_s: int = 0


class TemporaryListResponse(BaseResponse):
    """The caller's dropped files, by chat."""

    data: list[TemporaryDetails] = Field(default_factory=list)


class DeleteTemporary(Request):
    """POST /knowledge_base/delete_temp_docs: some files, or without names all of them."""

    knowledge_id: str
    file_names: list[str] = Field(default_factory=list)


class SearchTemporary(Request):
    """POST /knowledge_base/search_temp_docs."""

    knowledge_id: str
    query: str
    top_k: int | None = Field(default=None, ge=1, le=1000)
    score_threshold: float | None = Field(default=None, ge=0, le=2)
