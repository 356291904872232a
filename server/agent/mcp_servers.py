"""The MCP servers of the settings, and their tools as tools of ours. Their library is loaded when one is needed."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from configs.sections.agent import McpServer
from server.agent.tool import Text, Tool
from server.errors import McpServerUnavailable

if TYPE_CHECKING:
    from server.agent.mcp_session import McpSession

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST_NAME = 64
"""What OpenAI's protocol allows."""


@dataclass(frozen=True, slots=True)
class ServerState:
    """One server: connected, not needed so far, or why it cannot be reached."""

    name: str
    state: Literal["idle", "ready", "failed"]
    reason: str
    tools: int


class McpServers:
    """Sessions are opened when tools are first asked for, and closed by `aclose`."""

    def __init__(self, configured: Mapping[str, McpServer], logs: Path) -> None:
        self._configured = configured
        self._logs = logs
        self._sessions: dict[str, McpSession] = {}

    async def tools(self) -> tuple[list[Tool], list[McpServerUnavailable]]:
        """The tools of all servers that can be reached, and of the others why not."""
        sessions = self._opened()
        outcomes = await asyncio.gather(*(session.refresh() for session in sessions), return_exceptions=True)
        tools: list[Tool] = []
        missing: list[McpServerUnavailable] = []
        for session, outcome in zip(sessions, outcomes, strict=True):
            if isinstance(outcome, McpServerUnavailable):
                missing.append(outcome)
            elif outcome is not None:
                raise outcome
            else:
                tools += [_tool(session.name, listed, session.call) for listed in session.tools]
        return tools, missing

    def states(self) -> list[ServerState]:
        """What is known of each server, without asking it."""
        return [self._state(name) for name in self._configured]

    async def aclose(self) -> None:
        """End all sessions, and the servers that were started for them."""
        await asyncio.gather(*(session.close() for session in self._sessions.values()))

    def _opened(self) -> "list[McpSession]":
        for name, settings in self._configured.items():
            if name not in self._sessions:
                from server.agent.mcp_session import McpSession

                self._sessions[name] = McpSession(name, settings, self._logs)
        return list(self._sessions.values())

    def _state(self, name: str) -> ServerState:
        session = self._sessions.get(name)
        if session is None:
            return ServerState(name, "idle", "", 0)
        return ServerState(name, session.state, session.reason, len(session.tools) if session.state == "ready" else 0)


def _tool(server: str, listed: Any, ask: Callable[[str, Mapping[str, Any]], Any]) -> Tool:
    async def call(**arguments: Any) -> str:
        return await ask(listed.name, arguments)

    title = listed.title or listed.name
    return Tool(
        name=_NOT_IN_NAMES.sub("_", f"{server}_{listed.name}")[:_LONGEST_NAME],
        title=Text(title, title),
        description=Text(listed.description or title, listed.description or title),
        arguments=dict(listed.input_schema),
        call=call,
        server=server,
        needs="write",  # what it does may not be undone
        beyond=True,
    )
