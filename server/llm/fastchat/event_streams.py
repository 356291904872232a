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
# Fields that FastChat gives a value where a client has sent none.
FILLED_IN = ("temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty")


class StreamFailed(Exception):
    """The worker reported an error in mid-stream."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


@dataclass
class _Exchange:
    """What one request wants, and what its worker has counted.

    `sampling` goes to the worker beside FastChat's own parameters; its "unset" names those that no client has sent.
    """

    include_usage: bool
    sampling: dict[str, Any]
    usage: dict[str, int] | None = None


_exchange: ContextVar[_Exchange | None] = ContextVar("exchange", default=None)


def mend_streams(api: Any) -> None:
    """Mend the module `fastchat.serve.openai_api_server` in place."""
    api.check_requests = _remembering(api.check_requests)
    api.get_gen_params = _completed(api.get_gen_params)
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
        _exchange.set(_Exchange(bool(options.get("include_usage")), _sampling(request)))
        return check(request)

    return checked


def _sampling(request: Any) -> dict[str, Any]:
    sent = request.model_fields_set
    extra = {name: getattr(request, name, None) for name in ("seed", "repetition_penalty")}
    unset = [name for name in FILLED_IN if name not in sent]
    return {"unset": unset, **{name: value for name, value in extra.items() if value is not None}}


def _completed(parameters: Callable[..., Any]) -> Callable[..., Any]:
    """FastChat passes on the fields it knows; add what else the request says."""

    @wraps(parameters)
    async def completed(*args: Any, **kwargs: Any) -> dict[str, Any]:
        exchange = _exchange.get()
        return {**await parameters(*args, **kwargs), **(exchange.sampling if exchange else {})}

    return completed


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
