"""Searching without an answer."""

from typing import Any, Literal

from pydantic import BaseModel, Field, model_validator

from server.api.schemas.base import BaseResponse, Request

Scalar = str | int | float | bool


class SearchRequest(Request):
    """POST /knowledge_base/search_docs. `file_name` may hold `%` for any text, as in 0.2.10."""

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


class Condition(BaseModel):
    """A condition on a field of the metadata; those that are given must all hold."""

    any_of: list[Scalar] | None = Field(default=None, alias="in")
    prefix: str | None = None
    gt: Scalar | None = None
    gte: Scalar | None = None
    lt: Scalar | None = None
    lte: Scalar | None = None


class HybridSearch(Request):
    """POST /knowledge_base/search.

    `min_score` is a relevance in [0, 1], higher is stricter; what is left out follows the knowledge bases. `files` are
    patterns such as `2024/*.pdf`; `filters` maps fields of the metadata (page, sheet, headings, source, …) to the value
    they must have, or to a condition. `neighbours` asks for so many chunks before and after each hit. With `distinct`
    only the best of chunks with the same text is found, as answers are made.
    """

    query: str = Field(min_length=1, examples=["保修期多久？"])
    knowledge_base_names: list[str] = Field(min_length=1, max_length=50, examples=[["samples"]])
    top_k: int | None = Field(default=None, ge=1, le=1000)
    min_score: float | None = Field(default=None, ge=0, le=1)
    files: list[str] = Field(default_factory=list, max_length=100)
    filters: dict[str, Scalar | Condition] = Field(default_factory=dict, examples=[{"page": {"gte": 1, "lte": 9}}])
    rerank: bool | None = None
    neighbours: int = Field(default=0, ge=0, le=5)
    distinct: bool = False

    @model_validator(mode="after")
    def _not_blank(self) -> "HybridSearch":
        if not self.query.strip():
            raise ValueError("query is blank")
        return self


class IndexExplanation(BaseModel):
    """What one index says: the place among its best (from 1; null: not among them), and its score."""

    rank: int | None
    score: float


class Explanation(BaseModel):
    """Why a hit stands where it does.

    `dense.score` is a cosine similarity; `lexical.score` BM25 divided by the question's summed inverse document
    frequencies; `fused` the relevance that follows, in [0, 1]; `rerank` the reranker's score, null without one.
    """

    dense: IndexExplanation
    lexical: IndexExplanation
    fused: float
    rerank: float | None


class Neighbour(BaseModel):
    """A chunk beside a hit."""

    id: str
    ordinal: int
    text: str


class FoundChunk(BaseModel):
    """A hit; `score` is in [0, 1], higher is better."""

    id: str
    knowledge_base: str
    file: str
    ordinal: int
    text: str
    metadata: dict[str, Any]
    score: float
    explanation: Explanation
    before: list[Neighbour] = Field(default_factory=list)
    after: list[Neighbour] = Field(default_factory=list)


class SearchAnswer(BaseModel):
    """Hits, best first, and milliseconds of each stage: embedding, index, lookup, rerank, total."""

    hits: list[FoundChunk] = Field(default_factory=list)
    timings: dict[str, float] = Field(default_factory=dict)


class SearchResponse(BaseResponse):
    """POST /knowledge_base/search."""

    data: SearchAnswer | None = None
