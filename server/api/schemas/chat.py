"""Questions and where answers come from."""

from pydantic import BaseModel, Field

from server.api.schemas.base import Request


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
