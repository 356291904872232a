"""Errors on the wire: one table from error family to HTTP status, one JSON shape, in the caller's language."""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from server import errors
from server.api.openai_shape import error_body, openai_status, speaks_openai
from server.api.request_id import request_id
from server.errors import Language, ZhiwenError
from server.errors.unforeseen import unforeseen

STATUS: Mapping[type[ZhiwenError], int] = {
    errors.InvalidInput: 422,
    errors.BadName: 403,
    errors.BlankName: 404,
    errors.FileTooLarge: 413,
    errors.BodyTooLarge: 413,
    errors.TooManyFiles: 413,
    errors.UrlRefused: 403,
    errors.AccessDenied: 401,
    errors.ForeignRequest: 403,
    errors.ScopeMissing: 403,
    errors.KnowledgeBaseForbidden: 403,
    errors.ToolForbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Busy: 429,
    errors.Unreadable: 422,
    errors.UnsupportedFileType: 415,
    errors.Unavailable: 503,
    errors.UpstreamFailed: 502,
    errors.ModelTimeout: 504,
    errors.SearchTimeout: 504,
    errors.ToolTimeout: 504,
    errors.AgentTimeLimit: 504,
    errors.Damaged: 500,
    ZhiwenError: 500,
}
TRAVERSAL = "Don't attack me"
"""What clients of the 0.2.10 API are told about a name with `../`."""
CONTRACT_LANGUAGE: Language = "zh"
"""The few messages that clients of 0.2.10 compare with its own are in its words, whatever language is asked for."""

RETRY_AFTER_S = 5
_log = logging.getLogger(__name__)


def status_of(error: ZhiwenError) -> int:
    """HTTP status of an error: that of its nearest class in the table."""
    return next(STATUS[family] for family in type(error).__mro__ if family in STATUS)


def language_of(connection: HTTPConnection) -> Language:
    """Chinese or English, whichever `Accept-Language` prefers; Chinese when it names neither."""
    weights: dict[str, float] = {}
    for item in connection.headers.get("accept-language", "").split(","):
        tag, _, parameter = item.strip().lower().partition(";")
        language = tag.split("-")[0].strip()
        if language in ("zh", "en"):
            weights[language] = max(weights.get(language, 0.0), _quality(parameter))
    return "en" if weights.get("en", 0.0) > weights.get("zh", 0.0) else "zh"


def _quality(parameter: str) -> float:
    try:
        return float(parameter.strip().removeprefix("q=")) if parameter.strip() else 1.0
    except ValueError:
        return 0.0


def text_of(error: ZhiwenError, language: Language) -> str:
    """The message for people."""
    if isinstance(error, errors.BadName) and "../" in str(error.detail.get("name", "")):
        return TRAVERSAL
    return error.message(language)


def as_zhiwen(error: Exception) -> ZhiwenError:
    """The error itself; of one that nobody foresaw what can be said of it, with the id that stands in the log."""
    if isinstance(error, ZhiwenError):
        return error
    own = request_id()
    _log.error("request %s failed", own, exc_info=error)
    return unforeseen(error, request_id=own)


def error_response(
    error: ZhiwenError, connection: HTTPConnection, *, status: int = 0, msg: str = "", data: Any = None
) -> JSONResponse:
    """The error as a response; `status`, `msg` and `data` only where the 0.2.10 API fixed other ones.

    With `data` given, the stable code stands beside it.
    """
    in_openai = speaks_openai(connection.scope["path"])
    code = openai_status(status_of(error)) if in_openai else status or status_of(error)
    is_compared = isinstance(error, errors.SearchEngineNotConfigured) and error.detail.get("label") == "Bing"
    text = msg or text_of(error, CONTRACT_LANGUAGE if is_compared else language_of(connection))
    headers = _headers(code, error)
    if in_openai:
        return LenientJson(error_body(code, error.code, text, error_data(error)), code, headers)
    rest = {"data": error_data(error)} if data is None else {"data": data, "error": error.code}
    return LenientJson({"code": code, "msg": text, **rest}, code, headers)


class LenientJson(JSONResponse):
    """JSON of texts that are not ours, such as refused names or what a model wrote."""

    def render(self, content: Any) -> bytes:
        """Two halves of a surrogate pair become the character they make, a single one a replacement."""
        text = json.dumps(content, ensure_ascii=False)
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _headers(code: int, error: ZhiwenError) -> dict[str, str]:
    """What RFC 9110 and RFC 6585 ask for beside these codes."""
    if code == 401:
        return {"WWW-Authenticate": "Bearer"}
    if code == 429 or "retry_after" in error.detail:
        # A provider that limits requests tells its own seconds.
        pause = error.detail.get("retry_after", error.detail.get("seconds", RETRY_AFTER_S))
        return {"Retry-After": str(pause)}
    return {}


def error_data(error: ZhiwenError) -> dict[str, Any]:
    """The machine-readable part: the stable code, and the details the text was made of."""
    details = {name: value for name, value in error.detail.items() if isinstance(value, str | int | float)}
    return {**details, "error": error.code}


def error_event(error: Exception, language: Language) -> dict[str, Any]:
    """The error as an event of a stream that has begun."""
    known = as_zhiwen(error)
    return {"code": status_of(known), "msg": text_of(known, language), "error": known.code}


def openai_error(error: Exception, language: Language) -> dict[str, Any]:
    """The same in OpenAI's shape."""
    known = as_zhiwen(error)
    return error_body(openai_status(status_of(known)), known.code, text_of(known, language), error_data(known))


def install(app: FastAPI) -> None:
    """Teach the application to answer with these errors."""

    async def handle_known(request: Request, error: Exception) -> JSONResponse:
        return error_response(cast("ZhiwenError", error), request)

    async def handle_schema(request: Request, error: Exception) -> JSONResponse:
        items = cast("RequestValidationError", error).errors()
        if speaks_openai(request.scope["path"]):
            return LenientJson(_openai_schema_error(items), 400)
        # FastAPI also repeats the input, which may be huge, secret, or not even valid JSON (NaN, half a surrogate).
        return JSONResponse({"detail": [{key: item[key] for key in ("loc", "msg", "type")} for item in items]}, 422)

    async def handle_framework(request: Request, error: Exception) -> Response:
        refused = cast("HTTPException", error)
        if not speaks_openai(request.scope["path"]):
            return await http_exception_handler(request, refused)
        kind = "unknown_url" if refused.status_code == 404 else "invalid_request"
        body = error_body(refused.status_code, kind, str(refused.detail))
        return LenientJson(body, refused.status_code, refused.headers)

    app.add_exception_handler(ZhiwenError, handle_known)
    app.add_exception_handler(HTTPException, handle_framework)
    app.add_exception_handler(RequestValidationError, handle_schema)


def _openai_schema_error(items: Sequence[Any]) -> dict[str, Any]:
    fields = [".".join(map(str, item["loc"][1:])) for item in items]
    told = [item["msg"].removeprefix("Value error, ") for item in items]
    text = "; ".join(f"{field}: {why}" if field else why for field, why in zip(fields, told, strict=True))
    return error_body(400, "invalid_request", text, param=fields[0] or None)
