"""Questions and answers, and what a question may choose from."""

from collections.abc import Generator
from typing import Any

from pydantic import AliasChoices, BaseModel, Field

from server.api.schemas.agent import AgentChatRequest, ToolDetails
from server.api.schemas.chat import (
    Answering,
    ChatChoices,
    ChatRequest,
    FeedbackRequest,
    FileChatRequest,
    KnowledgeBaseChatRequest,
    SearchEngineChatRequest,
    Source,
)
from server.api.schemas.models import ModelStateDetails
from webui_pages.client.line import Line
from webui_pages.client.transport import Envelope, Transport, raise_if_failed

ROUTES: dict[type[Answering], str] = {
    ChatRequest: "/chat/chat",
    KnowledgeBaseChatRequest: "/chat/knowledge_base_chat",
    FileChatRequest: "/chat/file_chat",
    SearchEngineChatRequest: "/chat/search_engine_chat",
    AgentChatRequest: "/chat/agent_chat",
}


class Notice(BaseModel):
    """Something to know although the answer goes on."""

    error: str = ""
    msg: str = ""


class Trimmed(BaseModel):
    """What did not fit into the model."""

    messages: int = 0
    hits: int = 0


class ToolEvent(BaseModel):
    """A tool begins, or is done."""

    id: str
    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    output: str = ""
    error: str = ""


class AnswerPart(BaseModel):
    """One event of an answer; what it does not tell is empty. `sources` may be an empty list: no document matches."""

    text: str = Field(default="", validation_alias=AliasChoices("text", "answer"))
    message_id: str = ""
    sources: list[Source] | None = None
    question: str = ""
    notice: Notice | None = None
    trimmed: Trimmed | None = None
    tool_started: ToolEvent | None = None
    tool_finished: ToolEvent | None = None
    final_answer: str | None = None
    finish_reason: str = ""


class ChatCalls(Transport):
    """Calls of this part."""

    def ask(self, request: Answering, line: Line | None = None) -> Generator[AnswerPart, None, None]:
        """Ask in the mode that the kind of request stands for; the sources come before the text. Cutting the line ends
        it from another thread."""
        wanted = {"stream": True, "events": True, "sources_first": True}
        body = request.model_dump(exclude_unset=True, exclude_none=True) | wanted
        for event in self._events(ROUTES[type(request)], body, line or Line()):
            raise_if_failed(event)
            yield AnswerPart.model_validate(event)

    def feedback(self, message_id: str, score: int, reason: str) -> None:
        """Say what an answer is worth, from 0 to 100."""
        self._post("/chat/feedback", FeedbackRequest(message_id=message_id, score=score, reason=reason).model_dump())

    def chat_choices(self) -> ChatChoices:
        """Prompt templates, search engines, models that cannot be agents."""
        with self._call("GET", "/server/chat_choices") as response:
            return self._parse(Envelope[ChatChoices], response.read()).data

    def chat_models(self) -> list[ModelStateDetails]:
        """Every chat model with its state."""
        with self._call("GET", "/llm_model/states") as response:
            return self._parse(Envelope[list[ModelStateDetails]], response.read()).data

    def tools(self) -> dict[str, ToolDetails]:
        """The tools of the agent by name."""
        with self._call("GET", "/tools") as response:
            return self._parse(Envelope[dict[str, ToolDetails]], response.read()).data
