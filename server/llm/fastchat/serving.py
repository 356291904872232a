"""Run an ASGI application until a signal, and end in time even while answers are streaming."""

import asyncio
import contextlib
import logging
import os
import threading
from argparse import Namespace
from collections.abc import Callable
from typing import Any

import uvicorn

GRACE_S = 1
LAST_RESORT_S = 1.6


class _Server(uvicorn.Server):
    """A server that says when it listens, and does not wait for ever to end."""

    def __init__(self, config: uvicorn.Config, on_listening: Callable[[], None], on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_listening = on_listening
        self._on_stop = on_stop

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_listening()

    def handle_exit(self, sig: int, frame: Any) -> None:
        if not self.should_exit:
            self._on_stop()
            # A model that computes in a thread can be neither cancelled nor waited for.
            last_resort = threading.Timer(LAST_RESORT_S, os._exit, args=(0,))
            last_resort.daemon = True
            last_resort.start()
        super().handle_exit(sig, frame)


def serve(
    app: Any,
    options: Namespace,
    on_listening: Callable[[], None] = lambda: None,
    on_stop: Callable[[], None] = lambda: None,
) -> None:
    """Serve on the host and port of the options until SIGINT or SIGTERM; open streams then get a second to end."""
    config = uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    logging.getLogger("uvicorn.error").addFilter(_worth_reading)
    with contextlib.suppress(KeyboardInterrupt):
        _Server(config, on_listening, on_stop).run()


def _worth_reading(record: logging.LogRecord) -> bool:
    """Streams that are cut off at the end are no errors of the application."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def worker_address(options: Namespace) -> str:
    """Where others reach the worker that is started with these options."""
    return options.worker_address or f"http://{options.host}:{options.port}"
