"""Ports that are still free when a process that is about to start comes to use them."""

import itertools
import os
import random
import socket

ALL = range(20_000, 32_000)
"""Below the ports that every system gives to outgoing connections and to whoever asks for any port: one of those that
is free when a test looks may be taken, by any process, before the test's own has started."""
WORKERS = 16
"""So many processes of pytest run side by side at most; each has ports of its own."""


def _offers() -> list[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = ALL[worker % WORKERS :: WORKERS]
    return random.sample(own, len(own))


_offered = itertools.cycle(_offers())


def free_port() -> int:
    """A port of loopback that nobody listens on, and that no other test was given lately."""
    return next(filter(_is_free, _offered))


def free_ports(count: int) -> list[int]:
    """As many, all different."""
    return [free_port() for _ in range(count)]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
