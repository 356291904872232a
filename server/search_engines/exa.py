"""Exa, once called Metaphor."""

from dataclasses import dataclass
from typing import Any

from server.search_engines.base import EngineOptions, WebResult, read_results
from server.search_engines.http import ask

MAX_COUNT = 25
SNIPPET_CHARACTERS = 1000


@dataclass(frozen=True)
class Exa:
    """Asked for the beginning of each page's text along with the results."""

    options: EngineOptions

    async def search(self, query: str, *, count: int) -> list[WebResult]:
        """See `SearchEngine.search`."""
        body: dict[str, Any] = {
            "query": query,
            "numResults": min(count, MAX_COUNT),
            "contents": {"text": {"maxCharacters": SNIPPET_CHARACTERS}},
            "moderation": self.options.safe_search != "off",
        }
        if self.options.country:
            body["userLocation"] = self.options.country
        answer = await ask(self.options, "POST", body=body, headers={"x-api-key": self.options.key})
        return read_results(answer.get("results"), count, snippet=["text", "highlights", "summary"])
