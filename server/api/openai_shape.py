"""The bodies of the OpenAI protocol: errors, answers and their chunks."""

import re
import time
from collections.abc import Mapping
from typing import Any

from server.types import Usage

_PATHS = re.compile(r"/v1/|/knowledge_base/[^/]+/[^/]+/chat/completions$")
_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
Body = dict[str, Any]


def speaks_openai(path: str) -> bool:
    """Whether clients of this path expect OpenAI's shapes."""
    return _PATHS.match(path) is not None


def error_body(status: int, code: str, message: str, data: Mapping[str, Any] | None = None) -> Body:
    """An error; `data` holds what the text was made of."""
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": code, "details": dict(data or {})}}


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

    def whole(self, text: str, finish_reason: str, usage: Usage, **more: Any) -> Body:
        """The answer in one piece."""
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
        return {
            **self._base,
            "object": "chat.completion",
            "choices": [choice],
            "usage": usage_body(usage),
            **more,
        }


def usage_body(usage: Usage) -> Body:
    """Tokens as OpenAI counts them out."""
    total = usage.prompt_tokens + usage.completion_tokens
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": total,
    }
