"""Pages of the internet as the ground of an answer: search, read the pages, find the passages that match."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from configs.settings import Settings
from server.chat.grounds import Found
from server.errors import ZhiwenError
from server.fetching.fetcher import Page
from server.search_engines.base import WebResult
from server.search_engines.web_search import Found as Results
from server.types import Chunk, Hit

PAGE_CHARACTERS = 20_000
"""As much of a page is looked at; what answers a question seldom stands further down."""
PASSAGE_CHARACTERS = 800
"""Size of the one passage that stands for a page."""
log = logging.getLogger(__name__)


class Search(Protocol):
    """Asks a search engine."""

    async def search(self, query: str, *, engine: str = "", count: int) -> Results:
        """At least one result; raises what the engine raises."""
        ...


class Fetches(Protocol):
    """Gets a page."""

    async def fetch(self, url: str) -> Page:
        """Raises `UrlRefused`, `FetchFailed`."""
        ...


class Ranked(Protocol):
    """A text by its place among those that were ranked."""

    @property
    def id(self) -> int:
        """The place, from 0."""
        ...

    @property
    def relevance(self) -> float:
        """See `Hit`."""
        ...

    @property
    def dense(self) -> float:
        """See `Hit`."""
        ...

    @property
    def lexical(self) -> float:
        """See `Hit`."""
        ...


@dataclass(frozen=True, slots=True)
class _Passage:
    """A part of a page, or what the engine says of it. `result` and `ordinal` count from 0."""

    result: int
    ordinal: int
    text: str


@dataclass(frozen=True)
class WebFinder:
    """Finds passages of the internet. `rank` blocks and is called in a thread."""

    settings: Settings
    web: Search
    fetcher: Fetches
    rank: Callable[[str, Sequence[str]], Sequence[Ranked]]

    async def find(
        self, question: str, *, engine: str = "", top_k: int | None = None, split_result: bool = False
    ) -> Found:
        """The best passage of each result in the engine's order, or with `split_result` the best passages of all.

        A page that cannot be read is represented by what the engine says of it.

        Raises:
            SearchEngineUnknown, SearchEngineNotConfigured: `engine` cannot be asked.
            SearchFailed, SearchTimeout, SearchFoundNothing: neither it nor another one of the settings gave results.
        """
        asked = self.settings.search
        wanted = top_k or asked.top_k
        count = max(wanted, asked.max_pages) if split_result else wanted
        found = await self.web.search(question, engine=engine, count=count)
        texts = await self._texts(found.results)
        hits = await asyncio.to_thread(self._hits, question, found, texts, split_result)
        return Found(tuple(hits[:wanted]), found.notices)

    async def _texts(self, results: Sequence[WebResult]) -> list[str]:
        """The text of each page, empty where it was not or could not be read."""
        if not self.settings.search.fetch_pages:
            return [""] * len(results)
        pages = results[: self.settings.search.max_pages]
        read = await asyncio.gather(*(self._text(result.url) for result in pages))
        return [*read, *[""] * (len(results) - len(read))]

    async def _text(self, url: str) -> str:
        seconds = self.settings.fetching.timeout_s
        try:
            return await asyncio.wait_for(self._read(url), seconds)
        except asyncio.TimeoutError:
            log.info("%s was not read within %s s", url, seconds)
        except ZhiwenError as error:
            log.info("%s", error)
        return ""

    async def _read(self, url: str) -> str:
        from server.fetching.text import page_text

        page = await self.fetcher.fetch(url)
        _, text = await asyncio.to_thread(page_text, page)
        return text[:PAGE_CHARACTERS]

    def _hits(self, question: str, found: Results, texts: Sequence[str], split: bool) -> list[Hit]:
        size = self.settings.knowledge_base.chunk_size if split else PASSAGE_CHARACTERS
        overlap = min(self.settings.knowledge_base.chunk_overlap, size // 4)
        numbered = enumerate(zip(found.results, texts, strict=True))
        passages = list(
            chain.from_iterable(_passages(number, result, text, size, overlap) for number, (result, text) in numbered)
        )
        titles = [found.results[passage.result].title for passage in passages]
        ranked = self.rank(
            question, [f"{title}\n{passage.text}" for title, passage in zip(titles, passages, strict=True)]
        )
        hits = [(passages[each.id], each) for each in ranked]
        if not split:
            best: dict[int, tuple[_Passage, Ranked]] = {}
            for passage, score in hits:
                best.setdefault(passage.result, (passage, score))
            hits = [best[number] for number in sorted(best)]
        return [_hit(passage, score, found) for passage, score in hits]


def _passages(number: int, result: WebResult, text: str, size: int, overlap: int) -> list[_Passage]:
    """The parts of a page; besides, what the engine says: a page may be no more than a request to log in."""
    from text_splitter.chinese import ChineseRecursiveTextSplitter

    parts = ChineseRecursiveTextSplitter(size, overlap).split_text(text) if text else []
    said = [result.snippet] if result.snippet and result.snippet not in text else []
    parts = [*parts, *said] or [result.title]
    return [_Passage(number, ordinal, part) for ordinal, part in enumerate(parts)]


def _hit(passage: _Passage, score: Ranked, found: Results) -> Hit:
    result = found.results[passage.result]
    meta = {"url": result.url, "title": result.title, "engine": found.engine}
    chunk = Chunk(score.id + 1, "", result.title, passage.ordinal, passage.text, meta)
    return Hit(chunk, score.relevance, score.dense, score.lexical)
