"""The connection of a stream, which another thread than its reader can cut.

A reader that waits for bytes cannot leave by itself: whoever has stopped waiting for an answer would leave the model at
work until its next word. A connection that is cut tells the API at once.
"""

import socket
from threading import Lock
from typing import Any


class Line:
    """One stream's connection, from the moment it is made."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._socket: Any = None
        self._is_cut = False

    def trace(self, event: str, about: dict[str, Any]) -> None:
        """What httpx tells while it works: each connection that it makes, TLS over the plain one, is held."""
        made: Any = about.get("return_value")
        if event.startswith("connection.") and event.endswith(".complete") and hasattr(made, "get_extra_info"):
            with self._lock:
                self._socket = made.get_extra_info("socket")
            if self._is_cut:
                self.cut()

    def cut(self) -> None:
        """End it, also one that is over, or still to be made."""
        with self._lock:
            self._is_cut = True
            if self._socket is None:
                return
            try:
                # Closing it would not wake a thread that reads from it.
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                self._socket = None
