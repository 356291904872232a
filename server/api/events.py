"""Chat events → the events of the 0.2.10 API: `text`, or `answer` … and `docs` last.

What 0.2.10 does not know (a rewritten question, notices, what was left out) is in the last event under keys of its own;
as events it comes only to clients that ask for them.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from typing import Any

from server.analysis import has_cjk
from server.api.sources import markdown, sources_of
from server.api.sse import Event, Events
from server.chat.grounds import SEARCHED
from server.chat.service import REFUSED
from server.errors import Language, by_code
from server.types import ChatEvent, ContextTrimmed, Done, Noticed, QuestionRewritten, SourcesFound, Token

Answer = AsyncGenerator[ChatEvent, None]
_SILENT = {
    "zh": ("知识库中没有与问题相符的文档", "搜索引擎没有找到与问题相符的网页", "，以下回答没有文档依据。", "。"),
    "en": (
        "No document of the knowledge base matches the question",
        "The search engine found no page that matches the question",
        "; the answer does not rest on any.",
        ".",
    ),
}


@dataclass(frozen=True)
class Shape:
    """What a client asked its answer to look like."""

    message_id: str
    question: str
    base_url: str
    language: Language
    stream: bool
    more: bool = False
    sources_first: bool = False
    prompts: str = ""


async def plain_events(answer: Answer, shape: Shape) -> Events:
    """`{"text", "message_id"}` for each token, or once for all of them."""
    told = Told(shape)
    pieces: list[str] = []
    async with aclosing(answer):
        async for event in answer:
            for first in told.opening():
                yield first
            if isinstance(event, Token):
                if shape.stream:
                    yield {"text": event.text, "message_id": shape.message_id}
                else:
                    pieces.append(event.text)
            elif (extra := told.see(event)) and shape.stream and shape.more:
                yield extra
    if not shape.stream:
        yield {"text": "".join(pieces), "message_id": shape.message_id, **(told.rest if shape.more else {})}
    elif shape.more:
        yield {"text": "", "message_id": shape.message_id, **told.rest}


async def grounded_events(answer: Answer, shape: Shape) -> Events:
    """`{"answer"}` for each token and `{"docs", "sources", "message_id"}` last, or all in one event."""
    told = Told(shape)
    pieces: list[str] = []
    async with aclosing(answer):
        async for event in answer:
            for first in told.opening():
                yield first
            if isinstance(event, Token):
                if shape.stream:
                    yield {"answer": event.text}
                else:
                    pieces.append(event.text)
            elif (
                (extra := told.see(event))
                and shape.stream
                and (shape.more or (shape.sources_first and isinstance(event, SourcesFound)))
            ):
                yield extra
    last = {"docs": told.docs(), "sources": told.sources, "message_id": shape.message_id, **told.rest}
    yield last if shape.stream else {"answer": "".join(pieces), **last}


@dataclass
class Told:
    """What was said besides the answer."""

    shape: Shape
    sources: list[Event] = field(default_factory=list)
    rest: Event = field(default_factory=dict)
    _docs: list[str] = field(default_factory=list)
    _question: str = ""
    _searched: bool = False
    _opened: bool = False

    def opening(self) -> list[Event]:
        """Once, for clients that ask for more: the id of the message, by which one that is broken off can be named."""
        if self._opened or not (self.shape.stream and self.shape.more):
            return []
        self._opened = True
        return [{"message_id": self.shape.message_id}]

    def see(self, event: ChatEvent) -> Event:
        """Keep it for the last event; returned is the event of its own, empty where it has none."""
        if isinstance(event, QuestionRewritten):
            self._question = event.text
            self.rest["question"] = event.text
            return {"question": event.text}
        if isinstance(event, Noticed):
            notice = _notice(event, self.shape.language)
            self.rest.setdefault("notices", []).append(notice)
            return {"notice": notice}
        if isinstance(event, ContextTrimmed):
            self.rest["trimmed"] = asdict(event)
            return {"trimmed": asdict(event)}
        if isinstance(event, SourcesFound):
            self._searched = True
            found = sources_of(event.hits, self._question or self.shape.question, self.shape.base_url)
            self._docs = [markdown(source) for source in found]
            self.sources = [source.model_dump() for source in found]
            return {"sources": self.sources}
        if isinstance(event, Done):
            self.rest["finish_reason"] = event.finish_reason
            if event.usage:
                self.rest["usage"] = asdict(event.usage)
        return {}

    def docs(self) -> list[str]:
        """The sources as 0.2.10 writes them, or its notice that there are none."""
        if self._docs or not self._searched:
            return self._docs
        texts = _SILENT["zh" if has_cjk(self.shape.question) else "en"]
        what = texts[self.shape.prompts == SEARCHED]
        end = texts[3 if self.rest.get("finish_reason") == REFUSED else 2]
        return [f"<span style='color:red'>{what}{end}</span>"]


def _notice(event: Noticed, language: Language) -> Event:
    details: dict[str, Any] = {k: v for k, v in event.detail.items() if isinstance(v, str | int | float)}
    return {"error": event.code, "msg": by_code(event.code, dict(event.detail)).message(language), **details}
