"""Searching the internet with the configured search engine."""

from collections.abc import Awaitable, Callable, Sequence

from pydantic import BaseModel, Field

from server.agent.tool import Output, Text, Tool
from server.types import Hit

NAME = "search_internet"


class Arguments(BaseModel):
    """What to look for."""

    query: str = Field(min_length=1, max_length=300, description="Key words for a search engine.")
    count: int = Field(default=5, ge=1, le=10, description="How many results.")


SearchInternet = Callable[[str, int], Awaitable[Sequence[Hit]]]
"""(query, count) → results, best first."""


def internet_tool(search: SearchInternet) -> Tool:
    """The tool over a search engine."""

    async def call(query: str, count: int = 5) -> Output:
        return tuple(await search(query, count)) or f"The search engine found nothing for: {query}"

    return Tool(
        name=NAME,
        title=Text("Search the internet", "搜索互联网"),
        description=Text(
            "Asks a search engine and gives titles, addresses and excerpts, numbered to be cited as [n]. Use it for "
            "news and facts that the knowledge bases lack.",
            "用搜索引擎查询，返回标题、网址与摘要，回答时用 [编号] 引用。用于时效性信息和知识库之外的事实。",
        ),
        arguments=Arguments,
        call=call,
    )
