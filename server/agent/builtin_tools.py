"""The tools that come with Zhiwen, as the settings switch them on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from configs.settings import Settings
from server.agent.tool import Tool
from server.agent.tools import calculate, clock, shell
from server.agent.tools.arxiv import arxiv_tool
from server.agent.tools.database import database_tool
from server.agent.tools.internet import SearchInternet, internet_tool
from server.agent.tools.knowledge import Listed, Search, knowledge_tool
from server.agent.tools.page import page_tool
from server.agent.tools.weather import weather_tool
from server.agent.tools.web_api import WebApi
from server.agent.tools.wikipedia import wikipedia_tool


@dataclass(frozen=True)
class Sources:
    """Where tools look things up."""

    search_knowledge: Search
    knowledge_bases: Callable[[], Sequence[Listed]]
    search_internet: SearchInternet


def builtin_tools(settings: Settings, sources: Sources) -> list[Tool]:
    """The tools of `agent.tools`, and the shell where `agent.shell` says so."""
    api, asked = WebApi(settings), settings.agent
    makers: dict[str, Callable[[], Tool]] = {
        "search_knowledge_bases": lambda: knowledge_tool(sources.search_knowledge, sources.knowledge_bases),
        "search_internet": lambda: internet_tool(sources.search_internet),
        "calculate": lambda: calculate.TOOL,
        "read_url": lambda: page_tool(settings),
        "current_time": lambda: clock.TOOL,
        "weather": lambda: weather_tool(asked.weather, api),
        "arxiv": lambda: arxiv_tool(asked.arxiv_url, api),
        "wikipedia": lambda: wikipedia_tool(asked.wikipedia_url, api),
        "query_database": lambda: database_tool(asked.databases, asked.tool_timeout_s),
    }
    tools = [makers[name]() for name in dict.fromkeys(asked.tools)]
    return [*tools, shell.TOOL] if asked.shell else tools
