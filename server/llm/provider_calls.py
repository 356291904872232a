"""Requests to providers that are tried again when that makes sense, and their failures as errors of ours."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from server.errors import (
    ContextTooLong,
    ModelFailed,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
    ProviderBusy,
    ZhiwenError,
)
from server.llm.generation import Piece
from server.llm.openai_stream import OK, Refused, Silent, Unreachable, asked, refusal, stream_pieces
from server.llm.provider_connections import Connections
from server.llm.providers import Endpoint

if TYPE_CHECKING:
    import aiohttp

Failure = Refused | Silent | Unreachable
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
"""A provider that wants a longer pause is busy; the user is told so instead of being kept waiting."""
TOO_MANY = 429
SERVER_ERROR = 500
KEY_REFUSED = frozenset({401, 403})
NOT_FOUND = 404
REQUEST_REFUSED = frozenset({400, 413, 422})
CONTEXT_CODE = "context_length_exceeded"


async def streamed(
    connections: Connections, endpoint: Endpoint, body: Mapping[str, Any]
) -> AsyncGenerator[Piece, None]:
    """`stream_pieces`, tried again while nothing has come and the failure may pass."""
    attempt = 0
    while True:
        begun = False
        try:
            async with connections.place(endpoint) as session:
                async with aclosing(stream_pieces(session, endpoint, body)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
                return
        except (Refused, Unreachable) as error:
            error.args = (endpoint.without_secrets(str(error)),)
            pause = None if begun else pause_before_retry(endpoint, error, attempt)
            if pause is None:
                raise
        attempt += 1
        await asyncio.sleep(pause)


async def called(
    connections: Connections, endpoint: Endpoint, path: str, body: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The JSON that a route of the provider answers; GET without a body. `path` may be a whole address.

    Raises:
        Refused, Silent, Unreachable: see `stream_pieces`.
    """
    attempt = 0
    while True:
        try:
            async with connections.place(endpoint) as session:
                return await _answer(session, endpoint, path, body)
        except (Refused, Unreachable) as error:
            error.args = (endpoint.without_secrets(str(error)),)
            pause = pause_before_retry(endpoint, error, attempt)
            if pause is None:
                raise
        attempt += 1
        await asyncio.sleep(pause)


def pause_before_retry(endpoint: Endpoint, error: Refused | Unreachable, attempt: int) -> float | None:
    """Seconds to wait before the request is sent again; None when it should not be."""
    if attempt >= endpoint.max_retries:
        return None
    if isinstance(error, Unreachable):
        return None if error.begun else _grown(attempt)
    if error.status != TOO_MANY and error.status < SERVER_ERROR:
        return None
    pause = _grown(attempt) if error.retry_after_s is None else error.retry_after_s
    return pause if pause <= LONGEST_PAUSE_S else None


def as_error(model: str, endpoint: Endpoint, failure: Failure) -> ZhiwenError:
    """What the user is told; never a key."""
    if isinstance(failure, Silent):
        return ModelTimeout(name=model, seconds=round(endpoint.timeout_s))
    reason = endpoint.without_secrets(str(failure))
    if isinstance(failure, Unreachable):
        if failure.begun:
            return ModelFailed(name=model, reason=f"the connection broke off in mid-answer ({reason})")
        return _unavailable(
            model, f"{endpoint.name} at {endpoint.host} does not answer ({reason})", "没有响应", endpoint
        )
    if failure.status == TOO_MANY:
        return ProviderBusy(name=model, provider=endpoint.name, reason=reason, seconds=_whole(failure.retry_after_s))
    if failure.status in KEY_REFUSED:
        return _unavailable(
            model, f"{endpoint.name} refuses the API key: {reason}", f"拒绝了 API 密钥：{reason}", endpoint
        )
    if failure.status == NOT_FOUND:
        return _unavailable(model, f"{endpoint.name} does not have it: {reason}", f"没有该模型：{reason}", endpoint)
    return ModelFailed(name=model, reason=reason)


def as_chat_error(model: str, endpoint: Endpoint, failure: Failure) -> ZhiwenError:
    """The same for a chat, where a provider that refuses the request means what the user asked for."""
    if isinstance(failure, Refused):
        reason = endpoint.without_secrets(str(failure))
        if failure.code == CONTEXT_CODE:
            return ContextTooLong(name=model, reason=reason)
        if failure.status in REQUEST_REFUSED:
            return ModelRefused(name=model, reason=reason)
    return as_error(model, endpoint, failure)


async def _answer(
    session: "aiohttp.ClientSession", endpoint: Endpoint, path: str, body: Mapping[str, Any] | None
) -> dict[str, Any]:
    url = endpoint.url(path, (body or {}).get("model", ""))
    async with asked(session, endpoint, "GET" if body is None else "POST", url, body) as response:
        if response.status != OK:
            raise await refusal(response)
        content = await response.read()
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Refused(OK, None, "its answer is no JSON object")
    return answer


def _grown(attempt: int) -> float:
    """Twice as long each time, and never the same for all who wait."""
    return FIRST_PAUSE_S * 2**attempt * random.uniform(0.75, 1.25)  # noqa: S311  # spreading load, not guarding secrets


def _unavailable(model: str, en: str, zh: str, endpoint: Endpoint) -> ModelUnavailable:
    return ModelUnavailable(name=model, reason_en=en, reason_zh=f"{endpoint.name}（{endpoint.host}）{zh}")


def _whole(seconds: float | None) -> int:
    return max(1, round(seconds)) if seconds is not None else 60
