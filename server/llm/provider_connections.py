"""Open connections to OpenAI-compatible APIs, shared by all requests of an event loop and kept alive between them."""

import asyncio
import contextlib
import ssl
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from server.llm.providers import Endpoint

if TYPE_CHECKING:
    import httpx

CONNECT_S = 10.0
KEPT_ALIVE = 100
"""Idle connections that stay open; how many are in use at once has no limit here."""


class Connections:
    """A client for each event loop and way out, a queue for each event loop and provider."""

    def __init__(self) -> None:
        self._clients: WeakKeyDictionary[Any, dict[tuple[bool, str], httpx.AsyncClient]] = WeakKeyDictionary()
        self._slots: WeakKeyDictionary[Any, dict[str, asyncio.Semaphore]] = WeakKeyDictionary()

    async def client(self, endpoint: Endpoint) -> "httpx.AsyncClient":
        """The running loop's client for this endpoint; the first one for a remote address loads certificates."""
        clients = self._clients.setdefault(asyncio.get_running_loop(), {})
        way = (endpoint.is_local, endpoint.proxy)
        if way not in clients:
            made = await asyncio.to_thread(_client, endpoint)
            clients.setdefault(way, made)
        return clients[way]

    def slot(self, endpoint: Endpoint) -> contextlib.AbstractAsyncContextManager[Any]:
        """A place among the requests that the provider gets at a time; waits for one when entered."""
        if not endpoint.concurrency:
            return contextlib.nullcontext()
        slots = self._slots.setdefault(asyncio.get_running_loop(), {})
        return slots.setdefault(endpoint.name, asyncio.Semaphore(endpoint.concurrency))

    async def aclose(self) -> None:
        """Close what the running loop has open."""
        for client in self._clients.pop(asyncio.get_running_loop(), {}).values():
            await client.aclose()


def _client(endpoint: Endpoint) -> "httpx.AsyncClient":
    import httpx

    # Loopback needs neither proxies nor certificates, which take 20 ms to load.
    certificates = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if endpoint.is_local else ssl.create_default_context()
    return httpx.AsyncClient(
        trust_env=not endpoint.is_local,
        verify=certificates,
        proxy=endpoint.proxy or None,
        timeout=httpx.Timeout(endpoint.timeout_s, connect=CONNECT_S),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=KEPT_ALIVE),
        # Streams arrive as they are sent only when nothing is packed.
        headers={"Accept-Encoding": "identity"},
    )
