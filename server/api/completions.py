"""Chat events → the OpenAI protocol. Sources come in the first chunk, beside `choices`, as a field of ours."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass

from server.api.openai_shape import Body, Completion, call_delta, whole_message
from server.api.schemas.chat import Source
from server.api.sources import markdown, sources_of
from server.api.sse import Events
from server.types import (
    CallPiece,
    ChatEvent,
    ContextTrimmed,
    Done,
    QuestionRewritten,
    SourcesFound,
    Token,
    Usage,
)

END = "[DONE]"
_REASONS = frozenset({"stop", "length", "tool_calls", "content_filter"})


@dataclass(frozen=True)
class Reply:
    """What a client asked its answer to look like.

    `references` writes the sources under the answer; `with_docs` repeats them as the Markdown strings of 0.3.
    """

    message_id: str
    model: str
    question: str
    base_url: str
    references: bool = False
    with_usage: bool = False
    with_docs: bool = False


class _Reader:
    """Collects what the answer is told to rest on and how it ended."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self.shape = Completion(reply.message_id, reply.model)
        self._question = reply.question
        self.sources: list[Source] | None = None
        self.trimmed: ContextTrimmed | None = None
        self.done = Done()

    def see(self, event: ChatEvent) -> None:
        """Keep what is no token."""
        if isinstance(event, QuestionRewritten):
            self._question = event.text
        elif isinstance(event, SourcesFound):
            self.sources = sources_of(event.hits, self._question, self._reply.base_url)
        elif isinstance(event, ContextTrimmed):
            self.trimmed = event
        elif isinstance(event, Done):
            self.done = event

    @property
    def opening(self) -> Body:
        """The first chunk."""
        return self.shape.chunk({"role": "assistant", "content": ""}, **self.extra)

    @property
    def extra(self) -> Body:
        """The fields of ours."""
        told: Body = {"message_id": self._reply.message_id}
        if self.trimmed:
            told["trimmed"] = asdict(self.trimmed)
        if self.sources is None:
            return told
        docs = {"docs": [markdown(source) for source in self.sources]} if self._reply.with_docs else {}
        return {**told, "sources": [source.model_dump() for source in self.sources], **docs}

    @property
    def appendix(self) -> str:
        """The sources as numbered lines under the answer, where they were asked for."""
        return _references(self.sources or ()) if self._reply.references else ""

    @property
    def finish_reason(self) -> str:
        """Why the answer ended, in one of OpenAI's words."""
        return self.done.finish_reason if self.done.finish_reason in _REASONS else "stop"

    @property
    def usage(self) -> Usage:
        """What the answer cost; nothing where no model was asked."""
        return self.done.usage or Usage(0, 0)


async def completion_chunks(answer: AsyncGenerator[ChatEvent, None], reply: Reply) -> Events:
    """The opening chunk as soon as the sources or the first words are there; the words; the reason of the end.

    Then what it cost, where that was asked for, and the end mark.
    """
    reader, opened = _Reader(reply), False
    async with aclosing(answer):
        async for event in answer:
            reader.see(event)
            if not opened and isinstance(event, SourcesFound | Token | CallPiece | Done):
                opened = True
                yield reader.opening
            if isinstance(event, Token):
                yield reader.shape.chunk({"content": event.text})
            elif isinstance(event, CallPiece):
                yield reader.shape.chunk({"tool_calls": [call_delta(event)]})
    if reader.appendix:
        yield reader.shape.chunk({"content": reader.appendix})
    yield reader.shape.chunk({}, reader.finish_reason)
    if reply.with_usage:
        yield reader.shape.usage_chunk(reader.usage)
    yield END


async def whole_completion(answer: AsyncGenerator[ChatEvent, None], reply: Reply) -> Body:
    """The answer in one body. Raises what the answer raises."""
    reader, pieces, calls = _Reader(reply), [], []
    async with aclosing(answer):
        async for event in answer:
            reader.see(event)
            if isinstance(event, Token):
                pieces.append(event.text)
            elif isinstance(event, CallPiece):
                calls.append(event)
    message = whole_message("".join(pieces) + reader.appendix, calls)
    return reader.shape.whole(message, reader.finish_reason, reader.usage, **reader.extra)


def _references(sources: Sequence[Source]) -> str:
    lines = [f"[{source.index}] {source.file}{_place(source)} {source.url}".rstrip() for source in sources]
    return "\n\n" + "\n".join(lines) if lines else ""


def _place(source: Source) -> str:
    for sign, value in (("p.", source.page), ("slide", source.slide), ("sheet", source.sheet), ("row", source.row)):
        if value is not None:
            return f", {sign} {value}"
    return ""
