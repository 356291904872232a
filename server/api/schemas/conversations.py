"""Conversations, their messages, and feedback as an evaluation set."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from server.api.schemas.base import BaseResponse, Request
from server.api.schemas.chat import ConversationId, Source

TITLE = 200


class ConversationDetails(BaseModel):
    """One conversation; moments are ISO 8601."""

    id: str
    title: str
    mode: str
    knowledge_bases: list[str]
    messages: int
    created: str
    updated: str


class MessageDetails(BaseModel):
    """One question with its answer. `finish` is complete, stopped (the client left) or failed, then with `error_code`.

    `question` is what was typed, `rewritten` what was searched for where that differs; `options` are the other choices
    of the request, such as `top_k` or `search_engine_name`. Times are in milliseconds.
    """

    id: str
    mode: str
    question: str
    rewritten: str = ""
    answer: str
    sources: list[Source] = Field(default_factory=list)
    tools: list[dict[str, Any]] = Field(default_factory=list)
    model: str
    prompt: str
    options: dict[str, Any] = Field(default_factory=dict)
    first_token_ms: int | None = None
    total_ms: int
    usage: dict[str, Any] = Field(default_factory=dict)
    finish: Literal["complete", "stopped", "failed"]
    finish_reason: str = ""
    error_code: str = ""
    feedback_score: int | None = None
    feedback_reason: str = ""
    created: str


class ConversationWithMessages(ConversationDetails):
    """A conversation and all that was said in it, oldest first."""

    history: list[MessageDetails] = Field(default_factory=list)


class CreateConversation(Request):
    """POST /conversations. Without an `id` one is made up; without a title the first question becomes it."""

    id: ConversationId = ""
    title: str = Field(default="", max_length=TITLE)
    mode: str = Field(default="", max_length=30)
    knowledge_base_names: list[str] = Field(default_factory=list, max_length=100)


class RenameConversation(Request):
    """PATCH /conversations/{conversation_id}."""

    title: str = Field(min_length=1, max_length=TITLE)


class ConversationResponse(BaseResponse):
    """One conversation."""

    data: ConversationDetails | None = None


class ConversationListResponse(BaseResponse):
    """A page of conversations, the latest used first; `total` counts all that match."""

    data: list[ConversationDetails] = Field(default_factory=list)
    total: int = 0


class ConversationMessagesResponse(BaseResponse):
    """A conversation with its messages."""

    data: ConversationWithMessages | None = None


class MessageListResponse(BaseResponse):
    """Messages, oldest first."""

    data: list[MessageDetails] = Field(default_factory=list)


class JudgedQuestion(BaseModel):
    """A question whose answer was praised: `file` is the best source that the answer names, `files` all of these."""

    question: str
    answer: str
    file: str
    files: list[str]
    knowledge_bases: list[str]
    chunk_ids: list[int]
    score: int
    reason: str


class FeedbackListResponse(BaseResponse):
    """The evaluation set."""

    data: list[JudgedQuestion] = Field(default_factory=list)
