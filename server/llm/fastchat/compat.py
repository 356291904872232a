"""What FastChat 0.2.36 (unmaintained) needs on today's libraries. Nothing else in Zhiwen patches anything.

Each `load_*` function imports one FastChat program and hands it back mended; entry points never import `fastchat`
themselves, so no part of it is loaded before its cure. The findings, and where each is cured:

 1. pydantic 2 refuses the `ensure_ascii` that every streamed chunk is written with: `_mend_protocol`.
 2. transformers 5 keeps `rope_scaling` without "factor", the worker dies at load: `_context_length`.
 3. transformers 5 has no `batch_encode_plus`, embeddings fail: `load_model_worker`.
 4. a request that raises keeps its place in the worker's queue, five of them hang it: `worker_routes`.
 5. an error in mid-stream looks like an empty answer to clients: `event_streams`.
 6. `max_completion_tokens`, which LangChain sends, is ignored: `_mend_protocol`.
 7. tools are not known, role "tool" ends in HTTP 500: only the 500 is cured here (`event_streams`); agents on such
    models use a text protocol.
 8. `stream_options.include_usage` is ignored: `event_streams`.
 9. each generation ends with 0.2 s of garbage collection: `load_model_worker`.
10. Ctrl-C leaves the controller alive, open streams keep every server alive: `load_controller`, and the time limit of
    `server.llm.fastchat.serving`.
11. loggers replace stdout and stderr and drop log files into the current folder: `_prepare`.
12. listing models empties the controller's table and asks the workers one by one inside its event loop:
    `load_controller`; a worker registers only once it listens, and again within seconds: `registration`.
13. inner calls honour HTTP_PROXY: `_prepare`.

Five more were found here. `seed` and `repetition_penalty` do not reach the worker, which cannot tell either what a
client has sent from what FastChat fills in (`_mend_protocol`, `event_streams`). Several system messages are cut down to
the last one, and a content given as a list of texts ends in HTTP 500 with most templates (`_mend_protocol`).
Conversation templates are kept for ever by worker address, though a restarted worker may have another one, and each
stream builds a TLS context for a plain HTTP call (`load_openai_api`). Two imports that cost 12 MB and 5 MB for nothing
are left out (`_without`): numpy, from which the controller takes the smallest of a list, and the command line of httpx.
"""

import asyncio
import logging
import os
import random
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from types import ModuleType, SimpleNamespace
from typing import Any

LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Seconds. FastChat's own defaults keep a dead worker in the list for 90 s and give a silent model 100 s; here beats
# come every 2 s (see registration), and how long a model may be silent is chat.request_timeout_s, judged by the client.
ENVIRONMENT = {
    "LOGDIR": "",
    "FASTCHAT_CONTROLLER_HEART_BEAT_EXPIRATION": "15",
    "FASTCHAT_WORKER_API_TIMEOUT": "3600",
}


@cache
def load_controller() -> ModuleType:
    """The mended `fastchat.serve.controller`; its global `controller` is still to be set."""
    _prepare()
    with _without("numpy"):
        from fastchat.serve import controller

    controller.Controller.get_worker_address = _worker_address
    daemon_threads = SimpleNamespace(Thread=partial(threading.Thread, daemon=True))
    controller.threading = daemon_threads  # pyright: ignore[reportAttributeAccessIssue]

    async def refresh_all_workers() -> None:
        table = controller.controller  # pyright: ignore[reportAttributeAccessIssue]
        names = list(table.worker_info)
        found = await asyncio.gather(*(asyncio.to_thread(table.get_worker_status, name) for name in names))
        for name, status in zip(names, found, strict=True):
            if status is None:
                table.worker_info.pop(name, None)

    replace_routes(controller.app, {"/refresh_all_workers": refresh_all_workers})
    return controller


@cache
def load_openai_api() -> ModuleType:
    """The mended `fastchat.serve.openai_api_server`; its `app_settings` are still to be set."""
    _prepare()
    from fastchat.protocol import openai_api_protocol as protocol

    _mend_protocol(protocol)
    with _without("httpx._main"):
        import httpx
    from fastchat.serve import openai_api_server as api

    from server.llm.fastchat.event_streams import mend_streams

    plain = partial(httpx.AsyncClient, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    api.httpx = SimpleNamespace(AsyncClient=plain)  # pyright: ignore[reportAttributeAccessIssue]
    api.conv_template_map = _Forgetful()
    mend_streams(api)
    return api


@cache
def load_worker_base() -> ModuleType:
    """The mended `fastchat.serve.base_model_worker`, on which torch-free workers are built."""
    _prepare()
    from fastchat.serve import base_model_worker as base

    from server.llm.fastchat.worker_routes import released_routes

    replace_routes(base.app, released_routes(base))
    return base


@cache
def load_model_worker() -> ModuleType:
    """The mended `fastchat.serve.model_worker`; imports torch and transformers."""
    load_worker_base()
    from transformers import PreTrainedTokenizerBase

    tokenizer: Any = PreTrainedTokenizerBase
    tokenizer.batch_encode_plus = tokenizer.__call__
    from fastchat.serve import inference, model_worker

    no_collection = SimpleNamespace(collect=lambda: 0)
    for module in (inference, model_worker):
        module.gc = no_collection  # pyright: ignore[reportAttributeAccessIssue]
    return model_worker


def replace_routes(app: Any, endpoints: dict[str, Any]) -> None:
    """Put other POST handlers behind existing paths of a FastAPI application."""
    app.router.routes[:] = [route for route in app.router.routes if getattr(route, "path", "") not in endpoints]
    for path, endpoint in endpoints.items():
        app.post(path)(endpoint)


def _prepare() -> None:
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    for name in ("NO_PROXY", "no_proxy"):
        known = [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]
        os.environ[name] = ",".join([*known, *(host for host in LOOPBACK if host not in known)])
    from fastchat import utils

    utils.build_logger = _logger
    utils.get_context_length = _context_length


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Import something while a module that it would import is empty."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = _Empty(module)
    try:
        yield
    finally:
        del sys.modules[module]


def _worker_address(self: Any, model_name: str) -> str:
    """What FastChat's own method does with numpy: the dispatch method's choice among a model's workers."""
    workers = {name: info for name, info in self.worker_info.items() if model_name in info.model_names}
    if not workers:
        return ""
    if self.dispatch_method.name == "LOTTERY":
        return random.choices(list(workers), [info.speed for info in workers.values()])[0]  # noqa: S311
    chosen = min(workers, key=lambda name: workers[name].queue_length / workers[name].speed)
    workers[chosen].queue_length += 1
    return chosen


def _logger(name: str, _file: str) -> logging.Logger:
    return logging.getLogger(f"fastchat.{name}")


def _context_length(config: Any) -> int:
    from fastchat.utils import SEQUENCE_LENGTH_KEYS

    factor = (getattr(config, "rope_scaling", None) or {}).get("factor") or 1
    lengths = (getattr(config, key, None) for key in SEQUENCE_LENGTH_KEYS)
    return next((int(factor * length) for length in lengths if length is not None), 2048)


def _mend_protocol(protocol: Any) -> None:
    from pydantic import model_validator

    class CompletionRequest(protocol.CompletionRequest):
        """A request to continue a text, with the fields that today's clients send."""

        seed: int | None = None
        repetition_penalty: float | None = None
        stream_options: dict[str, Any] | None = None

    class ChatCompletionRequest(protocol.ChatCompletionRequest):
        """A chat request with the fields that today's clients send."""

        seed: int | None = None
        repetition_penalty: float | None = None
        max_completion_tokens: int | None = None
        stream_options: dict[str, Any] | None = None

        @model_validator(mode="after")
        def _keep_everything_asked_for(self) -> "ChatCompletionRequest":
            if self.max_tokens is None:
                self.max_tokens = self.max_completion_tokens
            if isinstance(self.messages, list):
                self.messages = _plain(self.messages)
            return self

    def as_json(chunk: Any, *, exclude_none: bool = False, **_: Any) -> str:
        chunk.model_fields_set.update(("object", "created"))
        return chunk.model_dump_json(exclude_unset=True, exclude_none=exclude_none)

    protocol.ChatCompletionRequest = ChatCompletionRequest
    protocol.CompletionRequest = CompletionRequest
    protocol.ChatCompletionStreamResponse.json = as_json
    protocol.CompletionStreamResponse.json = as_json


def _plain(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Contents made of texts as one text, system messages as one message in front."""
    plain = [{**message, "content": _joined(message["content"])} for message in messages]
    system = [message["content"] for message in plain if message["role"] == "system"]
    if len(system) < 2:
        return plain
    others = [message for message in plain if message["role"] != "system"]
    return [{"role": "system", "content": "\n\n".join(map(str, system))}, *others]


def _joined(content: Any) -> Any:
    if isinstance(content, list) and all(part.get("type") == "text" for part in content):
        return "\n".join(part["text"] for part in content)
    return content


class _Empty(ModuleType):
    """A module in which every name is found and means nothing."""

    def __getattr__(self, name: str) -> SimpleNamespace:
        return SimpleNamespace()


class _Forgetful(dict[Any, Any]):
    """A cache that keeps nothing."""

    def __setitem__(self, key: Any, value: Any) -> None:
        return
