"""The smaller tools, how tools are offered, and who may call them by hand."""

import asyncio
from pathlib import Path

import pytest
from langchain_core.tools import StructuredTool

from configs import Settings
from server.agent.builtin_tools import Sources, builtin_tools
from server.agent.mcp_servers import McpServers
from server.agent.runner import Call, Limits, Runner
from server.agent.tool import as_langchain, offer
from server.agent.toolbox import Toolbox
from server.api.access import needed_scope
from server.errors import BadToolArguments, ToolNotFound, ToolUnavailable
from server.types import Chunk, Hit

HITS = [Hit(Chunk(n, "kb", "a.txt", n, "文" * 300, {"page": n}), 0.9, 0.9, 0.9) for n in (1, 2, 3)]


async def nothing(query: str, count: int) -> list[Hit]:
    return []


class Listed:
    name, info = "kb", "规章"


def toolbox(settings: Settings, known: tuple[Listed, ...] = (Listed(),)) -> Toolbox:
    sources = Sources(lambda names, query, count: HITS[:count], lambda: known, nothing)
    return Toolbox(builtin_tools(settings, sources), McpServers({}, Path("logs")))


def run(settings: Settings, name: str, limits: Limits = Limits(5, 6000), **arguments: object):  # noqa: B008
    async def called():
        offered = await toolbox(settings).offer(None, "zh")
        return await Runner(offered, limits, "zh").run(Call("1", name, arguments))

    return asyncio.run(called())


def test_a_tool_that_lacks_something_is_not_offered(settings: Settings) -> None:
    names = {tool.name for tool in asyncio.run(toolbox(settings, ()).offer(None, "en")).tools}
    assert "calculate" in names
    assert names.isdisjoint({"search_knowledge_bases", "query_database", "shell"})
    with pytest.raises(ToolUnavailable):
        asyncio.run(toolbox(settings).offer(["query_database"], "en"))
    with pytest.raises(ToolNotFound):
        asyncio.run(toolbox(settings).offer(["shell"], "en"))


def test_the_model_is_told_of_the_knowledge_bases(settings: Settings) -> None:
    (offered,) = asyncio.run(toolbox(settings).offer(["search_knowledge_bases"], "zh")).tools
    assert "- kb: 规章" in offered.description
    error = run(settings, "search_knowledge_bases", query="x", knowledge_bases=["other"]).error
    assert "other" in error
    assert "kb" in error


def test_passages_beyond_the_limit_are_neither_shown_nor_cited(settings: Settings) -> None:
    async def called():
        runner = Runner(await toolbox(settings).offer(None, "zh"), Limits(5, 650), "zh")
        first = await runner.run(Call("1", "search_knowledge_bases", {"query": "x"}))
        second = await runner.run(Call("2", "search_knowledge_bases", {"query": "x", "count": 1}))
        return runner, first, second

    runner, first, second = asyncio.run(called())
    assert len(runner.hits) == 3
    assert ["[2] a.txt (p. 2)" in first.output, "[3]" in first.output, "[3] a.txt" in second.output] == [
        True,
        False,
        True,
    ]


def test_a_long_output_is_cut_and_that_is_said(settings: Settings) -> None:
    finished = run(settings, "calculate", Limits(5, 200), expression="2**4000")
    assert "more characters" in finished.output
    assert len(finished.output) < 250


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC+8", "GMT+08:00", "+0800"])
def test_times(settings: Settings, zone: str) -> None:
    assert "+08:00" in run(settings, "current_time", timezone=zone).output


@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc/passwd", "/etc/localtime", "UTC+99", "\0"])
def test_no_such_time_zone(settings: Settings, zone: str) -> None:
    assert "current_time" in run(settings, "current_time", timezone=zone).error


def test_a_tool_is_one_of_langchain(settings: Settings) -> None:
    (offered,) = asyncio.run(toolbox(settings).offer(["calculate"], "en")).tools
    tool = as_langchain(offered)
    assert isinstance(tool, StructuredTool)
    assert asyncio.run(tool.ainvoke({"expression": "6*7"})) == "6*7 = 42"
    assert offer(offered.tool, "zh").description != offered.description
    with pytest.raises(BadToolArguments):
        asyncio.run(tool.ainvoke({"expression": "x"}))


def test_calling_a_tool_by_hand_needs_the_right_to_write() -> None:
    assert needed_scope("GET", "/tools") == "read"
    assert needed_scope("POST", "/tools/call") == "write"
    assert needed_scope("POST", "/chat/agent_chat") == "read"
