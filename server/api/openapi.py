"""The OpenAPI document made whole: errors, examples and scopes of every route, added in one place.

`python -m server.api.openapi` writes it to `docs/openapi.json`; a test compares that file with the application.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from configs.sections.base import PROJECT_ROOT
from server import errors
from server.api.access import is_open, needed_scope
from server.api.errors import STATUS
from server.api.examples import example_of
from server.api.openai_shape import error_body, openai_status, speaks_openai
from server.errors import ZhiwenError

DOCUMENT = PROJECT_ROOT / "docs" / "openapi.json"
UNREADABLE_BODY = 400
_SHOWN: Mapping[int, ZhiwenError] = {
    401: errors.AccessDenied(),
    403: errors.KnowledgeBaseForbidden(name="contracts"),
    404: errors.KnowledgeBaseNotFound(name="contracts"),
    409: errors.KnowledgeBaseBusy(name="samples"),
    413: errors.BodyTooLarge(limit_mb=32, setting="limits.max_body_mb"),
    415: errors.UnsupportedFileType(name="song.mp3", known=".md .pdf …"),
    422: errors.EmptyQuestion(),
    429: errors.RateLimited(limit=60000, retry_after=1),
    500: ZhiwenError(request_id="5f0c6d1e9b"),
    502: errors.ModelFailed(name="builtin-extractive", reason="…"),
    503: errors.ModelUnavailable(name="m3e-base", reason_en="its weights are not here", reason_zh="本机没有其权重"),
    504: errors.ModelTimeout(name="builtin-extractive", seconds=300),
}
"""One error of each status as the example."""
_ERROR = {
    "type": "object",
    "required": ["code", "msg"],
    "properties": {
        "code": {"type": "integer", "description": "equals the HTTP status"},
        "msg": {"type": "string", "description": "for people, in the language of Accept-Language"},
        "data": {"description": "the stable code of the error as `error`, and the details its text was made of"},
        "error": {"type": "string", "description": "the stable code where `data` holds something else"},
    },
}
_OPENAI_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
_KEYS = {
    "HTTPBearer": {"type": "http", "scheme": "bearer"},
    "APIKeyHeader": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
"""The guard takes either. Said here and not by dependencies of each route, which would run with each request."""
_PLAIN = {"type": "object", "properties": {"detail": {}}, "description": "what the framework itself refuses"}


def install(app: FastAPI) -> None:
    """Have the application describe itself whole."""
    plain: Callable[[], dict[str, Any]] = app.openapi

    def whole() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = completed(plain())
        return app.openapi_schema

    app.openapi = whole


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with errors, examples and scopes."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas |= {"Error": _ERROR, "OpenAIError": _OPENAI_ERROR, "Refusal": _PLAIN}
    components["responses"] = _responses()
    components["securitySchemes"] = _KEYS
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            operation["x-scope"] = None if is_open(path) else needed_scope(method.upper(), path)
            operation["security"] = [{name: []} for name in _KEYS]
            _add_errors(operation, "OpenAI" if speaks_openai(path) else "")
            _add_examples(operation, schemas)
    return document


def _add_errors(operation: dict[str, Any], shape: str) -> None:
    known = operation["responses"]
    for status in (UNREADABLE_BODY, *_SHOWN):
        # FastAPI's own 422 is one of two shapes, so ours, which has both, takes its place.
        if str(status) not in known or status == 422:
            known[str(status)] = {"$ref": f"#/components/responses/{shape}Error{status}"}


def _add_examples(operation: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] in ("path", "query") and "example" not in parameter:
            parameter["example"] = example_of(parameter["schema"], schemas, parameter["name"])
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if "example" not in content and "examples" not in content:
            content["example"] = example_of(content["schema"], schemas)


def _responses() -> dict[str, Any]:
    made: dict[str, Any] = {}
    refused = {"$ref": "#/components/schemas/Refusal"}
    for status, error in _SHOWN.items():
        data = {**error.detail, "error": error.code}
        ours = {"code": status, "msg": error.message("en"), "data": data}
        theirs = error_body(openai_status(status), error.code, error.message("en"), error.detail)
        made[f"Error{status}"] = _response(status, [{"$ref": "#/components/schemas/Error"}, refused], ours)
        made[f"OpenAIError{status}"] = _response(
            status, [{"$ref": "#/components/schemas/OpenAIError"}, refused], theirs
        )
    wrong = {"detail": "There was an error parsing the body"}
    for shape in ("", "OpenAI"):
        schema = [{"$ref": f"#/components/schemas/{shape}Error"}, refused]
        made[f"{shape}Error{UNREADABLE_BODY}"] = _response(UNREADABLE_BODY, schema, wrong)
    return made


def _response(status: int, shapes: list[Any], example: Any) -> dict[str, Any]:
    codes = sorted({kind.__name__ for kind, known in STATUS.items() if known == status})
    described = f"{status}: {', '.join(codes)}" if codes else f"{status}: the body cannot be read"
    return {
        "description": described,
        "content": {"application/json": {"schema": {"anyOf": shapes}, "example": example}},
    }


def document_text(app: FastAPI) -> str:
    """The document as it is kept in the file."""
    return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> int:
    """Write the document of the application to the path given, or to where the test looks for it."""
    from configs.settings import load_settings
    from server.api.app import create_app

    path = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENT
    path.write_text(document_text(create_app(load_settings())), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
