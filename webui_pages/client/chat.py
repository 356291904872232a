"""Questions and answers."""

from collections.abc import Generator

from pydantic import BaseModel

from server.api.schemas.chat import ChatRequest, KnowledgeBaseChatRequest, Source
from webui_pages.client.transport import Transport, raise_if_failed


class AnswerPart(BaseModel):
    """One event of an answer: a piece of text, or the sources (empty when no document matches)."""

    text: str = ""
    sources: list[Source] | None = None


class ChatCalls(Transport):
    """Calls of this part."""

    def chat(self, request: ChatRequest) -> Generator[AnswerPart, None, None]:
        """Answer without documents."""
        for event in self._events("/chat/chat", request.model_dump(exclude_none=True) | {"stream": True}):
            raise_if_failed(event)
            yield AnswerPart(text=event.get("text", ""))

    def ask_knowledge_base(self, request: KnowledgeBaseChatRequest) -> Generator[AnswerPart, None, None]:
        """Answer from documents; the sources come before the text."""
        body = request.model_dump(exclude_none=True) | {"stream": True, "sources_first": True}
        for event in self._events("/chat/knowledge_base_chat", body):
            raise_if_failed(event)
            yield AnswerPart.model_validate({"text": event.get("answer", ""), "sources": event.get("sources")})
