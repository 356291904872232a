"""The rest of the 0.2.10 surface: prompt templates, completion, vectors."""

from typing import Literal

from pydantic import BaseModel, Field

from server.api.schemas.base import BaseResponse, Request

MOST_TEXTS = 1000


class PromptRequest(Request):
    """POST /server/get_prompt_template."""

    type: Literal["llm_chat", "knowledge_base_chat", "search_engine_chat", "agent_chat", "completion"] = "llm_chat"
    name: str = "default"


class CompletionRequest(Request):
    """POST /other/completion. With `echo` the text to go on with comes first."""

    query: str
    stream: bool = False
    echo: bool = False
    model_name: str = ""
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = 1024
    prompt_name: str = "default"


class EmbedRequest(Request):
    """POST /other/embed_texts. `to_query` puts the instruction for questions in front, not that for documents."""

    texts: list[str] = Field(max_length=MOST_TEXTS)
    embed_model: str = ""
    to_query: bool = False


class VectorsResponse(BaseResponse):
    """One vector for each text."""

    data: list[list[float]] = Field(default_factory=list)


class SplitterName(BaseModel):
    """A splitter, as 0.2.10 lists them."""

    source: str = ""
    tokenizer_name_or_path: str = ""


class ServerConfigs(BaseModel):
    """POST /server/configs, with the names of 0.2.10."""

    DEFAULT_KNOWLEDGE_BASE: str
    DEFAULT_SEARCH_ENGINE: str
    DEFAULT_VS_TYPE: str
    CHUNK_SIZE: int
    OVERLAP_SIZE: int
    SCORE_THRESHOLD: float
    VECTOR_SEARCH_TOP_K: int
    SEARCH_ENGINE_TOP_K: int
    ZH_TITLE_ENHANCE: bool
    text_splitter_dict: dict[str, SplitterName]
    TEXT_SPLITTER_NAME: str
    LLM_MODELS: list[str]
    HISTORY_LEN: int
    TEMPERATURE: float
    PROMPT_TEMPLATES: dict[str, dict[str, str]]
    controller_address: str
    openai_api_address: str
    api_address: str
