"""A search with a deadline, and other engines in place of one that fails."""

import asyncio
import logging
from dataclasses import dataclass

from server.errors import SearchEngineReplaced, SearchFoundNothing, SearchTimeout, ZhiwenError
from server.search_engines.base import WebResult
from server.search_engines.catalog import SearchEngines
from server.types import Noticed

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """What was found, by which engine, and what the user should know about how."""

    engine: str
    results: tuple[WebResult, ...]
    notices: tuple[Noticed, ...] = ()


@dataclass(frozen=True)
class WebSearch:
    """Asks the engine that is wanted, and the ones of `search.fallback` in their order when it fails."""

    engines: SearchEngines

    async def search(self, query: str, *, engine: str = "", count: int) -> Found:
        """At least one and at most `count` results, best first.

        Raises:
            SearchEngineUnknown: there is no such engine.
            SearchEngineNotConfigured: its key or its address is missing.
            SearchFailed, SearchTimeout, SearchFoundNothing: what the wanted engine said, when no other did better.
            MissingDependency: the proxy is a socks one and its package is not installed.
        """
        wanted = self.engines.name_of(engine)
        self.engines.get(wanted)
        failure: ZhiwenError | None = None
        for name in dict.fromkeys([wanted, *self.engines.settings.search.fallback]):
            try:
                results = await self._ask(name, query, count)
            except ZhiwenError as error:
                log.warning("search engine %s: %s", name, error)
                failure = failure or error
                continue
            return Found(name, tuple(results), (_replaced(wanted, name, failure),) if failure else ())
        raise failure or SearchFoundNothing(name=wanted)

    async def _ask(self, name: str, query: str, count: int) -> list[WebResult]:
        seconds = self.engines.settings.search.timeout_s
        try:
            results = await asyncio.wait_for(self.engines.get(name).search(query, count=count), seconds)
        except asyncio.TimeoutError as error:
            raise SearchTimeout(name=name, seconds=f"{seconds:g}") from error
        if not results:
            raise SearchFoundNothing(name=name)
        return results


def _replaced(wanted: str, name: str, failure: ZhiwenError) -> Noticed:
    reasons = {"reason_en": failure.message("en"), "reason_zh": failure.message("zh")}
    return Noticed(SearchEngineReplaced.code, {"name": wanted, "replacement": name, **reasons})
