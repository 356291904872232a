"""Streams of FastChat's OpenAI API as OpenAI's clients expect them: errors are errors, usage comes when asked for."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any

import aiohttp
import httpx
from fastapi import Request
from fastapi.responses import JSONResponse

END = "data: [DONE]\n\n"
# Beside FastChat's own codes, which begin with the HTTP status they mean.
UNREACHABLE = 50301


class StreamFailed(Exception):
    """The worker reported an error in mid-stream."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


@dataclass
class _Exchange:
    """What one streaming request wants, and what its worker has counted."""

    include_usage: bool
    usage: dict[str, int] | None = None


_exchange: ContextVar[_Exchange | None] = ContextVar("exchange", default=None)


def mend_streams(api: Any) -> None:
    """Mend the module `fastchat.serve.openai_api_server` in place."""
    api.check_requests = _remembering(api.check_requests)
    api.generate_completion_stream = _raising(api.generate_completion_stream)
    for name in ("chat_completion_stream_generator", "generate_completion_stream_generator"):
        setattr(api, name, _reporting(getattr(api, name)))
    api.app.add_exception_handler(aiohttp.ClientError, _unreachable)
    api.app.add_exception_handler(ValueError, _refused)


def _remembering(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """FastChat hands the request to this check and to nothing that streams, so its wishes are noted here."""

    @wraps(check)
    def checked(request: Any) -> Any:
        options = getattr(request, "stream_options", None) or {}
        _exchange.set(_Exchange(include_usage=bool(options.get("include_usage"))))
        return check(request)

    return checked


def _raising(stream: Callable[..., Any]) -> Callable[..., AsyncIterator[dict[str, Any]]]:
    """A worker reports an error as a piece of text with a code; raise it."""

    @wraps(stream)
    async def checked(payload: dict[str, Any], worker_addr: str) -> AsyncIterator[dict[str, Any]]:
        exchange = _exchange.get()
        async with aclosing(stream(payload, worker_addr)) as contents:
            async for content in contents:
                if content["error_code"] != 0:
                    raise StreamFailed(content["text"], content["error_code"])
                if exchange is not None:
                    exchange.usage = content.get("usage") or exchange.usage
                yield content

    return checked


def _reporting(stream: Callable[..., Any]) -> Callable[..., AsyncIterator[str]]:
    """Put errors and, if asked for, usage into the events."""

    @wraps(stream)
    async def reported(*args: Any) -> AsyncIterator[str]:
        last = ""
        try:
            async with aclosing(stream(*args)) as events:
                async for event in events:
                    if event == END and (exchange := _exchange.get()) and exchange.include_usage:
                        yield _usage_event(last, exchange.usage)
                    last = event
                    yield event
        except StreamFailed as error:
            yield _error_event(str(error), error.code)
            yield END
        except httpx.HTTPError as error:
            yield _error_event(f"the worker of the model broke off ({type(error).__name__})", UNREACHABLE)
            yield END

    return reported


def _error_event(message: str, code: int) -> str:
    error = {"message": message, "type": "server_error", "param": None, "code": code}
    return f"data: {json.dumps({'error': error}, ensure_ascii=False)}\n\n"


def _usage_event(last: str, usage: dict[str, int] | None) -> str:
    chunk = json.loads(last.removeprefix("data: "))
    return f"data: {json.dumps({**chunk, 'choices': [], 'usage': usage}, ensure_ascii=False)}\n\n"


async def _unreachable(_: Request, error: Exception) -> JSONResponse:
    message = f"the controller or the model's worker cannot be reached ({type(error).__name__})"
    return JSONResponse({"object": "error", "message": message, "code": UNREACHABLE}, 503)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"object": "error", "message": str(error), "code": 40001}, 400)
