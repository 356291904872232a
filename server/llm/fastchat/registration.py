"""Keep a worker known to the controller, whichever of the two starts first or starts again."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import requests

BEAT_S = 2.0
RETRY_S = 0.2
PATIENCE_S = 5.0


class Registration:
    """Registers, then sends heart beats from a thread. FastChat's own tries once, then waits 45 s."""

    def __init__(self, controller_address: str, worker_address: str, status: Callable[[], dict[str, Any]]) -> None:
        self._controller = controller_address
        self._worker = worker_address
        self._status = status
        self._ended = threading.Event()

    def start(self) -> None:
        """Begin; to be called once the worker listens, since the controller may ask back at once."""
        threading.Thread(target=self._run, name="registration", daemon=True).start()

    def stop(self) -> None:
        """Leave the controller's list, so that nobody is sent here any more; best effort, in the background."""
        if not self._ended.is_set():
            self._ended.set()
            threading.Thread(target=self._leave, daemon=True).start()

    def _run(self) -> None:
        known = False
        while not self._ended.is_set():
            try:
                known = self._beat() if known else self._register()
            except (requests.RequestException, ValueError, KeyError):
                known = False
            self._ended.wait(BEAT_S if known else RETRY_S)

    def _register(self) -> bool:
        body = {"worker_name": self._worker, "check_heart_beat": True, "worker_status": self._status()}
        return self._post("register_worker", body).ok

    def _beat(self) -> bool:
        queue_length = self._status()["queue_length"]
        answer = self._post("receive_heart_beat", {"worker_name": self._worker, "queue_length": queue_length})
        return bool(answer.json()["exist"])

    def _leave(self) -> None:
        with contextlib.suppress(requests.RequestException):
            self._post("unregister_worker", {"worker_name": self._worker})

    def _post(self, route: str, body: dict[str, Any]) -> requests.Response:
        return requests.post(f"{self._controller}/{route}", json=body, timeout=PATIENCE_S)
