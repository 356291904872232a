"""The gate in front of every fetch: an address is read, resolved and checked, and only what was checked is asked.

A page may be asked for by a user, a model or another page, so its address may point into the network this server
stands in (server-side request forgery). Resolving once and connecting to that very address leaves a name no chance to
point elsewhere a moment later (DNS rebinding).
"""

import asyncio
import ipaddress
import re
import socket
from dataclasses import dataclass

import httpx

from server.errors import FetchFailed, UrlRefused
from server.fetching.addresses import Allowed, IpAddress, is_disguised, is_inner_name, is_public, literal

SHOWN = 200
_HOST_NAME = re.compile(r"[a-zA-Z0-9._-]{1,253}")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Target:
    """An address that may be fetched. `addresses` are what to connect to; empty where a proxy resolves the name."""

    url: httpx.URL
    host: str
    port: int
    addresses: tuple[IpAddress, ...]


@dataclass(frozen=True)
class Guard:
    """Checks addresses. `proxied` tells that a proxy resolves names, which then need not be known here."""

    allowed: Allowed
    proxied: bool = False

    async def check(self, url: str) -> Target:
        """Read, resolve and check an address.

        Raises:
            UrlRefused: it is no http or https address, or leads into a network that is not public.
            FetchFailed: its host is unknown.
        """
        parsed = self._parsed(url)
        host, port = parsed.raw_host.decode("ascii"), parsed.port or _PORTS[parsed.scheme]
        if self.allowed.names(host, port):
            return Target(parsed, host, port, await self._resolved(url, host, port))
        self._check_name(url, host)
        addresses = await self._resolved(url, host, port)
        if not all(is_public(address) or self.allowed.holds(address) for address in addresses):
            raise _refused(url, "it is not on the public internet", "该地址不在公网上")
        by_proxy = self.proxied and literal(host) is None
        return Target(parsed, host, port, () if by_proxy else addresses)

    @staticmethod
    def _parsed(url: str) -> httpx.URL:
        try:
            parsed = httpx.URL(url.strip())
        except httpx.InvalidURL as error:
            raise _refused(url, "it is no valid address", "地址格式不正确") from error
        if parsed.scheme not in _PORTS or not parsed.raw_host:
            raise _refused(url, "it does not begin with http:// or https://", "不是 http:// 或 https:// 地址")
        if parsed.userinfo:
            raise _refused(url, "it names a user", "地址中带有用户名")
        return parsed

    @staticmethod
    def _check_name(url: str, host: str) -> None:
        if literal(host) is not None:
            return
        if not _HOST_NAME.fullmatch(host):
            raise _refused(url, "its host is no valid name", "主机名不合法")
        if is_disguised(host):
            raise _refused(url, "its host is a number in an unusual spelling", "主机名是写法异常的 IP 地址")
        if is_inner_name(host):
            raise _refused(url, "its host is a name of a private network", "主机名属于内部网络")

    async def _resolved(self, url: str, host: str, port: int) -> tuple[IpAddress, ...]:
        address = literal(host)
        if address is not None:
            return (address,)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            if self.proxied:
                return ()
            reason = {"reason_en": "its host is unknown, or names cannot be resolved here", "reason_zh": "域名无法解析"}
            raise FetchFailed(url=shown(url), **reason) from error
        return tuple(dict.fromkeys(ipaddress.ip_address(item[4][0]) for item in found))


def shown(url: str) -> str:
    """An address as it may stand in a message: short, without user and password."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"[:SHOWN]


def _refused(url: str, reason_en: str, reason_zh: str) -> UrlRefused:
    return UrlRefused(url=shown(url), reason_en=reason_en, reason_zh=reason_zh)
