"""The OpenAI protocol as far as it is spoken under `/v1`; fields of ours are marked."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, ValidationInfo, field_validator

from server.api.schemas.base import Request
from server.api.schemas.chat import ConversationId, History


def _only_text(content: Any) -> Any:
    """Say plainly which part of a message is not read, instead of how it differs from a text."""
    for part in content if isinstance(content, list) else ():
        kind = part.get("type") if isinstance(part, Mapping) else None
        if isinstance(kind, str) and kind != "text":
            raise ValueError(f'parts of the type "{kind}" are not read; send text')
    return content


def _no_token_ids(given: Any) -> Any:
    if isinstance(given, list) and given and isinstance(given[0], int | list):
        raise ValueError("token ids are not read, send text (in LangChain: check_embedding_ctx_length=False)")
    return given


def _absent(value: Any, info: ValidationInfo) -> None:
    if value:
        raise ValueError(f"{info.field_name} is not supported; leave it out")


Unsupported = Annotated[Any, BeforeValidator(_absent)]
"""A field of OpenAI's that would change the answer and that nothing here does: only "off" is taken."""


class TextPart(BaseModel):
    """A part of a message; other kinds than text are refused."""

    type: Literal["text"]
    text: str


class CalledFunction(BaseModel):
    """Name and arguments (JSON text) of a call."""

    name: str
    arguments: str = ""


class ToolCall(BaseModel):
    """A call that the model asked for, as it is sent back with its result."""

    id: str
    type: Literal["function"] = "function"
    function: CalledFunction


class ChatMessage(BaseModel):
    """One turn. `developer` counts as `system`; `tool` is the result of a call."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Annotated[str | list[TextPart] | None, BeforeValidator(_only_text)] = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None
    function_call: Unsupported = None

    @property
    def text(self) -> str:
        """The words of the turn."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class OfferedTool(BaseModel):
    """A tool that the model may call; `function` holds its name, description and parameters."""

    type: Literal["function"]
    function: dict[str, Any]


class ResponseFormat(BaseModel):
    """`text`, or JSON where the model's provider can do that."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: dict[str, Any] | None = None


_OF_TOOLS = ("tools", "tool_choice", "parallel_tool_calls")
_OF_PROVIDERS = ("response_format", "logit_bias", "reasoning_effort", "verbosity")


class StreamOptions(BaseModel):
    """`include_usage` asks for a last chunk with the tokens used."""

    include_usage: bool = False


class ChatCompletionRequest(Request):
    """POST /v1/chat/completions.

    `model` is a chat model, or `kb:NAME` for its documents (`kb:A+B` for several, `kb:NAME|MODEL` to choose the chat
    model as well). Of ours: `top_k`, `score_threshold`, `references` (write the sources under the answer as numbered
    lines), `return_direct` (only search), `conversation_id` (keep the answer in that conversation), `prompt_name`.

    `tools` and what belongs to them, `response_format`, `logit_bias`, `reasoning_effort` and `verbosity` are passed on
    to models of providers, `tools` only to those set to call tools and not with knowledge bases; others refuse them.
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
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    n: Literal[1] = 1
    tools: list[OfferedTool] = Field(default_factory=list, max_length=128)
    tool_choice: Literal["none", "auto", "required"] | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    logit_bias: dict[str, float] | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    logprobs: Unsupported = None
    top_logprobs: Unsupported = None
    functions: Unsupported = Field(default=None, description="the old name of `tools`, which is taken")
    function_call: Unsupported = None
    audio: Unsupported = None
    web_search_options: Unsupported = None
    modalities: list[Literal["text"]] | None = None
    top_k: int | None = Field(default=None, ge=1, le=100)
    score_threshold: float | None = Field(default=None, ge=0, le=2)
    references: bool = False
    return_direct: bool = False
    conversation_id: ConversationId = ""
    prompt_name: str = "default"

    @field_validator("messages")
    @classmethod
    def _ends_with_a_question(cls, messages: list[ChatMessage]) -> list[ChatMessage]:
        if messages[-1].role not in ("user", "tool"):
            raise ValueError("the last message must be of the user, or the result of a tool")
        if any(message.role == "tool" and not message.tool_call_id for message in messages):
            raise ValueError("the result of a tool needs the tool_call_id of its call")
        return messages

    @property
    def question(self) -> str:
        """What the user said last."""
        return next((message.text for message in reversed(self.messages) if message.role == "user"), "")

    @property
    def uses_tools(self) -> bool:
        """Whether tools of the caller's are offered, called or answered."""
        return bool(self.tools) or any(message.tool_calls or message.role == "tool" for message in self.messages)

    @property
    def passed_on(self) -> dict[str, Any]:
        """The fields that only a provider's own API takes, as far as they say something."""
        given = self.model_dump(include=set(_OF_TOOLS) if self.tools else set(), exclude_none=True)
        given |= self.model_dump(include=set(_OF_PROVIDERS), exclude_none=True)
        if given.get("response_format") == {"type": "text"}:
            del given["response_format"]
        return {name: value for name, value in given.items() if value not in ({}, "")}


class TokenUsage(BaseModel):
    """Tokens of a request."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class EmbeddingRequest(Request):
    """POST /v1/embeddings."""

    model: str = ""
    input: Annotated[str | list[str], BeforeValidator(_no_token_ids)]
    dimensions: int | None = Field(default=None, ge=1, description="only what the model has anyway")
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
    conversation_id: ConversationId = ""
