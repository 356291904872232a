"""The wire: what travels between the knowledge API and its clients. Imports pydantic and nothing of ours.

Names and defaults of 0.2.10 fields are that version's; `null` for a field with a default means the default, which
`Request` sees to. Every field that 0.2.10 does not know is optional.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Request(BaseModel):
    """Base of JSON bodies."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _null_means_default(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        required = {name for name, field in cls.model_fields.items() if field.is_required()}
        return {name: _whole(value) for name, value in values.items() if value is not None or name in required}


def _whole(value: Any) -> Any:
    """JSON can hold half of a surrogate pair (a cut emoji), which no file, database or model takes: it becomes �."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value


class BaseResponse(BaseModel):
    """Envelope of 0.2.10: `code` equals the HTTP status. Errors put their stable code and details into `data`."""

    code: int = 200
    msg: str = "success"
    data: Any = None


class ListResponse(BaseResponse):
    """Envelope around a list of names."""

    data: list[str] = Field(default_factory=list)


class History(BaseModel):
    """One earlier turn."""

    role: str
    content: str


class ChatRequest(Request):
    """POST /chat/chat."""

    query: str
    conversation_id: str = ""
    history_len: int = -1
    history: list[History] = Field(default_factory=list)
    stream: bool = False
    model_name: str = ""
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = None
    prompt_name: str = "default"


class KnowledgeBaseChatRequest(Request):
    """POST /chat/knowledge_base_chat."""

    query: str
    knowledge_base_name: str
    top_k: int | None = Field(default=None, ge=1, le=100)
    score_threshold: float | None = Field(default=None, ge=0, le=2)
    history: list[History] = Field(default_factory=list)
    stream: bool = False
    model_name: str = ""
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = None
    prompt_name: str = "default"
    sources_first: bool = Field(default=False, description='with stream: send {"sources": [...]} as the first event')


class Source(BaseModel):
    """Where an answer comes from. `score` is relevance in [0, 1]; `index` is the n of the [n] marks in the answer.

    `rows` and `lines` are first and last, from 1; `part` names a file inside the file (an attachment, say); `boxes` are
    left, top, right, bottom of each line of the text on its page, as shares of width and height.
    """

    index: int
    knowledge_base: str
    file: str
    score: float
    text: str
    page: int | None = None
    row: int | None = None
    slide: int | None = None
    sheet: str | None = None
    rows: list[int] | None = None
    lines: list[int] | None = None
    part: str | None = None
    boxes: list[list[float]] | None = None
    headings: list[str] = Field(default_factory=list)
    url: str


class IngestSettings(BaseModel):
    """How files are read: sizes in characters."""

    splitter: str
    chunk_size: int
    chunk_overlap: int
    zh_title_enhance: bool
    ocr: bool


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


class FileListResponse(BaseResponse):
    """Names of the files, or with `details=true` all that is known of them."""

    data: list[str] | list[FileDetails] = Field(default_factory=list)


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


class DeleteFiles(Request):
    """POST /knowledge_base/delete_docs."""

    knowledge_base_name: str
    file_names: list[str]
    delete_content: bool = False
    not_refresh_vs_cache: bool = False


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


class ServiceState(BaseModel):
    """One part `/health` looks at."""

    ok: bool
    detail: str = ""


class Health(BaseModel):
    """GET /health."""

    status: Literal["ok", "degraded"]
    version: str
    llm: str
    embed_model: str
    language: str
    services: dict[str, ServiceState]
