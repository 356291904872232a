"""How long a question may be, wherever it stands in a request: `query`, or the last message of a chat."""

from typing import Any

from fastapi import Request

from server.api.access import READING
from server.errors import QueryTooLong


async def check_question_length(request: Request) -> None:
    """A dependency of every route; the body was read and parsed before it, and is not read again.

    Raises:
        QueryTooLong: the question has more than `limits.max_query_chars` characters.
    """
    limit = request.app.state.container.settings.limits.max_query_chars
    body: Any = request.query_params
    kind = request.headers.get("content-type", "")
    if "json" in kind or not (kind or request.method in READING):
        try:
            body = await request.json()
        except (ValueError, RecursionError):
            return  # the route says what is wrong with it
    if any(len(text) > limit for text in _questions(body)):
        raise QueryTooLong(limit=limit)


def _questions(body: Any) -> list[str]:
    if not hasattr(body, "get"):
        return []
    messages = body.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    said = last.get("content") if isinstance(last, dict) else None
    if isinstance(said, list):
        parts = (part.get("text") for part in said if isinstance(part, dict))
        said = "".join(text for text in parts if isinstance(text, str))
    return [text for text in (body.get("query"), said) if isinstance(text, str)]
