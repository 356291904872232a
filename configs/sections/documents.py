"""Where documents lie, how they become chunks and how chunks are found."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from configs.sections.base import PROJECT_ROOT, Section


class Paths(Section):
    """Folders; relative ones start at the project folder."""

    knowledge_base: Path
    logs: Path
    models: Path

    @model_validator(mode="after")
    def _absolute(self) -> "Paths":
        for name in type(self).model_fields:
            object.__setattr__(self, name, PROJECT_ROOT / getattr(self, name))
        return self


class Database(Section):
    """Where the metadata lives."""

    url: str


class KnowledgeBase(Section):
    """How files become chunks."""

    default: str
    vector_store: Literal["faiss", "memory"]
    splitter: str
    chunk_size: int = Field(ge=10, le=100_000)
    chunk_overlap: int = Field(ge=0)
    tokenizer: str
    zh_title_enhance: bool
    max_file_mb: int = Field(ge=1)

    @model_validator(mode="after")
    def _overlap_below_size(self) -> "KnowledgeBase":
        if self.chunk_overlap >= self.chunk_size:
            raise ValueError(
                f"chunk_overlap ({self.chunk_overlap}) must be smaller than chunk_size ({self.chunk_size})"
            )
        return self


class Ingest(Section):
    """How files are read, and within which limits."""

    ocr: bool
    parsers: int = Field(ge=1, le=64)
    queue_limit: int = Field(ge=1)
    file_timeout_s: float = Field(gt=0)
    file_memory_mb: int = Field(ge=256)
    cache_mb: int = Field(ge=0)
    loaders: dict[str, str]


class Retrieval(Section):
    """How a question finds chunks."""

    top_k: int = Field(ge=1)
    score_threshold: float = Field(ge=0, le=2)
    candidates: int = Field(ge=1)
    rerank: bool | Literal["auto"]
    rerank_candidates: int = Field(ge=1, le=500)
    rerank_timeout_s: float = Field(gt=0)
