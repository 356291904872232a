"""Dictionaries → `text/event-stream`, framed as clients of the 0.2.10 API expect.

One `data:` line an event, CRLF, one event a network chunk, a comment every 15 s, no end mark. The first event is
awaited before the response begins, so that what fails until then is an ordinary HTTP error; but no longer than clients
and proxies wait for a sign of life. What fails later is one error event, and the stream ends. A client that leaves,
before the first event or after, ends the work.

The response is our own because it is on the path of every token, and sse-starlette has a task group, a lock and a
time-out there.
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from datetime import datetime, timezone
from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import Response
from starlette.types import Message, Receive, Scope, Send

from server.api.errors import error_event, language_of
from server.errors import Language

T = TypeVar("T")
PING_S = 15
CLIENT_LEFT = 499
STREAM_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}, "description": "server-sent events, one JSON object each"}
}
"""What the documentation page says of a stream."""
Event = dict[str, Any]
Events = AsyncGenerator[Event | str, None]
"""Dictionaries are sent as JSON, text as it is: the end mark of the OpenAI protocol, the answers of a completion."""


Tell = Callable[[Exception, Language], Event]
_END: Event = {}


async def event_stream(request: Request, events: Events, tell: Tell = error_event) -> Response:
    """Start the stream, at the latest when the first ping is due; `tell` makes the event of an error that comes later.

    Raises:
        ZhiwenError: whatever the iterator raises before its first event.
    """
    language = language_of(request)
    first = asyncio.ensure_future(_next(events))
    try:
        has_left = await _waited(request, first)
        if first.done():
            first.result()
    except BaseException:
        await _ended(first, events)
        raise
    if has_left:
        await _ended(first, events)
        return Response(status_code=CLIENT_LEFT)
    return _EventResponse(first, events, lambda error: tell(error, language))


async def unless_left(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """What the work of an answer in one piece gives; None when the client went away meanwhile, which ends the work.

    Raises what the work raises.
    """
    working = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(request.receive))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        gone.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


async def _waited(request: Request, first: "asyncio.Future[Event | str]") -> bool:
    """Wait for the first event, or until the first ping is due; whether the client went away meanwhile."""
    gone = asyncio.ensure_future(_disconnected(request.receive))
    try:
        done, _ = await asyncio.wait({first, gone}, timeout=PING_S, return_when=asyncio.FIRST_COMPLETED)
        return done == {gone}
    finally:
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)


async def _ended(first: "asyncio.Future[Event | str]", events: Events) -> None:
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await events.aclose()


async def _next(events: Events) -> Event | str:
    try:
        return await events.__anext__()
    except StopAsyncIteration:
        return _END


async def _disconnected(receive: Callable[[], Any]) -> None:
    message: Message = await receive()
    while message["type"] != "http.disconnect":
        message = await receive()


def _frame(event: Event | str) -> bytes:
    # A line break of any kind would end the line, and two the event; readers join its lines again.
    text = _BREAK.sub("\r\ndata: ", event) if isinstance(event, str) else _json(event)
    return b"data: %b\r\n\r\n" % text.encode("utf-8", "replace")


_BREAK = re.compile(r"\r\n|\r|\n")
_json = json.JSONEncoder(ensure_ascii=False).encode


class _EventResponse(Response):
    """Sends events until they end or the client leaves; one task sends, one waits for the client to go."""

    media_type = "text/event-stream"

    def __init__(
        self, first: "asyncio.Future[Event | str]", events: Events, tell: Callable[[Exception], Event]
    ) -> None:
        self.status_code = 200
        self.background = None
        self._first = first
        self._events = events
        self._tell = tell
        self.init_headers({"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        sending = asyncio.ensure_future(self._send(send))
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            while not (await asyncio.wait({sending, gone}, timeout=PING_S, return_when=asyncio.FIRST_COMPLETED))[0]:
                await send(_body(b": ping - %b\r\n\r\n" % str(datetime.now(timezone.utc)).encode()))
        finally:
            sending.cancel()
            gone.cancel()
            await asyncio.gather(sending, gone, return_exceptions=True)
            await _ended(self._first, self._events)
        if not sending.cancelled() and (error := sending.exception()) is not None:
            raise error

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        coming: Awaitable[Event | str] = self._first
        while True:
            try:
                event = await coming
            except Exception as error:  # noqa: BLE001  # the HTTP edge: the status is sent, so the stream must tell
                await send(_body(_frame(self._tell(error))))
                break
            if event is _END:
                break
            await send(_body(_frame(event)))
            coming = _next(self._events)
        await send(_body(b"", more=False))


def _body(content: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}
