"""A FastChat worker whose answers are made by our own code: exact messages in, streamed text out, no torch."""

import json
import re
from abc import ABC, abstractmethod
from argparse import Namespace
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

from server.analysis import CJK
from server.llm.fastchat.compat import load_worker_base
from server.llm.fastchat.messages import MessageCodec
from server.llm.fastchat.registration import Registration
from server.llm.fastchat.serving import serve, worker_address
from server.types import Message

base: Any = load_worker_base()

CONTEXT_TOKENS = 1_000_000
INVALID_REQUEST = 40302
_TOKEN = re.compile(rf"[{CJK}]|[^\W{CJK}]+|[^\w\s]")
_PIECE = re.compile(rf"[^\W{CJK}]+\s*|(?:[{CJK}]|[^\w]){{1,3}}")


class TextWorker(base.BaseModelWorker, ABC):
    """Subclasses say what to answer; queueing, streaming, stop words, limits and usage are done here."""

    def __init__(self, options: Namespace) -> None:
        self._codec = MessageCodec()
        address = worker_address(options)
        limit = options.limit_worker_concurrency
        super().__init__(options.controller_address, address, "", "", [options.model_name], limit)
        self.context_len = CONTEXT_TOKENS
        self.queue_limit = options.queue_limit

    @abstractmethod
    def answer(self, messages: Sequence[Message]) -> str:
        """The whole answer to a conversation."""

    def before_piece(self, messages: Sequence[Message], number: int) -> None:
        """Called before each piece is sent, counted from 0; may wait or raise."""

    def make_conv_template(self, conv_template: str | None = None, model_path: str | None = None) -> Any:
        """The template that FastChat's API writes prompts with."""
        return self._codec.template()

    def count_token(self, params: dict[str, Any]) -> dict[str, int]:
        """Tokens of a prompt, without the separators."""
        return {"count": sum(count_tokens(message.content) for message in self._messages(params)), "error_code": 0}

    def generate_stream_gate(self, params: dict[str, Any]) -> Iterator[bytes]:
        """The answer so far, again and again, as FastChat wants it."""
        for content in self._generate(params):
            yield json.dumps(content).encode() + b"\0"

    def generate_gate(self, params: dict[str, Any]) -> dict[str, Any]:
        """The answer at once."""
        *_, content = self._generate(params)
        return content

    def get_embeddings(self, params: dict[str, Any]) -> dict[str, Any]:
        """Refuse: this worker answers questions."""
        return {"text": f"{self.model_names[0]} makes no embeddings", "error_code": INVALID_REQUEST}

    def _messages(self, params: dict[str, Any]) -> list[Message]:
        return self._codec.messages(params["prompt"])

    def _generate(self, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        self.call_ct += 1
        if params.get("images"):
            yield {"text": f"{self.model_names[0]} reads text only, not pictures", "error_code": INVALID_REQUEST}
            return
        messages = self._messages(params)
        text, finish_reason = cut(self.answer(messages), params.get("stop") or [], params.get("max_new_tokens"))
        shown = ""
        for number, shown in enumerate(accumulate(_PIECE.findall(text))):
            self.before_piece(messages, number)
            yield {"text": shown, "error_code": 0}
        asked, told = self.count_token(params)["count"], count_tokens(shown)
        usage = {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told}
        yield {"text": shown, "error_code": 0, "usage": usage, "finish_reason": finish_reason}


def run_worker(worker: TextWorker, options: Namespace) -> None:
    """Serve a worker and keep it registered until the process is told to end."""
    registration = Registration(options.controller_address, worker.worker_addr, worker.get_status)
    serve(base.app, options, registration.start, registration.stop)


def count_tokens(text: str) -> int:
    """Size of a text: characters of Chinese, words of other languages, punctuation marks."""
    return sum(1 for _ in _TOKEN.finditer(text))


def cut(text: str, stop: Sequence[str], max_tokens: int | None) -> tuple[str, str]:
    """Shorten an answer to what was asked for; says also why it ends, "stop" or "length"."""
    ends = [position for word in stop if word and (position := text.find(word)) >= 0]
    text = text[: min(ends, default=len(text))]
    for number, token in enumerate(_TOKEN.finditer(text)):
        if max_tokens is not None and number >= max_tokens:
            return text[: token.start()].rstrip(), "length"
    return text, "stop"
