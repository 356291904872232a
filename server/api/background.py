"""Blocking iterators beside the event loop."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from typing import TypeVar, cast

T = TypeVar("T")
_END = object()


async def in_thread(items: Iterator[T]) -> AsyncGenerator[T, None]:
    """The items of an iterator that runs to its end in a thread of its own, whether or not anybody keeps reading.

    What the iterator raises is raised here. The thread is a daemon: it does not hold up the end of the process.
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
        except Exception as error:  # noqa: BLE001  # raised again in the reader, below
            put(error)

    threading.Thread(target=work, name="rebuild", daemon=True).start()
    while (item := await queue.get()) is not _END:
        if isinstance(item, Exception):
            raise item
        yield cast("T", item)
