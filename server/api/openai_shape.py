"""The bodies of the OpenAI protocol: errors, answers and their chunks."""

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from server.types import CallPiece, Usage

_PATHS = re.compile(r"/v1/|/knowledge_base/[^/]+/[^/]+/chat/completions$")
_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
_CODES = {
    "api_key_required": "invalid_api_key",
    "context_too_long": "context_length_exceeded",
    "question_too_long": "context_length_exceeded",
    "rate_limited": "rate_limit_exceeded",
}
"""Errors that OpenAI's clients know by another code than ours, which is in `details` all the same."""
Body = dict[str, Any]


def speaks_openai(path: str) -> bool:
    """Whether clients of this path expect OpenAI's shapes."""
    return _PATHS.match(path) is not None


def openai_status(status: int) -> int:
    """OpenAI knows no 422: what is wrong with a request is 400."""
    return 400 if status == 422 else status


def error_body(
    status: int, code: str, message: str, data: Mapping[str, Any] | None = None, param: str | None = None
) -> Body:
    """An error; `data` holds what the text was made of, `param` the field that is wrong."""
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    told = {"message": message, "type": kind, "param": param, "code": _CODES.get(code, code)}
    return {"error": {**told, "details": dict(data or {})}}


class Completion:
    """One answer, whole or in chunks, all under the same id."""

    def __init__(self, answer_id: str, model: str) -> None:
        self._base = {"id": f"chatcmpl-{answer_id}", "created": int(time.time()), "model": model}

    def chunk(self, delta: Body, finish_reason: str | None = None, **more: Any) -> Body:
        """One piece of a streamed answer; `more` are fields of ours beside `choices`."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return {**self._base, "object": "chat.completion.chunk", "choices": [choice], **more}

    def usage_chunk(self, usage: Usage) -> Body:
        """The last chunk, where the client asked for it."""
        return {**self._base, "object": "chat.completion.chunk", "choices": [], "usage": usage_body(usage)}

    def whole(self, message: Body, finish_reason: str, usage: Usage, **more: Any) -> Body:
        """The answer in one piece."""
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
        return {
            **self._base,
            "object": "chat.completion",
            "choices": [choice],
            "usage": usage_body(usage),
            **more,
        }


def call_delta(piece: CallPiece) -> Body:
    """A piece of a tool call; its first one names the call."""
    function = {"arguments": piece.arguments}
    if not (piece.id or piece.name):
        return {"index": piece.index, "function": function}
    return {"index": piece.index, "id": piece.id, "type": "function", "function": {"name": piece.name, **function}}


def whole_message(text: str, pieces: Sequence[CallPiece]) -> Body:
    """What the model said, with the calls that the pieces make up."""
    calls: dict[int, Body] = {}
    for piece in pieces:
        call = calls.setdefault(piece.index, {"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
        call["id"] = call["id"] or piece.id
        call["function"]["name"] = call["function"]["name"] or piece.name
        call["function"]["arguments"] += piece.arguments
    if not calls:
        return {"role": "assistant", "content": text}
    return {"role": "assistant", "content": text or None, "tool_calls": [calls[index] for index in sorted(calls)]}


def usage_body(usage: Usage) -> Body:
    """Tokens as OpenAI counts them out."""
    total = usage.prompt_tokens + usage.completion_tokens
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": total,
    }
