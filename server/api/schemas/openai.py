"""The OpenAI protocol as far as it is spoken under `/v1`; fields of ours are marked."""

from typing import Any, Literal

from pydantic import BaseModel, Field, field_validator

from server.api.schemas.base import Request
from server.api.schemas.chat import History


class TextPart(BaseModel):
    """A part of a message; other kinds than text are refused."""

    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """One turn. `developer` counts as `system`."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart] | None = None

    @property
    def text(self) -> str:
        """The words of the turn."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    """`include_usage` asks for a last chunk with the tokens used."""

    include_usage: bool = False


class ChatCompletionRequest(Request):
    """POST /v1/chat/completions.

    `model` is a chat model, or `kb:NAME` for its documents (`kb:A+B` for several, `kb:NAME|MODEL` to choose the chat
    model as well). Of ours: `top_k`, `score_threshold`, `references` (write the sources under the answer as numbered
    lines), `return_direct` (only search), `conversation_id` (keep the answer in that conversation), `prompt_name`.
    """

    model: str = ""
    messages: list[ChatMessage] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    stop: str | list[str] | None = None
    seed: int | None = None
    n: Literal[1] = 1
    top_k: int | None = Field(default=None, ge=1, le=100)
    score_threshold: float | None = Field(default=None, ge=0, le=2)
    references: bool = False
    return_direct: bool = False
    conversation_id: str = ""
    prompt_name: str = "default"
    tools: list[Any] | None = Field(default=None, max_length=0, description="not supported here; see /chat/agent_chat")

    @field_validator("messages")
    @classmethod
    def _ends_with_a_question(cls, messages: list[ChatMessage]) -> list[ChatMessage]:
        if messages[-1].role != "user":
            raise ValueError("the last message must be of the user")
        return messages


class TokenUsage(BaseModel):
    """Tokens of a request."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class EmbeddingRequest(Request):
    """POST /v1/embeddings."""

    model: str = ""
    input: str | list[str]
    encoding_format: Literal["float", "base64"] = "float"
    input_type: Literal["query", "document"] = Field(
        default="document", description="which instruction of the model is put in front (of ours)"
    )


class Embedding(BaseModel):
    """The vector of one text: numbers, or base64 of little-endian 32-bit floats."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class EmbeddingResponse(BaseModel):
    """The vectors, in the order of the texts."""

    object: Literal["list"] = "list"
    model: str
    data: list[Embedding]
    usage: TokenUsage


class RerankRequest(Request):
    """POST /v1/rerank, in the shape that Jina, Cohere and Xinference share."""

    model: str = ""
    query: str = Field(min_length=1)
    documents: list[str] = Field(min_length=1, max_length=1000)
    top_n: int | None = Field(default=None, ge=1)
    return_documents: bool = False


class Reranked(BaseModel):
    """One document with its relevance in [0, 1]."""

    index: int
    relevance_score: float
    document: dict[str, str] | None = None


class RerankResponse(BaseModel):
    """The documents, best first."""

    id: str
    model: str
    results: list[Reranked]


class Model(BaseModel):
    """Something that can be named as `model`; `kind` is of ours."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "zhiwen"
    kind: Literal["chat", "knowledge_base", "embedding", "rerank"]


class ModelList(BaseModel):
    """GET /v1/models."""

    object: Literal["list"] = "list"
    data: list[Model]


GroundKind = Literal["local_kb", "temp_kb", "search_engine"]


class KbChatRequest(Request):
    """POST /chat/kb_chat, as in 0.3. `kb_name` is a knowledge base, the id of dropped files, or a search engine."""

    query: str
    mode: GroundKind = "local_kb"
    kb_name: str
    top_k: int | None = Field(default=None, ge=1, le=100)
    score_threshold: float | None = Field(default=None, ge=0, le=2)
    history: list[History] = Field(default_factory=list)
    stream: bool = True
    model: str = ""
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = None
    prompt_name: str = "default"
    return_direct: bool = False
    conversation_id: str = ""
