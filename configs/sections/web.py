"""Searching the web and fetching its pages."""

import ipaddress
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from configs.sections.base import Section

EngineName = Literal["duckduckgo", "searxng", "bing", "brave", "tavily", "exa", "bocha"]
PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


class SearchEngine(Section):
    """One search engine. An empty `url` is the engine's own; an empty `key` is looked for in the variable `key_env`."""

    url: str = ""
    key: SecretStr = SecretStr("")
    key_env: str = ""


class Search(Section):
    """Which search engines are asked, how, and what is done with their results."""

    engine: EngineName
    fallback: list[EngineName]
    top_k: int = Field(ge=1, le=50)
    timeout_s: float = Field(gt=0)
    proxy: SecretStr
    region: str = Field(pattern=r"^([a-z]{2}-[A-Z]{2})?$")
    safe_search: Literal["off", "moderate", "strict"]
    fetch_pages: bool
    max_pages: int = Field(ge=1, le=20)
    engines: dict[EngineName, SearchEngine]

    @field_validator("proxy")
    @classmethod
    def _is_proxy(cls, value: SecretStr) -> SecretStr:
        given = value.get_secret_value()
        parts = urlsplit(given)
        if given and (parts.scheme not in PROXY_SCHEMES or not parts.hostname):
            raise ValueError(f"must look like http://127.0.0.1:7890; schemes are {', '.join(PROXY_SCHEMES)}")
        return value


class Fetching(Section):
    """Getting pages of the internet. `allow_private` holds hosts, host:port pairs and networks such as 10.0.0.0/8."""

    timeout_s: float = Field(gt=0)
    max_mb: float = Field(gt=0, le=100)
    user_agent: str = Field(min_length=1)
    allow_private: list[str]

    @field_validator("allow_private")
    @classmethod
    def _are_networks(cls, entries: list[str]) -> list[str]:
        for entry in entries:
            if "/" in entry:
                ipaddress.ip_network(entry, strict=False)
        return entries
