"""Questions and where answers come from."""

from typing import Annotated

from pydantic import BaseModel, Field

from server.api.schemas.base import BaseResponse, Request

# The id stands in paths, where a slash would end it.
ConversationId = Annotated[str, Field(max_length=64, pattern=r"^[^/\x00-\x1f]*$")]


class History(BaseModel):
    """One earlier turn."""

    role: str
    content: str


class Answering(Request):
    """What all chat routes take. `history` is earlier turns, or a number: like `history_len`."""

    query: str
    conversation_id: ConversationId = Field(default="", description="keep the answer in it")
    history_len: int = Field(default=-1, description="turns to load from the conversation; -1: see docs/chat.md")
    history: list[History] | int = Field(default_factory=list)
    stream: bool = False
    model_name: str = ""
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = None
    prompt_name: str = "default"
    events: bool = Field(default=False, description="with stream: also events on the rewritten question, notices, …")


class ChatRequest(Answering):
    """POST /chat/chat."""


class GroundedRequest(Answering):
    """What the chat routes with sources take besides."""

    sources_first: bool = Field(default=False, description='with stream: send {"sources": [...]} as the first event')
    return_direct: bool = Field(default=False, description="only find sources, ask no model")


class KnowledgeBaseChatRequest(GroundedRequest):
    """POST /chat/knowledge_base_chat. `knowledge_base_names` are asked together with `knowledge_base_name`."""

    knowledge_base_name: str
    knowledge_base_names: list[str] = Field(default_factory=list, max_length=100)
    top_k: int | None = Field(default=None, ge=1, le=100)
    score_threshold: float | None = Field(default=None, ge=0, le=2)


class FileChatRequest(GroundedRequest):
    """POST /chat/file_chat."""

    knowledge_id: str
    top_k: int | None = Field(default=None, ge=1, le=100)
    score_threshold: float | None = Field(default=None, ge=0, le=2)


class SearchEngineChatRequest(GroundedRequest):
    """POST /chat/search_engine_chat. With `split_result` the pages are read, and their best parts are the sources."""

    search_engine_name: str
    top_k: int | None = Field(default=None, ge=1, le=100)
    split_result: bool = False


class FeedbackRequest(Request):
    """POST /chat/feedback. `score` runs from 0 to 100; 50 and more is praise."""

    message_id: str = Field(default="", max_length=32)
    score: int = Field(default=0, ge=-(2**31), lt=2**31)
    reason: str = Field(default="", max_length=10_000)


class Source(BaseModel):
    """Where an answer comes from. `score` is relevance in [0, 1]; `index` is the n of the [n] marks in the answer.

    `rows` and `lines` are first and last, from 1; `part` names a file inside the file (an attachment, say); `boxes` are
    left, top, right, bottom of each line of the text on its page, as shares of width and height. `marks` are ranges of
    `text` (start, end in characters) that hold words of the question, `excerpt` the range to show first. `chunk_ids`
    are several where neighbours were joined. `url` leads to the file or the page of the internet; that of a dropped
    file is empty. The list of files, for those who ask which there are, leads nowhere: `knowledge_base` and `url` are
    empty, and there are no `chunk_ids`.
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
    chunk_ids: list[int] = Field(default_factory=list)
    marks: list[tuple[int, int]] = Field(default_factory=list)
    excerpt: tuple[int, int] | None = None


class SearchEngineChoice(BaseModel):
    """A search engine; `missing` is the setting or variable it lacks, empty where it can be asked."""

    name: str
    missing: str = ""
    default: bool = False


class ChatChoices(BaseModel):
    """What a question may choose from: names of prompt templates by mode, search engines, the model that is
    the agent where none is named, and the chat models that cannot be agents, with the reason."""

    prompts: dict[str, list[str]] = Field(default_factory=dict)
    search_engines: list[SearchEngineChoice] = Field(default_factory=list)
    agent_model: str = ""
    no_agents: dict[str, str] = Field(default_factory=dict)


class ChatChoicesResponse(BaseResponse):
    """GET /server/chat_choices."""

    data: ChatChoices = Field(default_factory=ChatChoices)
