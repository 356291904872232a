"""Ends the services when the launcher is gone, however it went: `kill -9` included.

Runs as a tiny process of its own (`python -I -S guardian.py`, standard library only, about 9 MB) and reads "+pid" and
"-pid" lines, the process groups that live, from the launcher. The pipe ends when the launcher does; what is then left
is terminated, and killed `GRACE_S` later. Groups, so that children of services end too, which PR_SET_PDEATHSIG would
not reach; and it works on macOS. Windows has no process groups: there only an orderly end stops the services.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable

GRACE_S = 1.5


def watch(lines: Iterable[str]) -> set[int]:
    """Follow the lines until they end and return the process groups that are left."""
    groups: set[int] = set()
    for line in lines:
        change, group = line[:1], int(line[1:])
        if change == "+":
            groups.add(group)
        else:
            groups.discard(group)
    return groups


def end(groups: set[int]) -> None:
    """Terminate the groups, then kill what does not go."""
    deadline = time.monotonic() + GRACE_S
    _signal(groups, signal.SIGTERM)
    while _signal(groups, 0) and time.monotonic() < deadline:
        time.sleep(0.05)
    _signal(groups, signal.SIGKILL)


def _signal(groups: set[int], number: int) -> set[int]:
    """Send the signal and return the groups that still exist."""
    left: set[int] = set()
    for group in groups:
        try:
            os.killpg(group, number)
            left.add(group)
        except (ProcessLookupError, PermissionError):
            continue
    return left


if __name__ == "__main__":
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    end(watch(sys.stdin))
