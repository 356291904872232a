"""Searching the knowledge bases; the model chooses among them by name and description."""

from collections.abc import Callable, Sequence
from typing import Protocol

from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from server.agent.tool import Output, Text, Tool
from server.errors import BadToolArguments
from server.types import Hit

NAME = "search_knowledge_bases"
_MOST_LISTED = 40


class Arguments(BaseModel):
    """What to look for, and where."""

    query: str = Field(min_length=1, max_length=1000, description="A question or key words that stand alone.")
    knowledge_bases: list[str] = Field(
        default_factory=list, description="Names of the knowledge bases that fit the question; empty for all."
    )
    count: int = Field(default=4, ge=1, le=20, description="How many passages.")


class Listed(Protocol):
    """What is told of a knowledge base."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def info(self) -> str:
        """Its description."""
        ...


Search = Callable[[Sequence[str], str, int], list[Hit]]
"""(names, query, count) → passages, best first."""


def knowledge_tool(search: Search, known: Callable[[], Sequence[Listed]]) -> Tool:
    """The tool over the knowledge bases that `known` lists."""

    async def call(query: str, knowledge_bases: Sequence[str] = (), count: int = 4) -> Output:
        names = [listed.name for listed in await run_in_threadpool(known)]
        wrong = [name for name in knowledge_bases if name not in names]
        if wrong or not names:
            reason = f"there is no knowledge base {', '.join(wrong)}; there are: {', '.join(names) or 'none'}"
            raise BadToolArguments(name=NAME, reason=reason)
        hits = await run_in_threadpool(search, list(knowledge_bases) or names, query, count)
        return hits or f"Nothing in {', '.join(knowledge_bases) or 'the knowledge bases'} matches: {query}"

    def why_not() -> Text | None:
        return None if known() else Text("there is no knowledge base yet", "还没有知识库")

    def more() -> str:
        listed = known()[:_MOST_LISTED]
        lines = (f"- {one.name}: {' '.join(one.info.split())[:200]}" if one.info else f"- {one.name}" for one in listed)
        return "\n".join(["Knowledge bases:", *lines])

    return Tool(
        name=NAME,
        title=Text("Search knowledge bases", "检索知识库"),
        description=Text(
            "Searches the user's own documents and gives numbered passages to cite as [n]. Try it first for questions "
            "about the user's company, products or files.",
            "检索用户自己的文档，返回带编号的原文段落，回答时用 [编号] 引用。涉及用户的公司、产品、文件时应首先使用。",
        ),
        arguments=Arguments,
        call=call,
        why_not=why_not,
        more=more,
    )
