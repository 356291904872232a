"""Asking an engine that speaks JSON over HTTP, and telling why it did not answer."""

from collections.abc import Mapping
from typing import Any

import httpx

from server.errors import SearchFailed, SearchTimeout
from server.fetching.connect import reason_of, transport
from server.search_engines.base import EngineOptions


async def ask(
    options: EngineOptions,
    method: str,
    *,
    params: Mapping[str, Any] | None = None,
    body: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Mapping[str, Any]:
    """The JSON object that the engine answers with; empty parameters are left out.

    Raises:
        SearchFailed: the engine cannot be reached, refuses, or answers with something else.
        SearchTimeout: it does not answer within `options.timeout_s`.
        MissingDependency: the proxy is a socks one and its package is not installed.
    """
    given = {name: value for name, value in (params or {}).items() if value != ""}
    try:
        async with httpx.AsyncClient(
            transport=transport(options.proxy), trust_env=False, timeout=options.timeout_s
        ) as client:
            response = await client.request(method, options.url, params=given, json=body, headers=headers)
    except (httpx.ReadTimeout, httpx.WriteTimeout, httpx.ConnectTimeout) as error:
        raise timed_out(options) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise unreachable(options, error) from error
    _check_status(options, response.status_code)
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise failed(options, "url", "it did not answer with JSON", "返回的不是 JSON")
    return answer


def failed(options: EngineOptions, key: str, reason_en: str, reason_zh: str) -> SearchFailed:
    """The error whose cause is the engine's setting `key`."""
    return SearchFailed(name=options.name, setting=options.setting(key), reason_en=reason_en, reason_zh=reason_zh)


def timed_out(options: EngineOptions) -> SearchTimeout:
    """The error of an engine that is silent."""
    return SearchTimeout(name=options.name, seconds=f"{options.timeout_s:g}")


def unreachable(options: EngineOptions, error: Exception) -> SearchFailed:
    """The error of an engine that no connection reaches."""
    known = error if isinstance(error, httpx.HTTPError) else httpx.UnsupportedProtocol(str(error))
    reason_en, reason_zh = reason_of(known, options.proxy)
    is_own = options.name == "searxng" and not options.proxy
    setting = options.setting("url") if is_own else "search.proxy"
    return SearchFailed(name=options.name, setting=setting, reason_en=reason_en, reason_zh=reason_zh)


def _check_status(options: EngineOptions, status: int) -> None:
    if status == httpx.codes.OK:
        return
    if options.proxy and status == httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
        reason = {"reason_en": "the proxy wants a user and a password", "reason_zh": "代理要求用户名和密码"}
        raise SearchFailed(name=options.name, setting="search.proxy", **reason)
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.PAYMENT_REQUIRED):
        raise failed(options, "key", f"it refused the key (HTTP {status})", f"密钥被拒绝（HTTP {status}）")
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise failed(options, "key", "its quota is used up (HTTP 429)", "请求过多或额度已用完（HTTP 429）")
    raise failed(options, "url", f"it answered HTTP {status}", f"返回 HTTP {status}")
