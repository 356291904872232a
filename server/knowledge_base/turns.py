"""Turns for what threads compute: so many at once, the others in the order in which they came.

Python's own semaphore lets a thread that has just come go before those that wait for it.
"""

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

AT_A_TIME = min(4, os.cpu_count() or 2)
"""More would only fight for the interpreter's lock, and with them the event loop."""


class Turns:
    """Lets so many threads compute at once."""

    def __init__(self, at_a_time: int = AT_A_TIME) -> None:
        self._lock = threading.Lock()
        self._free = at_a_time
        self._waiting: deque[threading.Lock] = deque()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for a turn and keep it while the block runs."""
        self._take()
        try:
            yield
        finally:
            self._give()

    @contextmanager
    def left(self) -> Iterator[None]:
        """Let others have this thread's turn while the block waits for something else."""
        self._give()
        try:
            yield
        finally:
            self._take()

    def _take(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            called = threading.Lock()
            called.acquire()
            self._waiting.append(called)
        called.acquire()

    def _give(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
