"""Knowledge bases and their settings."""

from typing import Any

from pydantic import BaseModel, Field, model_validator

from server.api.schemas.base import BaseResponse, Request


class IngestSettings(BaseModel):
    """How files are read: sizes in characters."""

    splitter: str
    chunk_size: int
    chunk_overlap: int
    zh_title_enhance: bool
    ocr: bool


class SearchSettings(BaseModel):
    """How chunks are searched when a question says nothing else; `score_threshold` is a distance in [0, 2]."""

    top_k: int
    score_threshold: float
    rerank: bool


class KnowledgeBaseDetails(BaseModel):
    """One knowledge base, as `list_knowledge_bases?details=true` tells it.

    `own` names the settings it decides for itself; the others follow the service.
    """

    name: str
    info: str
    vector_store: str
    embed_model: str
    files: int
    chunks: int
    failed: int
    file_bytes: int = 0
    created: str
    settings: IngestSettings | None = None
    search: SearchSettings | None = None
    own: list[str] = Field(default_factory=list)


class KnowledgeBaseStatistics(BaseModel):
    """Numbers of one knowledge base; sizes in bytes. `states` and `formats` count files by state and by suffix.

    Where everything is whole, `chunks`, `vectors` and `words` are equal. `disabled` and `changed` count chunks people
    hid or changed; `edits_lost` such changes that found no place when their file was read last.
    """

    states: dict[str, int]
    formats: dict[str, int]
    pages: int
    empty_pages: int
    chunks: int
    disabled: int
    changed: int
    edits_lost: int
    vectors: int
    words: int
    file_bytes: int
    index_bytes: int
    updated: str


class DescribedKnowledgeBase(KnowledgeBaseDetails):
    """A knowledge base with its numbers."""

    statistics: KnowledgeBaseStatistics | None = None


class DescribedResponse(BaseResponse):
    """GET /knowledge_base/details."""

    data: DescribedKnowledgeBase | None = None


class KnowledgeBaseListResponse(BaseResponse):
    """Names of the knowledge bases, or with `details=true` all that is known of them."""

    data: list[str] | list[KnowledgeBaseDetails] = Field(default_factory=list)


class KnowledgeBaseResponse(BaseResponse):
    """One knowledge base."""

    data: KnowledgeBaseDetails | None = None


class EmbedderChoice(BaseModel):
    """An embedding model of the settings; `reason` tells why it cannot be used here."""

    name: str
    available: bool
    default: bool
    reason: str = ""


class Formats(BaseModel):
    """What can be read (`suffixes`, archives of such files included), and how it can be split, embedded and stored."""

    suffixes: list[str]
    splitters: list[str]
    settings: IngestSettings
    search: SearchSettings | None = None
    embedders: list[EmbedderChoice] = Field(default_factory=list)
    vector_stores: list[str] = Field(default_factory=list)


class FormatsResponse(BaseResponse):
    """GET /knowledge_base/formats."""

    data: Formats | None = None


class SettingsRequest(Request):
    """How a knowledge base reads files; what is left out stays as it is, or follows the settings of the service."""

    splitter: str | None = None
    chunk_size: int | None = Field(default=None, ge=10, le=100_000)
    chunk_overlap: int | None = Field(default=None, ge=0)
    zh_title_enhance: bool | None = None
    ocr: bool | None = None
    top_k: int | None = Field(default=None, ge=1, le=1000)
    score_threshold: float | None = Field(default=None, ge=0, le=2)
    rerank: bool | None = None


class UpdateSettings(SettingsRequest):
    """POST /knowledge_base/update_settings. A setting that is null, or named in `reset`, follows the service again."""

    knowledge_base_name: str
    reset: list[str] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _null_resets(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        unset = [name for name in SettingsRequest.model_fields if name in values and values[name] is None]
        named = values.get("reset", [])
        return {**values, "reset": [*named, *unset]} if unset and isinstance(named, list) else values


class UpdateInfo(Request):
    """POST /knowledge_base/update_info."""

    knowledge_base_name: str
    kb_info: str


class CreateKnowledgeBase(SettingsRequest):
    """POST /knowledge_base/create_knowledge_base."""

    knowledge_base_name: str
    vector_store_type: str = ""
    embed_model: str = ""
    kb_info: str = ""


class RebuildRequest(Request):
    """POST /knowledge_base/recreate_vector_store."""

    knowledge_base_name: str
    allow_empty_kb: bool = True
    vs_type: str = ""
    embed_model: str = ""
    chunk_size: int | None = Field(default=None, ge=10)
    chunk_overlap: int | None = Field(default=None, ge=0)
    zh_title_enhance: bool | None = None
    splitter: str | None = None
    ocr: bool | None = None
    force: bool = False
    not_refresh_vs_cache: bool = False
