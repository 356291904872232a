"""Open connections to OpenAI-compatible APIs, shared by all requests of an event loop and kept alive between them.

httpx looks at every connection of a client, for each of them again, whenever a request begins or ends: with 400 streams
that took more time than all tokens. So requests are spread over lanes, clients with a few requests each.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from server.llm.providers import Endpoint

if TYPE_CHECKING:
    import httpx

CONNECT_S = 10.0
LANE = 16
"""Requests at a time in one lane."""


@dataclass(eq=False)
class _Lane:
    client: "httpx.AsyncClient"
    requests: int = 0


@dataclass
class _Open:
    """What one event loop has open: lanes by the way out, queues by provider."""

    lanes: dict[tuple[bool, str], list[_Lane]] = field(default_factory=dict)
    certificates: dict[bool, ssl.SSLContext] = field(default_factory=dict)
    queues: dict[str, asyncio.Semaphore] = field(default_factory=dict)


class Connections:
    """Clients for any number of event loops and endpoints."""

    def __init__(self) -> None:
        self._loops: WeakKeyDictionary[Any, _Open] = WeakKeyDictionary()

    @asynccontextmanager
    async def place(self, endpoint: Endpoint) -> "AsyncGenerator[httpx.AsyncClient, None]":
        """A client for one request; waits while the endpoint has as many as it may have at a time."""
        mine = self._loops.setdefault(asyncio.get_running_loop(), _Open())
        async with _queue(mine, endpoint):
            lane = await _lane(mine, endpoint)
            lane.requests += 1
            try:
                yield lane.client
            finally:
                lane.requests -= 1

    async def aclose(self) -> None:
        """Close what the running loop has open."""
        mine = self._loops.pop(asyncio.get_running_loop(), _Open())
        for lane in [lane for lanes in mine.lanes.values() for lane in lanes]:
            await lane.client.aclose()


def _queue(mine: _Open, endpoint: Endpoint) -> AbstractAsyncContextManager[Any]:
    if not endpoint.concurrency:
        return nullcontext()
    return mine.queues.setdefault(endpoint.name, asyncio.Semaphore(endpoint.concurrency))


async def _lane(mine: _Open, endpoint: Endpoint) -> _Lane:
    """The first lane with room, so that connections are used again; loading certificates takes 20 ms once."""
    if endpoint.is_local not in mine.certificates:
        # Loopback needs none.
        made = await asyncio.to_thread(_no_certificates if endpoint.is_local else ssl.create_default_context)
        mine.certificates.setdefault(endpoint.is_local, made)
    lanes = mine.lanes.setdefault((endpoint.is_local, endpoint.proxy), [])
    for lane in lanes:
        if lane.requests < LANE:
            return lane
    lanes.append(_Lane(_client(endpoint, mine.certificates[endpoint.is_local])))
    return lanes[-1]


def _no_certificates() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _client(endpoint: Endpoint, certificates: ssl.SSLContext) -> "httpx.AsyncClient":
    import httpx

    return httpx.AsyncClient(
        trust_env=not endpoint.is_local,
        verify=certificates,
        proxy=endpoint.proxy or None,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=LANE),
        # Streams arrive as they are sent only when nothing is packed.
        headers={"Accept-Encoding": "identity"},
    )
