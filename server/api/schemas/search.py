"""Searching without an answer."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from server.api.schemas.base import Request


class SearchRequest(Request):
    """POST /knowledge_base/search_docs."""

    query: str = ""
    knowledge_base_name: str
    top_k: int | None = Field(default=None, ge=1, le=1000)
    score_threshold: float | None = Field(default=None, ge=0, le=2)
    file_name: str = ""
    metadata: dict[str, Any] = Field(default_factory=dict)


class FoundDocument(BaseModel):
    """One element of the answer to `search_docs`; `score` is a distance in [0, 2], smaller is better."""

    page_content: str
    metadata: dict[str, Any]
    type: Literal["Document"] = "Document"
    id: str
    score: float
