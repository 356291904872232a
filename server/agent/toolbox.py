"""All tools there are: which are switched on, which can be used now, and the choice of them for one run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from starlette.concurrency import run_in_threadpool

from server.agent.mcp_servers import McpServers, ServerState
from server.agent.tool import OfferedTool, Tool, offer
from server.caller import caller
from server.errors import Language, McpServerUnavailable, ToolForbidden, ToolNotFound, ToolUnavailable, ZhiwenError


@dataclass(frozen=True, slots=True)
class ToolState:
    """One tool as people see it; `problem` says why it cannot be used now."""

    tool: Tool
    problem: ZhiwenError | None

    @property
    def state(self) -> Literal["ready", "unavailable"]:
        """Whether it can be used now."""
        return "unavailable" if self.problem else "ready"


@dataclass(frozen=True, slots=True)
class Offer:
    """The tools of one run, and the servers whose tools are missing from it."""

    tools: tuple[OfferedTool, ...]
    missing: tuple[McpServerUnavailable, ...] = ()

    def find(self, name: str) -> OfferedTool:
        """The tool of that name.

        Raises:
            ToolNotFound: the run has none.
        """
        for tool in self.tools:
            if tool.name == name:
                return tool
        raise ToolNotFound(name=name[:100], known=", ".join(tool.name for tool in self.tools) or "none")


class Toolbox:
    """The tools that are switched on in the settings, and those of MCP servers."""

    def __init__(self, tools: Sequence[Tool], servers: McpServers) -> None:
        self._tools = tuple(tools)
        self._servers = servers

    async def states(self) -> list[ToolState]:
        """Every tool with its state; servers that are not connected are asked for their tools."""
        theirs, _ = await self._servers.tools()
        return [await run_in_threadpool(_state, tool) for tool in (*self._tools, *theirs)]

    def server_states(self) -> list[ServerState]:
        """What is known of the MCP servers."""
        return self._servers.states()

    async def offer(self, names: Sequence[str] | None, language: Language) -> Offer:
        """The named tools, or all that the caller may use and that can be used now.

        Raises:
            ToolNotFound: there is no tool of one of the names.
            ToolForbidden: one of the named tools is not for the caller.
            ToolUnavailable: one of the named tools cannot be used now.
        """
        theirs, missing = await self._servers.tools() if self._needs_servers(names) else ([], [])
        known = {tool.name: tool for tool in (*self._tools, *theirs)}
        unknown = [name for name in names or () if name not in known]
        if unknown:
            raise ToolNotFound(name=", ".join(unknown), known=", ".join(known))
        wanted = list(known.values()) if names is None else [known[name] for name in dict.fromkeys(names)]
        states = [await run_in_threadpool(_state, tool) for tool in wanted]
        problems = [state.problem for state in states if state.problem]
        if names is not None and problems:
            raise problems[0]
        ready = [state.tool for state in states if not state.problem]
        return Offer(tuple([await run_in_threadpool(offer, tool, language) for tool in ready]), tuple(missing))

    async def aclose(self) -> None:
        """End the MCP sessions."""
        await self._servers.aclose()

    def _needs_servers(self, names: Sequence[str] | None) -> bool:
        ours = {tool.name for tool in self._tools}
        return names is None or not ours.issuperset(names)


def _state(tool: Tool) -> ToolState:
    if forbidden := _forbidden(tool):
        return ToolState(tool, forbidden)
    reason = tool.why_not()
    problem = ToolUnavailable(name=tool.name, reason_en=reason.en, reason_zh=reason.zh) if reason else None
    return ToolState(tool, problem)


def _forbidden(tool: Tool) -> ToolForbidden | None:
    """Why whoever is asking may not use the tool: the one place where keys and tools meet."""
    asking = caller()
    if not asking.may(tool.needs):
        return ToolForbidden(
            name=tool.name,
            reason_en=f'it needs the scope "{tool.needs}", the key has "{asking.scope}"',
            reason_zh=f"需要 {tool.needs} 权限，该密钥的权限为 {asking.scope}",
        )
    if tool.beyond and asking.knowledge_bases is not None:
        return ToolForbidden(
            name=tool.name,
            reason_en="the key is limited to some knowledge bases, and this tool reaches beyond them",
            reason_zh="该密钥限定了知识库，而此工具可访问知识库以外的数据",
        )
    return None
