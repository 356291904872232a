"""Providers for code that runs in threads, such as embedding while a file is read: a call that waits for its answer.

One event loop of its own serves all of them, so connections stay open between calls, and the limits of a provider hold.
"""

import asyncio
import atexit
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from functools import cache
from typing import Any, TypeVar

from server.llm.openai_stream import Refused, Silent, Unreachable
from server.llm.provider_calls import as_error, called
from server.llm.provider_connections import Connections
from server.llm.providers import Endpoint

Result = TypeVar("Result")

CLOSE_S = 1.0
"""How long the end of the process waits for the connections to be closed."""


def call(model: str, endpoint: Endpoint, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What the provider answers. Not to be called from an event loop; `model` is named by errors.

    Raises:
        ZhiwenError: the errors of `as_error`.
    """
    try:
        return in_background(lambda connections: called(connections, endpoint, path, body)).result()
    except (Refused, Silent, Unreachable) as failure:
        raise as_error(model, endpoint, failure) from failure


def in_background(work: Callable[[Connections], Coroutine[Any, Any, Result]]) -> "Future[Result]":
    """Begin what talks to providers, without waiting for it."""
    connections, loop = _background()
    return asyncio.run_coroutine_threadsafe(work(connections), loop)


@cache
def _background() -> tuple[Connections, asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="providers", daemon=True).start()
    connections = Connections()
    atexit.register(lambda: asyncio.run_coroutine_threadsafe(connections.aclose(), loop).result(CLOSE_S))
    return connections, loop
