"""Bing's Web Search API v7. Microsoft closed its own in 2025; services with the same answers take its place."""

from dataclasses import dataclass

from server.search_engines.base import EngineOptions, WebResult, read_results
from server.search_engines.http import ask

MAX_COUNT = 50


@dataclass(frozen=True)
class Bing:
    """Any service that answers like it, at a configured address."""

    options: EngineOptions

    async def search(self, query: str, *, count: int) -> list[WebResult]:
        """See `SearchEngine.search`."""
        options = self.options
        params = {
            "q": query,
            "count": min(count, MAX_COUNT),
            "mkt": options.region,
            "safeSearch": options.safe_search.title(),
            "responseFilter": "Webpages",
        }
        answer = await ask(options, "GET", params=params, headers={"Ocp-Apim-Subscription-Key": options.key})
        pages = answer.get("webPages")
        return read_results(
            pages.get("value") if isinstance(pages, dict) else [], count, title="name", snippet=["snippet"]
        )
