"""One thread that writes records in batches: many answers that end at once share one transaction.

A question never waits for the database while it is being answered; what is put is written even if nobody waits for it.
"""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")
BATCH = 200
_log = logging.getLogger(__name__)


class Journal(Generic[T]):
    """`write` gets a batch and raises when none of it could be written."""

    def __init__(self, write: Callable[[Sequence[T]], None]) -> None:
        self._write = write
        self._queue: queue.SimpleQueue[tuple[T, Future[None]] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, record: T) -> "Future[None]":
        """Write soon; the future is done when the record is durable, or has the reason why it is not."""
        done: Future[None] = Future()
        self._queue.put((record, done))
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
                self._thread.start()
        return done

    def close(self) -> None:
        """Write what was put, and end."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is not None:
                self._queue.put(None)
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, last = [first], False
            while len(batch) < BATCH and not self._queue.empty():
                item = self._queue.get()
                if item is None:
                    last = True
                    break
                batch.append(item)
            self._write_batch(batch)
            if last:
                return

    def _write_batch(self, batch: Sequence[tuple[T, "Future[None]"]]) -> None:
        try:
            self._write([record for record, _ in batch])
        except Exception as error:  # noqa: BLE001  # the job runner's edge: one bad record must not take the others along
            if len(batch) > 1:
                for item in batch:
                    self._write_batch([item])
                return
            _log.exception("a record could not be written")
            batch[0][1].set_exception(error)
            return
        for _, done in batch:
            done.set_result(None)
