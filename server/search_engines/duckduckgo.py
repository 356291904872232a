"""DuckDuckGo by `ddgs`, which reads the page that DuckDuckGo shows to browsers.

`ddgs` tells its failures apart only by their texts, and a page other than the results ("are you a robot?") looks to it
like no results.
"""

import asyncio
import math
from dataclasses import dataclass
from typing import Any

from server.errors import SearchFailed, ZhiwenError
from server.search_engines.base import EngineOptions, WebResult, read_results
from server.search_engines.http import timed_out

BACKEND = "duckduckgo"
_NOTHING = "No results found"
_CHINA_EN = "; DuckDuckGo is not reachable from mainland China without a proxy"
_CHINA_ZH = "；中国大陆不使用代理无法访问 DuckDuckGo"
_SAFE = {"off": "off", "moderate": "moderate", "strict": "on"}


@dataclass(frozen=True)
class DuckDuckGo:
    """Needs no key. The library blocks, so it runs in a thread, which its own time-out ends."""

    options: EngineOptions

    async def search(self, query: str, *, count: int) -> list[WebResult]:
        """See `SearchEngine.search`."""
        items = await asyncio.to_thread(self._ask, query, count)
        return read_results(items, count, url="href", snippet=["body"])

    def _ask(self, query: str, count: int) -> list[dict[str, Any]]:
        from ddgs import DDGS
        from ddgs.exceptions import DDGSException
        from primp import BuilderError

        options = self.options
        region = f"{options.country}-{options.language}".lower() if options.region else "wt-wt"
        try:
            return DDGS(proxy=options.proxy or None, timeout=math.ceil(options.timeout_s)).text(
                query, region=region, safesearch=_SAFE[options.safe_search], max_results=count, backend=BACKEND
            )
        except (DDGSException, BuilderError) as error:
            if str(error).startswith(_NOTHING):
                return []
            raise self._told(error) from error

    def _told(self, error: Exception) -> ZhiwenError:
        kind, text = type(error).__name__, str(error)
        if kind == "TimeoutException" or "timed out" in text:
            return timed_out(self.options)
        if kind == "RatelimitException":
            reason = ("it refuses this machine for asking too often", "请求过于频繁，被其拒绝")
        elif "DNSError" in text:
            reason = (
                f"its name cannot be resolved, this machine may be off line{_CHINA_EN}",
                f"域名无法解析，本机可能没有联网{_CHINA_ZH}",
            )
        elif self.options.proxy and ("ConnectError" in text or kind == "BuilderError"):
            reason = ("the proxy in search.proxy cannot be used or reached", "无法使用或连接 search.proxy 指定的代理")
        else:
            reason = (f"no connection could be made{_CHINA_EN}", f"无法建立连接{_CHINA_ZH}")
        return SearchFailed(name=BACKEND, setting="search.proxy", reason_en=reason[0], reason_zh=reason[1])
