"""Calls that take long, made in threads: the page goes on meanwhile, and the session remembers what became of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from webui_pages.client import ApiFailed


@dataclass
class Work:
    """One call, and the state it is to lead to. Its thread fills in `result` or `error`, then `done`."""

    aim: str = ""
    began: float = field(default_factory=time.monotonic)
    done: bool = False
    result: Any = None
    error: str = ""

    @property
    def seconds(self) -> int:
        """How long it has been going on."""
        return int(time.monotonic() - self.began)


def start(works: dict[str, Work], key: str, call: Callable[[], Any], aim: str = "") -> None:
    """Begin a call under a key; what was there under it is forgotten. One that is going on is left alone."""
    known = works.get(key)
    if known is None or known.done:
        work = works[key] = Work(aim)
        Thread(target=_run, args=(work, call), name=f"work-{key}", daemon=True).start()


def _run(work: Work, call: Callable[[], Any]) -> None:
    try:
        work.result = call()
    except ApiFailed as failure:
        work.error = failure.message
    finally:
        work.done = True
