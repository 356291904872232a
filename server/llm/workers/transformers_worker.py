"""A chat model on local weights as a FastChat worker: `python -m server.llm.workers.transformers_worker`.

The prompt is written by the tokenizer's own chat template. Imports torch only when it loads the weights. A model that
cannot be loaded ends the process with status 1 and two lines on stderr, in English and Chinese, with the reason and
what to try.
"""

import base64
import json
import logging
import os
import sys
import time
from argparse import Namespace
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from server.llm.fastchat.compat import load_worker_base
from server.llm.fastchat.messages import MessageCodec
from server.llm.fastchat.options import start_logging
from server.llm.fastchat.registration import Registration
from server.llm.fastchat.serving import serve, worker_address
from server.llm.workers.transformers_failures import MEMORY_EN, PromptRefused, explained, no_weights
from server.llm.workers.transformers_options import transformers_parser
from server.llm.workers.transformers_request import wishes
from server.llm.workers.transformers_text import AnswerText

base: Any = load_worker_base()
logger = logging.getLogger(__name__)

# FastChat's codes.
INVALID_REQUEST = 40302
CONTEXT_OVERFLOW = 40303
OUT_OF_MEMORY = 50002


class Refused(Exception):
    """A request that cannot be served, with FastChat's code."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


class TransformersWorker(base.BaseModelWorker):
    """Answers through FastChat's controller and OpenAI API."""

    def __init__(self, options: Namespace) -> None:
        """Load the weights. Raises what `load` raises."""
        from server.llm.workers.transformers_generation import Generation
        from server.llm.workers.transformers_loading import load

        self._codec = MessageCodec()
        address, limit = worker_address(options), options.limit_worker_concurrency
        super().__init__(options.controller_address, address, "", "", [options.model_name], limit)
        self.queue_limit = options.queue_limit
        self._loaded = load(options)
        self._generation = Generation(self._loaded.model, self._loaded.prompt.end_ids)
        self._defaults = {**self._generation.defaults, **json.loads(options.generation)}
        self.context_len = self._loaded.window

    @property
    def description(self) -> str:
        """Where and how the model runs, for the log."""
        model = self._loaded.model
        size = model.get_memory_footprint() / 2**30
        return f"{self._loaded.device}, {model.dtype}, {size:.2f} GiB of weights, window of {self.context_len} tokens"

    def make_conv_template(self, conv_template: str | None = None, model_path: str | None = None) -> Any:
        """The template that FastChat's API writes prompts with, from which the messages are read again."""
        return self._codec.template()

    def count_token(self, params: dict[str, Any]) -> dict[str, int]:
        """Tokens of a prompt, with those of the chat template."""
        try:
            return {"count": len(self._prompt(params["prompt"])), "error_code": 0}
        except PromptRefused:  # the generation will say why
            return {"count": 0, "error_code": 0}

    def generate_stream_gate(self, params: dict[str, Any]) -> Iterator[bytes]:
        """The answer so far, again and again, as FastChat wants it."""
        for content in self._answered(params):
            yield json.dumps(content).encode() + b"\0"

    def generate_gate(self, params: dict[str, Any]) -> dict[str, Any]:
        """The answer at once."""
        *_, content = self._answered(params)
        return content

    def get_embeddings(self, params: dict[str, Any]) -> dict[str, Any]:
        """A vector for each text: the mean of the last hidden states."""
        from server.llm.workers.transformers_embedding import embed

        texts = [self._loaded.prompt.plain_ids(text) for text in params["input"]]
        for place, ids in enumerate(texts):
            if not 0 < len(ids) <= self.context_len:
                reason = f"text {place} has {len(ids)} tokens; 1 to {self.context_len} are possible"
                return _failure(reason, CONTEXT_OVERFLOW)
        vectors: Sequence[Any] = embed(self._loaded.model, texts)
        if params.get("encoding_format") == "base64":
            vectors = [base64.b64encode(array("f", vector).tobytes()).decode() for vector in vectors]
        return {"embedding": vectors, "token_num": sum(map(len, texts)), "error_code": 0}

    def _answered(self, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The pieces of an answer, or why there is none."""
        self.call_ct += 1
        try:
            yield from self._generated(params)
        except GeneratorExit:
            logger.info("the reader has gone, the generation is cancelled")
            raise
        except PromptRefused as error:
            yield _failure(f"{self.model_names[0]}: {error}", INVALID_REQUEST)
        except Refused as error:
            yield _failure(str(error), error.code)
        except RuntimeError as error:
            if "out of memory" not in str(error).lower():
                raise
            self._release_memory()
            yield _failure(f"{self.model_names[0]} ran out of memory; {MEMORY_EN}", OUT_OF_MEMORY)

    def _generated(self, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        prompt = self._prompt(params["prompt"])
        room = self._checked_room(params, len(prompt))
        wanted = wishes(params, self._defaults, min(room, params.get("max_new_tokens") or room))
        before = params["prompt"] if params.get("echo") else ""
        text, count, reason = AnswerText(self._decode, wanted.stop), 0, "length"
        shown = ""
        tokens = self._generation.tokens(prompt, wanted)
        try:
            for token in tokens:
                count += 1
                if token in self._generation.end_ids:
                    reason = "stop"
                    break
                text.add(token)
                if text.stopped:
                    reason = "stop"
                    break
                if text.shown != shown:
                    shown = text.shown
                    yield {"text": before + shown, "error_code": 0}
        finally:
            tokens.close()  # pyright: ignore[reportAttributeAccessIssue]  # it is a generator
        usage = {"prompt_tokens": len(prompt), "completion_tokens": count, "total_tokens": len(prompt) + count}
        yield {"text": before + text.complete, "error_code": 0, "usage": usage, "finish_reason": reason}

    def _checked_room(self, params: dict[str, Any], prompt_tokens: int) -> int:
        """Tokens that are left for the answer."""
        name = self.model_names[0]
        if params.get("images"):
            raise Refused(f"{name} reads text only, not pictures", INVALID_REQUEST)
        if params.get("logprobs"):
            raise Refused(f"{name} gives no logprobs here", INVALID_REQUEST)
        if prompt_tokens >= self.context_len:
            raise Refused(
                f"{name} takes {self.context_len} tokens, question and answer together, but the messages have "
                f"{prompt_tokens}. Shorten them",
                CONTEXT_OVERFLOW,
            )
        return self.context_len - prompt_tokens

    def _prompt(self, prompt: str) -> list[int]:
        if self._codec.holds_messages(prompt):
            return self._loaded.prompt.ids(self._codec.messages(prompt))
        return self._loaded.prompt.plain_ids(prompt)

    def _decode(self, ids: list[int]) -> str:
        return self._loaded.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)

    def _release_memory(self) -> None:
        from server.llm.workers.transformers_devices import release_memory

        release_memory(self._loaded.device)


def _failure(text: str, code: int) -> dict[str, Any]:
    return {"text": text, "error_code": code}


def main(arguments: Sequence[str] | None = None) -> None:
    """Load the weights, then run the worker until it is told to end."""
    options = transformers_parser().parse_args(arguments)
    start_logging(options.log_level)
    worker = _load(options)
    registration = Registration(options.controller_address, worker.worker_addr, worker.get_status)
    serve(base.app, options, registration.start, registration.stop)


def _load(options: Namespace) -> TransformersWorker:
    name = options.model_name
    # The weights are local files; a look at the network would only delay the start where there is none.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    # Bars and warnings of the libraries would fill the log; what matters about the model is logged below.
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        if not (Path(options.model_path) / "config.json").is_file():
            raise no_weights(name)
        began = time.monotonic()
        worker = TransformersWorker(options)
        logger.info("%s is loaded in %.1f s: %s", name, time.monotonic() - began, worker.description)
        return worker
    except Exception as error:  # the edge of the process: libraries fail to load weights in any way
        logger.debug("cannot load", exc_info=error)
        failure = explained(name, error)
        sys.exit(f"error: {name} {failure.en}\n错误：{name} {failure.zh}")


if __name__ == "__main__":
    main()
