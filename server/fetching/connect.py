"""How connections to the internet are made, and how their failures are told."""

import ssl
from functools import cache

import httpx

from server.errors import MissingDependency

NO_KEEPING = httpx.Limits(max_keepalive_connections=0)


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def transport(proxy: str) -> httpx.AsyncHTTPTransport:
    """A transport, through a proxy where one is given. Keeps no connection open after use.

    Raises:
        MissingDependency: the proxy is a socks one and `socksio` is not installed.
    """
    try:
        return httpx.AsyncHTTPTransport(verify=_certificates(), limits=NO_KEEPING, proxy=proxy or None)
    except ImportError as error:
        raise MissingDependency(what="socks5://", install="pip install socksio") from error


def reason_of(error: httpx.HTTPError, proxy: str) -> tuple[str, str]:
    """Why nothing came back, in English and Chinese, without an address or a secret."""
    if isinstance(error, httpx.ProxyError):
        return f"the proxy refused ({_short(error)})", f"代理拒绝了请求（{_short(error)}）"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) and proxy:
        return "the proxy in search.proxy cannot be reached, or cannot reach it", "无法连接 search.proxy 指定的代理"
    if isinstance(error, httpx.TimeoutException):
        return "it did not answer in time", "响应超时"
    if isinstance(error, httpx.ConnectError):
        return _connecting(error)
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        return "the connection broke off", "连接中断"
    return f"the connection failed ({type(error).__name__})", f"连接失败（{type(error).__name__}）"


def _connecting(error: httpx.ConnectError) -> tuple[str, str]:
    text = str(error)
    if "CERTIFICATE" in text or "certificate" in text:
        return "its certificate is not valid", "证书无效"
    if any(sign in text for sign in ("Name or service", "getaddrinfo", "name resolution", "nodename", "No address")):
        return "its name cannot be resolved; this machine may be off line", "域名无法解析，本机可能没有联网"
    return "no connection could be made", "无法建立连接"


def _short(error: Exception) -> str:
    return str(error)[:80] or type(error).__name__
