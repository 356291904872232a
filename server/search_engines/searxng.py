"""SearXNG, a search engine of one's own that asks many others."""

from dataclasses import dataclass, replace

from server.errors import SearchFailed
from server.search_engines.base import EngineOptions, WebResult, read_results
from server.search_engines.http import ask, failed

_SAFE = {"off": 0, "moderate": 1, "strict": 2}


@dataclass(frozen=True)
class Searxng:
    """Its JSON has to be switched on in its own settings."""

    options: EngineOptions

    async def search(self, query: str, *, count: int) -> list[WebResult]:
        """See `SearchEngine.search`."""
        page = self.options.url.rstrip("/")
        options = replace(self.options, url=page if page.endswith("/search") else f"{page}/search")
        params = {
            "q": query,
            "format": "json",
            "language": options.region,
            "safesearch": _SAFE[options.safe_search],
        }
        try:
            answer = await ask(options, "GET", params=params)
        except SearchFailed as error:
            if "HTTP 403" in str(error.detail.get("reason_en", "")):
                hint = 'it gives no JSON: put "json" under search.formats in its settings.yml (HTTP 403)'
                raise failed(
                    options,
                    "url",
                    hint,
                    '它未开放 JSON：请在其 settings.yml 的 search.formats 中加入 "json"（HTTP 403）',
                ) from error
            raise
        return read_results(answer.get("results"), count, snippet=["content"])
