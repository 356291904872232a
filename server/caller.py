"""Who is asking: the API sets it for each request, and the places where names of knowledge bases pass look at it.

It travels in a context variable, so that no route, chat mode or tool has to hand it on and none can forget it. Work
that nobody asks for over HTTP (the queue of jobs, the repair at start, the command lines) has no caller and may do all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, get_args

Scope = Literal["read", "write", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""From the least right to the greatest; each includes those before it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One API key, or this machine itself. `knowledge_bases` are keys as `KbName.key`; None means all of them."""

    name: str
    scope: Scope
    knowledge_bases: frozenset[str] | None = None

    def may(self, needed: Scope) -> bool:
        """Whether this scope covers the needed one."""
        return SCOPES.index(self.scope) >= SCOPES.index(needed)

    def may_use(self, key: str) -> bool:
        """Whether the knowledge base with this key is open to the caller."""
        return self.knowledge_bases is None or key in self.knowledge_bases


NOBODY = Caller("", "admin")
"""The process itself, and without any API key the people at this machine."""
_current: ContextVar[Caller] = ContextVar("caller", default=NOBODY)


def caller() -> Caller:
    """Whoever the present work is done for."""
    return _current.get()


@contextmanager
def acting_for(who: Caller) -> Iterator[None]:
    """Do the block, with all tasks and threads that copy its context, for somebody."""
    token = _current.set(who)
    try:
        yield
    finally:
        _current.reset(token)
