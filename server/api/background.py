"""Blocking work beside the event loop, in daemon threads: none of them holds up the end of the process."""

import asyncio
import contextvars
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from typing import TypeVar, cast

T = TypeVar("T")
_END = object()
_log = logging.getLogger(__name__)


async def in_thread(items: Iterator[T]) -> AsyncGenerator[T, None]:
    """The items of an iterator that runs to its end in a thread of its own, whether or not anybody keeps reading.

    What the iterator raises is raised here. The thread works for the same caller, under the same request id.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[object] = asyncio.Queue()

    def put(item: object) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(queue.put_nowait, item)

    def work() -> None:
        try:
            for item in items:
                put(item)
            put(_END)
        except Exception as error:  # noqa: BLE001  # an edge: raised again in the reader, below
            put(error)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(work,), name="background", daemon=True).start()
    while (item := await queue.get()) is not _END:
        if isinstance(item, Exception):
            raise item
        yield cast("T", item)


async def in_own_thread(work: Callable[[], T]) -> T:
    """What work that may take long gives, without keeping one of the few threads that all routes share.

    Raises what the work raises.
    """

    def once() -> Iterator[T]:
        yield work()

    async with aclosing(in_thread(once())) as results:
        return await anext(results)


def later(delay_s: float, work: Callable[[], object]) -> Callable[[], None]:
    """Do the work once after a delay; what it returns, or raises, is logged. The function given back calls it off."""
    called_off = threading.Event()

    def run() -> None:
        if called_off.wait(delay_s):
            return
        try:
            _log.info("%s: %s", work.__name__, work())
        except Exception:  # noqa: BLE001  # the job runner's edge: the service goes on without this work
            _log.exception("%s failed", work.__name__)

    threading.Thread(target=run, name=work.__name__, daemon=True).start()
    return called_off.set
