"""Keep what is asked and answered: events pass through untouched, and at the end they are written down.

Also when the model fails, and when the client leaves: then the part that came is kept. Nothing is held open meanwhile,
neither a session nor a lock.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from concurrent.futures import Future
from contextlib import aclosing
from typing import Protocol

from server.chat.records import Answered, Asked
from server.errors import AccessDenied, Conflict, InvalidInput, NotFound, StorageFailed, ZhiwenError
from server.types import (
    ChatEvent,
    Done,
    Noticed,
    QuestionRewritten,
    SourcesFound,
    Token,
    ToolFinished,
)

_MISTAKES = (InvalidInput, NotFound, AccessDenied, Conflict)
"""What is wrong with a request itself is no part of a conversation, unless an answer had begun."""
PATIENCE_S = 1.0
"""The end of an answer is not held up longer by a database that somebody else is writing to."""


class Store(Protocol):
    """Where messages are kept."""

    def put(self, answered: Answered) -> "Future[None]":
        """Write soon; the future tells when."""
        ...


async def recorded(
    events: AsyncGenerator[ChatEvent, None], store: Store, asked: Asked
) -> AsyncGenerator[ChatEvent, None]:
    """The same events; what they made is put into the store when they end, whichever way."""
    recording = _Recording(asked)
    try:
        async with aclosing(events):
            async for event in events:
                recording.see(event)
                yield event
    except Exception as error:
        if recording.begun or not isinstance(error, _MISTAKES):
            await _written(store.put(recording.broken(error)))
        raise
    except BaseException as left:  # whoever leaves waits for nothing
        store.put(recording.broken(left))
        raise
    if trouble := await _written(store.put(recording.complete())):
        yield Noticed(StorageFailed.code, {"reason": type(trouble).__name__})


async def _written(future: "Future[None]") -> BaseException | None:
    """Wait a moment until it is written; gives the reason when it cannot be, for the answer is whole all the same."""
    done, _ = await asyncio.wait([asyncio.wrap_future(future)], timeout=PATIENCE_S)
    return next((each.exception() for each in done), None)


class _Recording:
    """What the events say so far."""

    def __init__(self, asked: Asked) -> None:
        self._answered = Answered(asked)
        self._pieces: list[str] = []
        self._began = time.monotonic()
        self.begun = False

    def see(self, event: ChatEvent) -> None:
        self.begun = True
        if isinstance(event, Token):
            if self._answered.first_token_ms is None:
                self._answered.first_token_ms = self._elapsed()
            self._pieces.append(event.text)
        elif isinstance(event, SourcesFound):
            self._answered.hits = event.hits
        elif isinstance(event, QuestionRewritten):
            self._answered.rewritten = event.text
        elif isinstance(event, ToolFinished):
            self._answered.tools.append(event)
            self._answered.thoughts[event.id] = "".join(self._pieces).strip()
            self._pieces.clear()
        elif isinstance(event, Done):
            self._answered.finish_reason, self._answered.usage = event.finish_reason, event.usage

    def complete(self) -> Answered:
        return self._ended("complete")

    def broken(self, error: BaseException) -> Answered:
        if isinstance(error, Exception):
            self._answered.error_code = error.code if isinstance(error, ZhiwenError) else ZhiwenError.code
            return self._ended("failed")
        return self._ended("stopped")

    def _ended(self, finish: str) -> Answered:
        self._answered.answer = "".join(self._pieces)
        self._answered.finish = finish
        self._answered.total_ms = self._elapsed()
        return self._answered

    def _elapsed(self) -> int:
        return round((time.monotonic() - self._began) * 1000)
