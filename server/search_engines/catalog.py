"""Which search engines there are, and which of them can be asked with the settings in force."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from configs.sections.web import SearchEngine as OwnSettings
from configs.settings import Settings
from server.errors import SearchEngineNotConfigured, SearchEngineUnknown
from server.registry import Registry
from server.search_engines.base import EngineOptions, SearchEngine

ENGINES: Registry = Registry(
    "search engine",
    "搜索引擎",
    {
        "duckduckgo": "server.search_engines.duckduckgo:DuckDuckGo",
        "searxng": "server.search_engines.searxng:Searxng",
        "bing": "server.search_engines.bing:Bing",
        "brave": "server.search_engines.brave:Brave",
        "tavily": "server.search_engines.tavily:Tavily",
        "exa": "server.search_engines.exa:Exa",
        "bocha": "server.search_engines.bocha:Bocha",
    },
)
ALIASES = {"metaphor": "exa"}
"""Names of the 0.2.10 API, and what they are called now."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """How people call an engine, where it answers, and whether it wants a key."""

    label: str
    url: str = ""
    keyed: bool = True


_KINDS: Mapping[str, _Kind] = {
    "duckduckgo": _Kind("DuckDuckGo", "https://html.duckduckgo.com", keyed=False),
    "searxng": _Kind("SearXNG", keyed=False),
    "bing": _Kind("Bing", "https://api.bing.microsoft.com/v7.0/search"),
    "brave": _Kind("Brave", "https://api.search.brave.com/res/v1/web/search"),
    "tavily": _Kind("Tavily", "https://api.tavily.com/search"),
    "exa": _Kind("Exa", "https://api.exa.ai/search"),
    "bocha": _Kind("Bocha", "https://api.bochaai.com/v1/web-search"),
}


@dataclass(frozen=True)
class SearchEngines:
    """The engines of one running service."""

    settings: Settings

    def known(self) -> list[str]:
        """Every engine there is."""
        return ENGINES.names()

    def configured(self) -> list[str]:
        """The engines that lack no key and no address, the preferred one first."""
        usable = [name for name in self.known() if not self._missing(name, self._options(name))]
        preferred = [self.settings.search.engine, *self.settings.search.fallback]
        return list(dict.fromkeys([*(name for name in preferred if name in usable), *usable]))

    def missing(self) -> dict[str, str]:
        """Every engine with the setting or variable it lacks; those that lack none first, with an empty text."""
        lacking = {name: self._missing(name, self._options(name)) for name in self.known()}
        return dict.fromkeys(self.configured(), "") | {name: what for name, what in lacking.items() if what}

    def name_of(self, name: str) -> str:
        """The engine's own name; that of the settings for an empty one.

        Raises:
            SearchEngineUnknown: there is none of that name.
        """
        asked = ALIASES.get(name, name) or self.settings.search.engine
        if asked not in self.known():
            raise SearchEngineUnknown(name=name, known=", ".join(self.known()))
        return asked

    def get(self, name: str = "") -> SearchEngine:
        """The engine of that name, or the one of the settings.

        Raises:
            SearchEngineUnknown: there is none of that name.
            SearchEngineNotConfigured: its key or its address is missing.
        """
        known = self.name_of(name)
        options = self._options(known)
        if missing := self._missing(known, options):
            raise SearchEngineNotConfigured(label=_KINDS[known].label, setting=missing)
        return ENGINES.get(known)(options)

    def _options(self, name: str) -> EngineOptions:
        search = self.settings.search
        own = self._own(name)
        key = own.key.get_secret_value() or os.environ.get(own.key_env, "")
        return EngineOptions(
            name=name,
            url=own.url or _KINDS[name].url,
            timeout_s=search.timeout_s,
            key=key.strip(),
            proxy=search.proxy.get_secret_value(),
            region=search.region,
            safe_search=search.safe_search,
        )

    def _missing(self, name: str, options: EngineOptions) -> str:
        """The setting or variable that the engine lacks; empty when it lacks none."""
        if not options.url:
            return options.setting("url")
        if not _KINDS[name].keyed or options.key:
            return ""
        return self._own(name).key_env or options.setting("key")

    def _own(self, name: str) -> OwnSettings:
        return cast("Mapping[str, OwnSettings]", self.settings.search.engines).get(name, OwnSettings())
