"""What providers with `models = "auto"` have, by kind. They are asked in the background, so that nobody waits for one
that is slow."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, wait

from configs.settings import Settings
from server.llm.provider_blocking import in_background
from server.llm.provider_connections import Connections
from server.llm.provider_listing import NOTHING, Kind, Shelf, names_of, shelves

FRESH_S = 60.0
FIRST_WAIT_S = 1.0


class ProviderShelf:
    """May be asked by any thread."""

    def __init__(self, settings: Settings, first_wait_s: float = FIRST_WAIT_S) -> None:
        """The first question waits for the providers for so long; later ones get what is known."""
        self._settings = settings
        self._first_wait_s = first_wait_s
        self._lock = threading.Lock()
        self._known: Shelf = NOTHING
        self._asked_at = float("-inf")
        self._asking: Future[Shelf] | None = None

    def names(self, kind: Kind) -> Sequence[str]:
        """PROVIDER/MODEL for all of that kind that is known of, in the order of the settings."""
        if not any(provider.models == "auto" for provider in self._settings.providers.values()):
            return []
        with self._lock:
            if self._asking is None and time.monotonic() - self._asked_at > FRESH_S:
                self._asking = in_background(self._look)
            asking, is_first = self._asking, not self._known
        if asking is not None:
            wait([asking], self._first_wait_s if is_first else 0)
            self._take(asking)
        return names_of(self._known, kind)

    async def _look(self, connections: Connections) -> Shelf:
        return await shelves(self._settings, connections, keep=self._known)

    def _take(self, asking: "Future[Shelf]") -> None:
        with self._lock:
            if asking.done() and self._asking is asking:
                self._known, self._asking, self._asked_at = asking.result(), None, time.monotonic()
