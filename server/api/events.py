"""Chat events → the events of the 0.2.10 API: `text`, or `answer` … and `docs` last.

What 0.2.10 does not know (a rewritten question, notices, what was left out) is in the last event under keys of its own;
as events it comes only to clients that ask for them.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from typing import Any

from server.analysis import has_cjk
from server.api.schemas.chat import Source
from server.api.sources import markdown, sources_of
from server.api.sse import Event, Events
from server.chat.grounds import SEARCHED
from server.chat.service import REFUSED
from server.errors import Language, by_code
from server.types import ChatEvent, ContextTrimmed, Done, Hit, Noticed, QuestionRewritten, SourcesFound, Token

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
    """`{"text", "message_id"}` for each token, or once for all of them; once, too, where a model says nothing."""
    told = Told(shape)
    pieces: list[str] = []
    silent = True
    async with aclosing(answer):
        async for event in answer:
            for first in told.opening():
                yield first
            if isinstance(event, Token):
                silent = False
                if shape.stream:
                    yield {"text": event.text, "message_id": shape.message_id}
                else:
                    pieces.append(event.text)
            elif extra := told.see(event):
                yield extra
    if not shape.stream:
        yield {"text": "".join(pieces), "message_id": shape.message_id, **(told.rest if shape.more else {})}
    elif shape.more or silent:
        yield {"text": "", "message_id": shape.message_id, **(told.rest if shape.more else {})}


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
            elif extra := told.see(event):
                yield extra
    last = {"docs": told.docs(), "sources": told.sources, "message_id": shape.message_id, **told.rest}
    yield last if shape.stream else {"answer": "".join(pieces), **last}


@dataclass
class Told:
    """What was said besides the answer."""

    shape: Shape
    rest: Event = field(default_factory=dict)
    _hits: Sequence[Hit] = ()
    _made: list[Source] | None = None
    _question: str = ""
    _searched: bool = False
    _opened: bool = False

    @property
    def sources(self) -> list[Event]:
        """Those of the last search."""
        return [source.model_dump() for source in self._found()]

    def _found(self) -> list[Source]:
        """Made when first asked for: most clients get them at the end, and the first token goes before."""
        if self._made is None:
            self._made = sources_of(self._hits, self._question or self.shape.question, self.shape.base_url)
        return self._made

    def opening(self) -> list[Event]:
        """Once, for clients that ask for more: the id of the message, by which one that is broken off can be named."""
        if self._opened or not (self.shape.stream and self.shape.more):
            return []
        self._opened = True
        return [{"message_id": self.shape.message_id}]

    def see(self, event: ChatEvent) -> Event:
        """Keep it for the last event; returned is what is told at once, empty where the client did not ask for it."""
        self._keep(event)
        sources_now = self.shape.sources_first and isinstance(event, SourcesFound)
        return self._own(event) if self.shape.stream and (self.shape.more or sources_now) else {}

    def _keep(self, event: ChatEvent) -> None:
        if isinstance(event, QuestionRewritten):
            self._question = event.text
            self.rest["question"] = event.text
        elif isinstance(event, Noticed):
            self.rest.setdefault("notices", []).append(_notice(event, self.shape.language))
        elif isinstance(event, ContextTrimmed):
            self.rest["trimmed"] = asdict(event)
        elif isinstance(event, SourcesFound):
            self._searched, self._hits, self._made = True, event.hits, None
        elif isinstance(event, Done):
            self.rest["finish_reason"] = event.finish_reason
            if event.usage:
                self.rest["usage"] = asdict(event.usage)

    def _own(self, event: ChatEvent) -> Event:
        """The event of its own that is made of what was kept."""
        if isinstance(event, QuestionRewritten):
            return {"question": event.text}
        if isinstance(event, Noticed):
            return {"notice": self.rest["notices"][-1]}
        if isinstance(event, ContextTrimmed):
            return {"trimmed": self.rest["trimmed"]}
        return {"sources": self.sources} if isinstance(event, SourcesFound) else {}

    def docs(self) -> list[str]:
        """The sources as 0.2.10 writes them, or its notice that there are none."""
        if self._hits or not self._searched:
            return [markdown(source) for source in self._found()]
        texts = _SILENT["zh" if has_cjk(self.shape.question) else "en"]
        what = texts[self.shape.prompts == SEARCHED]
        end = texts[3 if self.rest.get("finish_reason") == REFUSED else 2]
        return [f"<span style='color:red'>{what}{end}</span>"]


def _notice(event: Noticed, language: Language) -> Event:
    details: dict[str, Any] = {k: v for k, v in event.detail.items() if isinstance(v, str | int | float)}
    return {"error": event.code, "msg": by_code(event.code, dict(event.detail)).message(language), **details}
