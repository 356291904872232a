"""What a search engine is: a question to titles, addresses and snippets."""

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

_EMPHASIS = re.compile(r"</?(?:strong|b|em|mark|span)(?:\s[^>]*)?>", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\f\xa0]+")


@dataclass(frozen=True, slots=True)
class WebResult:
    """One result, as the engine shows it; texts are plain."""

    title: str
    url: str
    snippet: str


class SearchEngine(Protocol):
    """One engine, ready to be asked."""

    async def search(self, query: str, *, count: int) -> list[WebResult]:
        """At most `count` results, best first; none when the engine finds nothing.

        Raises:
            SearchFailed: it cannot be reached, or refuses.
            SearchTimeout: it did not answer in time.
        """
        ...


@dataclass(frozen=True)
class EngineOptions:
    """How an engine is asked. `region` is like zh-CN, or empty; `safe_search` is off, moderate or strict."""

    name: str
    url: str
    timeout_s: float
    key: str = field(default="", repr=False)
    proxy: str = field(default="", repr=False)
    region: str = ""
    safe_search: str = "moderate"

    @property
    def language(self) -> str:
        """Two small letters, or nothing."""
        return self.region.partition("-")[0]

    @property
    def country(self) -> str:
        """Two capital letters, or nothing."""
        return self.region.partition("-")[2]

    def setting(self, key: str) -> str:
        """The full name of one of this engine's settings."""
        return f"search.engines.{self.name}.{key}"


def read_results(
    items: Any, count: int, *, title: str = "title", url: str = "url", snippet: Iterable[str]
) -> list[WebResult]:
    """The results among what an engine sent; of the fields that `snippet` names the first filled one counts.

    What has no http address is left out, and so are repetitions.
    """
    found: dict[str, WebResult] = {}
    for item in items if isinstance(items, list) else []:
        address = str(item.get(url) or "") if isinstance(item, Mapping) else ""
        if address.startswith(("http://", "https://")):
            text = next((plain(item[name]) for name in snippet if item.get(name)), "")
            found.setdefault(address, WebResult(plain(item.get(title)) or address, address, text))
    return list(found.values())[:count]


def plain(text: Any) -> str:
    """Text without the marks that engines put around matching words."""
    if isinstance(text, list):
        text = "\n".join(map(str, text))
    return _BLANKS.sub(" ", html.unescape(_EMPHASIS.sub("", str(text or "")))).strip()
