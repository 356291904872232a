"""The routes of a FastChat worker that take a place in its queue, and give it back whatever happens."""

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

logger = logging.getLogger(__name__)

INTERNAL_ERROR = 50001
OVERLOADED = 42903


class _HeldStream(StreamingResponse):
    """A stream that gives its place back when it ends, fails or loses its reader.

    Closing the generator tells the model that nobody reads any more. Where a reader leaves, the framework waits for the
    step in progress before it lets go; at the end of the process it does not, and the step may still run.
    """

    def __init__(self, pieces: Iterator[bytes], semaphore: asyncio.Semaphore) -> None:
        self._pieces = _errors_as_text(pieces)
        self._semaphore = semaphore
        super().__init__(self._pieces)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._semaphore.release()
            if not self._pieces.gi_running:
                self._pieces.close()


def released_routes(base: Any) -> dict[str, Any]:
    """Path to handler, for the module `fastchat.serve.base_model_worker`."""

    async def generate_stream(request: Request) -> StreamingResponse:
        params = await request.json()
        if _is_full(base.worker):
            return StreamingResponse(iter([json.dumps(_busy(base.worker)).encode() + b"\0"]))
        await base.acquire_worker_semaphore()
        return _HeldStream(base.worker.generate_stream_gate(params), base.worker.semaphore)

    async def generate(request: Request) -> JSONResponse:
        return await _one_answer(base, "generate_gate", await request.json())

    async def get_embeddings(request: Request) -> JSONResponse:
        return await _one_answer(base, "get_embeddings", await request.json())

    return {
        "/worker_generate_stream": generate_stream,
        "/worker_generate": generate,
        "/worker_get_embeddings": get_embeddings,
    }


async def _one_answer(base: Any, method: str, params: dict[str, Any]) -> JSONResponse:
    if _is_full(base.worker):
        return JSONResponse(_busy(base.worker))
    await base.acquire_worker_semaphore()
    try:
        return JSONResponse(await asyncio.to_thread(getattr(base.worker, method), params))
    except Exception as error:  # noqa: BLE001  # the edge of the HTTP handler: FastChat expects the error as an answer
        return JSONResponse(_failure(error))
    finally:
        base.release_worker_semaphore()


def _is_full(worker: Any) -> bool:
    """FastChat's stock worker has no `queue_limit`; its queue has no end."""
    limit = getattr(worker, "queue_limit", None)
    return limit is not None and worker.get_queue_length() >= worker.limit_worker_concurrency + limit


def _busy(worker: Any) -> dict[str, Any]:
    name, waiting = worker.model_names[0], worker.queue_limit
    text = f"{name} is busy: {waiting} requests are waiting already (services.workers.queue_limit). Try again later"
    return {"text": text, "error_code": OVERLOADED}


def _errors_as_text(pieces: Iterator[bytes]) -> Any:
    try:
        yield from pieces
    except Exception as error:  # noqa: BLE001  # the edge of the HTTP handler: the status line is long sent
        yield json.dumps(_failure(error)).encode() + b"\0"


def _failure(error: Exception) -> dict[str, Any]:
    logger.error("the model failed", exc_info=error)
    return {"text": str(error) or type(error).__name__, "error_code": INTERNAL_ERROR}
