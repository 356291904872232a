"""How much a caller may ask at once: requests, streams, bytes. Counts live in this process and end with it."""

import math
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.types import Message, Receive

from configs.sections.access import Limits
from server.errors import BodyTooLarge, RateLimited, ServerFull, TooManyStreams

MEGABYTE = 1024 * 1024
MOST_CALLERS = 10_000
STREAM_RETRY_S = 5
UPLOADS = frozenset(
    {"/knowledge_base/upload_docs", "/knowledge_base/upload_temp_docs", "/knowledge_base/preview_chunks"}
)
"""Forms with files, which are streamed to disk; every other body is held in memory and must be small."""
_STREAMS = re.compile(
    r"/chat/(?!feedback).+|/v1/chat/completions|/other/completion|/tools/call|/knowledge_base/[^/]+/[^/]+/chat/completions"
    r"|/knowledge_base/(recreate_vector_store|jobs/[^/]+/events|kb_summary_api/.+)"
)


class Buckets:
    """A bucket of tokens for each caller: it holds one minute's worth and fills up steadily."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = per_minute
        self._clock = clock
        self._filled: dict[str, tuple[float, float]] = {}

    def take(self, caller: str) -> None:
        """One request. Raises `RateLimited`."""
        if not self._size:
            return
        now = self._clock()
        tokens, then = self._filled.get(caller, (self._size, now))
        tokens = min(self._size, tokens + (now - then) * self._size / 60)
        if tokens < 1:
            raise RateLimited(limit=self._size, retry_after=math.ceil((1 - tokens) * 60 / self._size))
        self._filled[caller] = (tokens - 1, now)
        if len(self._filled) > MOST_CALLERS:
            self._drop_full(now)

    def _drop_full(self, now: float) -> None:
        """Who was silent for a minute has a full bucket again, which is the same as none."""
        kept = {caller: state for caller, state in self._filled.items() if now - state[1] < 60}
        self._filled = kept if len(kept) <= MOST_CALLERS else {}


class Gate:
    """Lets requests in, one for each unit of what is limited."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buckets = Buckets(limits.requests_per_minute)
        self._streams: Counter[str] = Counter()

    @contextmanager
    def entered(self, caller: str, path: str) -> Iterator[None]:
        """A request, from its beginning to its end.

        Raises:
            RateLimited, TooManyStreams, ServerFull: it may not begin now.
        """
        self._buckets.take(caller)
        if not _STREAMS.fullmatch(path):
            yield
            return
        limits = self._limits
        if limits.streams and self._streams.total() >= limits.streams:
            raise ServerFull(limit=limits.streams, retry_after=STREAM_RETRY_S)
        if limits.caller_streams and self._streams[caller] >= limits.caller_streams:
            raise TooManyStreams(limit=limits.caller_streams, retry_after=STREAM_RETRY_S)
        self._streams[caller] += 1
        try:
            yield
        finally:
            self._streams[caller] -= 1
            if not self._streams[caller]:
                del self._streams[caller]

    def body(self, receive: Receive, path: str, declared: str | None) -> "Body":
        """The body of a request, which ends where it gets too large. Raises `BodyTooLarge` when it says so itself."""
        upload = path.rstrip("/") in UPLOADS
        limit_mb = self._limits.max_upload_mb if upload else self._limits.max_body_mb
        error = BodyTooLarge(limit_mb=limit_mb, setting="limits.max_upload_mb" if upload else "limits.max_body_mb")
        if declared and declared.isdigit() and int(declared) > limit_mb * MEGABYTE:
            raise error
        return Body(receive, limit_mb * MEGABYTE, error)


class Body:
    """Counts what really arrives, for bodies that do not tell their length or lie about it."""

    def __init__(self, receive: Receive, limit: int, error: BodyTooLarge) -> None:
        self._receive = receive
        self._left = limit
        self._error = error
        self.exceeded: BodyTooLarge | None = None

    async def receive(self) -> Message:
        """The next piece. Raises `BodyTooLarge`; whoever reads may turn that into an error of its own."""
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.exceeded = self._error
            raise self._error
        return message
