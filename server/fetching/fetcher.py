"""Gets a page: every hop checked by the guard, connected to the checked address, within limits of size and time."""

import asyncio
import zlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from configs.settings import Settings
from server.errors import FetchFailed
from server.fetching.addresses import Allowed
from server.fetching.connect import reason_of, transport
from server.fetching.guard import Guard, Target, shown

ADDRESSES_TRIED = 3
TEXT_TYPES = ("text/", "application/xhtml+xml", "application/xml", "application/json")
_GZIP_OR_ZLIB = 47
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Limits:
    """What a page may cost. `content_types` are beginnings of allowed types; `timeout_s` counts all hops together."""

    timeout_s: float
    max_bytes: int
    max_redirects: int = 5
    content_types: tuple[str, ...] = TEXT_TYPES


@dataclass(frozen=True, slots=True)
class Page:
    """What was found. `url` is where the last redirect led; `content_type` is as the server sent it."""

    url: str
    status: int
    content_type: str
    body: bytes


class Fetcher:
    """Fetches pages; any number side by side, each with a connection of its own."""

    def __init__(self, allowed: Allowed, limits: Limits, *, proxy: str = "", user_agent: str = "Zhiwen") -> None:
        self._guard = Guard(allowed, proxied=bool(proxy))
        self._limits = limits
        self._proxy = proxy
        self._user_agent = user_agent

    @classmethod
    def of(cls, settings: Settings) -> "Fetcher":
        """The fetcher of the settings `fetching.*` and `search.proxy`."""
        asked = settings.fetching
        return cls(
            Allowed.of(asked.allow_private),
            Limits(asked.timeout_s, int(asked.max_mb * 1_000_000)),
            proxy=settings.search.proxy.get_secret_value(),
            user_agent=asked.user_agent,
        )

    async def fetch(self, url: str, limits: Limits | None = None) -> Page:
        """Get a page.

        Raises:
            UrlRefused: the address, or one it redirects to, must not be fetched from here.
            FetchFailed: nothing came, too much, too late, an error status, or no text.
            MissingDependency: the proxy is a socks one and its package is not installed.
        """
        within = limits or self._limits
        try:
            return await asyncio.wait_for(self._follow(url, within), within.timeout_s)
        except asyncio.TimeoutError as error:
            seconds = f"{within.timeout_s:g}"
            raise _failed(url, f"it did not come within {seconds} s", f"{seconds} 秒内未能读完") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            known = error if isinstance(error, httpx.HTTPError) else httpx.UnsupportedProtocol(str(error))
            raise _failed(url, *reason_of(known, self._proxy)) from error

    async def _follow(self, url: str, limits: Limits) -> Page:
        current = url
        for _ in range(limits.max_redirects + 1):
            target = await self._guard.check(current)
            async with self._answer(target, limits) as response:
                location = response.headers.get("location", "")
                if response.status_code not in _REDIRECTS or not location:
                    return await _page(response, target, limits)
                current = str(target.url.join(location))
        times = limits.max_redirects
        raise _failed(url, f"it redirects more than {times} times", f"重定向超过 {times} 次")

    @asynccontextmanager
    async def _answer(self, target: Target, limits: Limits) -> AsyncGenerator[httpx.Response, None]:
        """The response of the first checked address that takes a connection."""
        # An address that swallows what is sent to it must leave time for the next one.
        patience = httpx.Timeout(limits.timeout_s, connect=limits.timeout_s / ADDRESSES_TRIED)
        async with httpx.AsyncClient(transport=transport(self._proxy), trust_env=False, timeout=patience) as client:
            response = await self._connected(client, target)
            try:
                yield response
            finally:
                await response.aclose()

    async def _connected(self, client: httpx.AsyncClient, target: Target) -> httpx.Response:
        hosts = [str(address) for address in target.addresses[:ADDRESSES_TRIED]] or [target.host]
        for host in hosts[:-1]:
            try:
                return await client.send(self._request(client, target, host), stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # a machine without IPv6, say; the next address is as good
        return await client.send(self._request(client, target, hosts[-1]), stream=True)

    def _request(self, client: httpx.AsyncClient, target: Target, connect_to: str) -> httpx.Request:
        """A request that names the host but goes to the address, in TLS too."""
        headers = {
            "Host": target.url.netloc.decode("ascii"),
            "User-Agent": self._user_agent,
            "Accept": "text/html,application/xhtml+xml,text/plain;q=0.9,*/*;q=0.5",
            "Accept-Encoding": "gzip",
            "Accept-Language": "zh,en;q=0.8",
        }
        url = target.url.copy_with(host=connect_to, fragment=None)
        return client.build_request("GET", url, headers=headers, extensions={"sni_hostname": target.host})


async def _page(response: httpx.Response, target: Target, limits: Limits) -> Page:
    url = str(target.url)
    if response.status_code >= httpx.codes.BAD_REQUEST:
        answer = f"HTTP {response.status_code}"
        raise _failed(url, f"its server answered {answer}", f"服务器返回 {answer}")
    kind = response.headers.get("content-type", "")
    if kind and not kind.lower().lstrip().startswith(limits.content_types):
        named = kind.partition(";")[0].strip()[:60]
        raise _failed(url, f"it is {named}, not a page of text", f"内容类型为 {named}，不是网页文本")
    return Page(url, response.status_code, kind, await _body(response, url, limits.max_bytes))


async def _body(response: httpx.Response, url: str, max_bytes: int) -> bytes:
    """The body, unpacked no further than the limit: a few kilobytes of gzip can hold gigabytes."""
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise _failed(
            url, f"its server sent it packed as {packing[:20]}", f"服务器使用了未请求的压缩方式 {packing[:20]}"
        )
    unpacker = None if packing in ("", "identity") else zlib.decompressobj(_GZIP_OR_ZLIB)
    body = bytearray()
    async for piece in response.aiter_raw():
        try:
            body += piece if unpacker is None else unpacker.decompress(piece, max_bytes - len(body) + 1)
        except zlib.error as error:
            raise _failed(url, "its server sent damaged data", "服务器发送的数据已损坏") from error
        if len(body) > max_bytes:
            limit = f"{max_bytes / 1_000_000:g} MB"
            raise _failed(url, f"it is larger than {limit} (fetching.max_mb)", f"超过 {limit}（fetching.max_mb）")
    return bytes(body)


def _failed(url: str, reason_en: str, reason_zh: str) -> FetchFailed:
    return FetchFailed(url=shown(url), reason_en=reason_en, reason_zh=reason_zh)
