"""Brave Search."""

from dataclasses import dataclass

from server.search_engines.base import EngineOptions, WebResult, read_results
from server.search_engines.http import ask

MAX_COUNT = 20
_CHINESE = {"zh-CN": "zh-hans", "zh-TW": "zh-hant", "zh-HK": "zh-hant"}


@dataclass(frozen=True)
class Brave:
    """Asked with the languages as Brave names them."""

    options: EngineOptions

    async def search(self, query: str, *, count: int) -> list[WebResult]:
        """See `SearchEngine.search`."""
        options = self.options
        params = {
            "q": query,
            "count": min(count, MAX_COUNT),
            "country": options.country,
            "search_lang": _CHINESE.get(options.region, options.language),
            "safesearch": options.safe_search,
        }
        answer = await ask(options, "GET", params=params, headers={"X-Subscription-Token": options.key})
        web = answer.get("web")
        return read_results(web.get("results") if isinstance(web, dict) else [], count, snippet=["description"])
