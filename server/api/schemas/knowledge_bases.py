"""Knowledge bases and their settings."""

from pydantic import BaseModel, Field

from server.api.schemas.base import BaseResponse, Request


class IngestSettings(BaseModel):
    """How files are read: sizes in characters."""

    splitter: str
    chunk_size: int
    chunk_overlap: int
    zh_title_enhance: bool
    ocr: bool


class KnowledgeBaseDetails(BaseModel):
    """One knowledge base, as `list_knowledge_bases?details=true` tells it."""

    name: str
    info: str
    vector_store: str
    embed_model: str
    files: int
    chunks: int
    failed: int
    created: str
    settings: IngestSettings | None = None


class KnowledgeBaseListResponse(BaseResponse):
    """Names of the knowledge bases, or with `details=true` all that is known of them."""

    data: list[str] | list[KnowledgeBaseDetails] = Field(default_factory=list)


class KnowledgeBaseResponse(BaseResponse):
    """One knowledge base."""

    data: KnowledgeBaseDetails | None = None


class Formats(BaseModel):
    """What can be read (`suffixes`, archives of such files included), and how it can be split."""

    suffixes: list[str]
    splitters: list[str]
    settings: IngestSettings


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


class UpdateSettings(SettingsRequest):
    """POST /knowledge_base/update_settings."""

    knowledge_base_name: str


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
    not_refresh_vs_cache: bool = False
