"""An iterator that never keeps its reader waiting long.

Streamlit stops a run only when the run talks to the page. While a model thinks nothing arrives, and the stop button
would do nothing; so the stream is read in a thread, and its reader gets a tick now and then.
"""

from collections.abc import Callable, Generator
from contextlib import closing
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")


class _End:
    """The stream is through; `error` is what it raised."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def with_ticks(
    items: Generator[T, None, None], every_s: float, leave: Callable[[], None] = lambda: None
) -> Generator[T | None, None, None]:
    """The items, and None after each `every_s` seconds without one. Raises what the stream raises. Closing it calls
    `leave`, which makes the stream end, and lets it be closed as soon as it does or its next item is there."""
    arrived: SimpleQueue[T | _End] = SimpleQueue()
    left = Event()
    Thread(target=_read, args=(items, arrived, left), name="answer-stream", daemon=True).start()
    try:
        while True:
            try:
                item = arrived.get(timeout=every_s)
            except Empty:
                yield None
                continue
            if not isinstance(item, _End):
                yield item
            elif item.error:
                raise item.error
            else:
                return
    finally:
        left.set()
        leave()


def _read(items: Generator[T, None, None], arrived: "SimpleQueue[T | _End]", left: Event) -> None:
    try:
        with closing(items):
            for item in items:
                if left.is_set():
                    return
                arrived.put(item)
        arrived.put(_End())
    except Exception as error:  # noqa: BLE001  # the edge of the thread: the reader raises it
        arrived.put(_End(error))
