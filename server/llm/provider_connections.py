"""Open connections to OpenAI-compatible APIs, shared by all requests of an event loop and kept alive between them.

aiohttp and not httpx: with hundreds of streams, httpx took 1.4 ms of processor time to begin each and 30 µs for each
token, aiohttp 0.2 ms and 17 µs (measured on loopback; docs/evaluation.md).
"""

import asyncio
import importlib
import urllib.request
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from server.llm.providers import Endpoint

if TYPE_CHECKING:
    import aiohttp

CONNECT_S = 10.0


@dataclass
class _Open:
    """What one event loop has open: sessions by the proxy they go through, and queues by provider."""

    sessions: "dict[str, aiohttp.ClientSession]" = field(default_factory=dict)
    queues: dict[str, asyncio.Semaphore] = field(default_factory=dict)


class Connections:
    """Sessions for any number of event loops and endpoints."""

    def __init__(self) -> None:
        self._loops: WeakKeyDictionary[Any, _Open] = WeakKeyDictionary()

    @asynccontextmanager
    async def place(self, endpoint: Endpoint) -> "AsyncGenerator[aiohttp.ClientSession, None]":
        """A session for one request; waits while the endpoint has as many as it may have at a time."""
        mine = self._loops.setdefault(asyncio.get_running_loop(), _Open())
        async with _queue(mine, endpoint):
            proxy = _proxy(endpoint)
            if proxy not in mine.sessions:
                # The import takes longer than the event loop may stand still.
                await asyncio.to_thread(importlib.import_module, "aiohttp_socks")
            if proxy not in mine.sessions:
                mine.sessions[proxy] = _session(proxy)
            yield mine.sessions[proxy]

    async def aclose(self) -> None:
        """Close what the running loop has open."""
        for session in self._loops.pop(asyncio.get_running_loop(), _Open()).sessions.values():
            await session.close()


def _queue(mine: _Open, endpoint: Endpoint) -> AbstractAsyncContextManager[Any]:
    if not endpoint.concurrency:
        return nullcontext()
    return mine.queues.setdefault(endpoint.name, asyncio.Semaphore(endpoint.concurrency))


def _proxy(endpoint: Endpoint) -> str:
    """That of the settings, else that of the environment, as other programs find it; none on this machine."""
    if endpoint.is_local or endpoint.proxy:
        return "" if endpoint.is_local else endpoint.proxy
    address = urlsplit(endpoint.base_url)
    if urllib.request.proxy_bypass(address.hostname or ""):
        return ""
    proxies = urllib.request.getproxies()
    return proxies.get(address.scheme) or proxies.get("all") or ""


def _session(proxy: str) -> "aiohttp.ClientSession":
    """A session that keeps no cookies and asks for answers as they are, for packed ones do not arrive bit by bit."""
    import aiohttp
    from aiohttp_socks import ProxyConnector

    through_socks = proxy.startswith("socks")
    if through_socks:
        # "socks5h" is how other programs call what is the rule here: names are looked up by the proxy.
        connector = ProxyConnector.from_url(proxy.replace("socks5h:", "socks5:", 1), limit=0)
    else:
        connector = aiohttp.TCPConnector(limit=0)
    return aiohttp.ClientSession(
        connector=connector,
        proxy=None if through_socks else proxy or None,
        headers={"Accept-Encoding": "identity"},
        cookie_jar=aiohttp.DummyCookieJar(),
    )
