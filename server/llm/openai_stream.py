"""One streamed chat completion over plain HTTP: bytes → pieces. Made for hundreds of streams side by side.

What goes wrong is raised as one of three exceptions of this module; who asks knows what they mean for the user.
"""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from server.llm.generation import Piece
from server.llm.provider_connections import CONNECT_S
from server.llm.providers import Endpoint
from server.types import CallPiece, Usage

if TYPE_CHECKING:
    import aiohttp

OK = 200
END = b"[DONE]"
AFTER_END_S = 0.5
"""How long the end of the connection is waited for after the end of the answer, so that it can be used again."""
LONGEST_REASON = 300
_HALF = re.compile("[\ud800-\udfff]")


class Unreachable(Exception):
    """Nothing answers there, or it broke off. `begun`: the answer had begun."""

    def __init__(self, reason: str, *, begun: bool = False) -> None:
        super().__init__(reason)
        self.begun = begun


class Silent(Exception):
    """Nothing came for the time allowed."""


class Refused(Exception):
    """The service answered with an error. `status` is 200 when it came in mid-stream."""

    def __init__(self, status: int, code: Any, message: str) -> None:
        super().__init__(message[:LONGEST_REASON])
        self.status = status
        self.code = code
        self.retry_after_s: float | None = None
        self.body: Mapping[str, Any] = {}


class DataLines:
    """Bytes of an event stream, cut anywhere → the contents of its `data:` lines."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that are complete now."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return [line[5:].strip() for line in lines if line.startswith(b"data:")]


@asynccontextmanager
async def asked(
    session: "aiohttp.ClientSession", endpoint: Endpoint, method: str, url: str, body: Mapping[str, Any] | None = None
) -> "AsyncGenerator[aiohttp.ClientResponse, None]":
    """The response of a service, open while the block runs; redirections, which could carry the key away, are none.

    Raises:
        Silent: nothing came for `timeout_s` of the endpoint.
        Unreachable: no connection, or it broke.
    """
    import aiohttp
    from aiohttp_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError

    content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    headers = {**({} if body is None else {"Content-Type": "application/json"}), **endpoint.headers}
    limits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=endpoint.timeout_s)
    try:
        async with session.request(
            method, url, data=content, headers=headers, timeout=limits, allow_redirects=False
        ) as response:
            yield response
    except aiohttp.SocketTimeoutError:
        raise Silent from None
    except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
        raise Unreachable(type(error).__name__) from error
    except (ProxyError, ProxyConnectionError, ProxyTimeoutError) as error:
        raise Unreachable(type(error).__name__) from error


async def stream_pieces(
    session: "aiohttp.ClientSession", endpoint: Endpoint, body: Mapping[str, Any]
) -> AsyncGenerator[Piece, None]:
    """The answer piece by piece, why it ended and what it cost with the last one. Closing it closes the connection.

    Raises:
        Refused: the service says no, or that it failed.
        Silent, Unreachable: see `asked`.
    """
    begun = False
    try:
        async with asked(session, endpoint, "POST", endpoint.url("/chat/completions", body["model"]), body) as response:
            if response.status != OK:
                raise await refusal(response)
            async with aclosing(_pieces(response)) as pieces:
                async for piece in pieces:
                    begun = True
                    yield piece
    except Unreachable as error:
        error.begun = error.begun or begun
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(200, None, "its answer has not the shape of an OpenAI answer") from error


async def _pieces(response: "aiohttp.ClientResponse") -> AsyncGenerator[Piece, None]:
    if response.content_type == "application/json":
        yield _whole_answer(json.loads(await response.read()))
        return
    answer, lines = _Answer(), DataLines()
    chunks = response.content.iter_any()
    async for chunk in chunks:
        events = lines.feed(chunk)
        for data in events:
            if data == END:
                await _drained(chunks)
                yield Piece("", answer.finish_reason or "stop", answer.usage)
                return
            if piece := answer.take(json.loads(data)):
                yield piece
                if len(events) > 1:
                    # What came in one go would otherwise be passed on in one go, while all other streams wait.
                    await asyncio.sleep(0)
    if not answer.finish_reason:
        raise Unreachable("the connection ended before the answer", begun=True)
    yield Piece("", answer.finish_reason, answer.usage)


class _Answer:
    """What is known of an answer besides its text; services tell it in events of any order."""

    def __init__(self) -> None:
        self.finish_reason = ""
        self.usage: Usage | None = None
        self._half = ""

    def take(self, event: dict[str, Any]) -> Piece | None:
        """What an event adds to the answer."""
        if "error" in event or event.get("error_code"):
            raise _error_of(event, 200)
        if counted := event.get("usage"):
            self.usage = _usage(counted)
        choices = event.get("choices")
        if not choices:
            return None
        choice = choices[0]
        self.finish_reason = choice.get("finish_reason") or self.finish_reason
        delta = choice.get("delta") or {}
        text, calls = self._whole_characters(delta.get("content") or ""), delta.get("tool_calls")
        if calls:
            return Piece(text, calls=_calls(calls))
        return Piece(text) if text else None

    def _whole_characters(self, text: str) -> str:
        """JSON writes an emoji as two halves, which some services send in two events; a half alone is no text."""
        text, self._half = self._half + text, ""
        if not _HALF.search(text):
            return text
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


async def _drained(chunks: AsyncIterator[bytes]) -> None:
    async def rest() -> None:
        async for _ in chunks:
            pass

    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(rest(), AFTER_END_S)


def _whole_answer(answer: dict[str, Any]) -> Piece:
    """Some services answer at once although a stream was asked for."""
    if not answer.get("choices"):
        raise _error_of(answer, 200)
    choice, counted = answer["choices"][0], answer.get("usage")
    text, calls = choice["message"].get("content") or "", _calls(choice["message"].get("tool_calls") or ())
    return Piece(text, choice.get("finish_reason") or "stop", _usage(counted) if counted else None, calls)


def _calls(calls: Sequence[Mapping[str, Any]]) -> tuple[CallPiece, ...]:
    """Pieces of tool calls; services that send whole calls do without an index."""
    return tuple(
        CallPiece(
            index=number if call.get("index") is None else int(call["index"]),
            id=call.get("id") or "",
            name=call["function"].get("name") or "",
            arguments=call["function"].get("arguments") or "",
        )
        for number, call in enumerate(calls)
    )


def _usage(counted: Mapping[str, Any]) -> Usage:
    return Usage(counted.get("prompt_tokens") or 0, counted.get("completion_tokens") or 0, exact=True)


async def refusal(response: "aiohttp.ClientResponse") -> Refused:
    """The error that an answer other than 200 means."""
    try:
        answer = json.loads(await response.read())
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        answer = {"message": f"HTTP {response.status}"}
    error = _error_of(answer, response.status)
    error.retry_after_s = _seconds(response.headers.get("retry-after", ""))
    return error


def _error_of(answer: Mapping[str, Any], status: int) -> Refused:
    """OpenAI's shape, FastChat's two, and whatever else has a message."""
    error = answer.get("error") or answer
    if not isinstance(error, Mapping):
        error = {"message": str(error)}
    named = (error.get(name) for name in ("message", "text", "detail", "msg"))
    message = next((text for text in named if text), "the service tells no reason")
    refused = Refused(status, error.get("code") or error.get("error_code"), str(message).rstrip("."))
    refused.body = answer
    return refused


def _seconds(retry_after: str) -> float | None:
    if retry_after.replace(".", "", 1).isdigit():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
