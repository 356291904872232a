"""Bocha (博查), reachable in mainland China; it answers like Bing."""

from dataclasses import dataclass

from server.search_engines.base import EngineOptions, WebResult, read_results
from server.search_engines.http import ask, failed

MAX_COUNT = 50
_OK = 200


@dataclass(frozen=True)
class Bocha:
    """Asked for its summaries, which are longer than snippets. It knows no region."""

    options: EngineOptions

    async def search(self, query: str, *, count: int) -> list[WebResult]:
        """See `SearchEngine.search`."""
        body = {"query": query, "count": min(count, MAX_COUNT), "summary": True, "freshness": "noLimit"}
        answer = await ask(self.options, "POST", body=body, headers={"Authorization": f"Bearer {self.options.key}"})
        code = answer.get("code", _OK)
        if str(code) != str(_OK):
            raise failed(self.options, "key", f"it answered with the code {code}", f"返回代码 {code}")
        data = answer.get("data")
        pages = data.get("webPages") if isinstance(data, dict) else None
        items = pages.get("value") if isinstance(pages, dict) else []
        return read_results(items, count, title="name", snippet=["summary", "snippet"])
