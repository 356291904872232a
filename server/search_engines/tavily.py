"""Tavily."""

from dataclasses import dataclass

from server.search_engines.base import EngineOptions, WebResult, read_results
from server.search_engines.http import ask

MAX_COUNT = 20


@dataclass(frozen=True)
class Tavily:
    """Its snippets are passages of the pages. It knows no region."""

    options: EngineOptions

    async def search(self, query: str, *, count: int) -> list[WebResult]:
        """See `SearchEngine.search`."""
        body = {"query": query, "max_results": min(count, MAX_COUNT), "search_depth": "basic"}
        answer = await ask(self.options, "POST", body=body, headers={"Authorization": f"Bearer {self.options.key}"})
        return read_results(answer.get("results"), count, snippet=["content"])
