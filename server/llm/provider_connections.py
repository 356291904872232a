"""Open connections to OpenAI-compatible APIs, shared by all requests of an event loop and kept alive between them.

httpx looks at every connection of a client, for each of them again, whenever a request begins or ends: with 400 streams
that took more time than all tokens. So each request has a client of its own, which costs 0.1 ms to make, and clients
with their connection are kept for the next requests.
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
KEPT = 100
"""Idle clients that are kept for each way out."""
Way = tuple[bool, str, str]
"""What clients that can stand in for each other share: is it this machine, through which proxy, to which host."""


@dataclass
class _Open:
    """What one event loop has open: idle clients, and queues by provider."""

    idle: dict[Way, list["httpx.AsyncClient"]] = field(default_factory=dict)
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
            idle = mine.idle.setdefault((endpoint.is_local, endpoint.proxy, endpoint.host), [])
            client = idle.pop() if idle else _client(endpoint, await _certificates(mine, endpoint))
            try:
                yield client
            finally:
                if len(idle) < KEPT:
                    idle.append(client)
                else:
                    await client.aclose()

    async def aclose(self) -> None:
        """Close what the running loop has open and does not use."""
        mine = self._loops.pop(asyncio.get_running_loop(), _Open())
        for client in [client for clients in mine.idle.values() for client in clients]:
            await client.aclose()


def _queue(mine: _Open, endpoint: Endpoint) -> AbstractAsyncContextManager[Any]:
    if not endpoint.concurrency:
        return nullcontext()
    return mine.queues.setdefault(endpoint.name, asyncio.Semaphore(endpoint.concurrency))


async def _certificates(mine: _Open, endpoint: Endpoint) -> ssl.SSLContext:
    """Loaded once, in a thread, since it takes 20 ms; this machine needs none."""
    if endpoint.is_local not in mine.certificates:
        made = await asyncio.to_thread(_no_certificates if endpoint.is_local else ssl.create_default_context)
        mine.certificates.setdefault(endpoint.is_local, made)
    return mine.certificates[endpoint.is_local]


def _no_certificates() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _client(endpoint: Endpoint, certificates: ssl.SSLContext) -> "httpx.AsyncClient":
    import httpx

    return httpx.AsyncClient(
        trust_env=not endpoint.is_local,
        verify=certificates,
        proxy=endpoint.proxy or None,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=1),
        # Streams arrive as they are sent only when nothing is packed.
        headers={"Accept-Encoding": "identity"},
    )
