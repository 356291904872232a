"""One MCP server, connected while it is needed.

The library wants a connection opened and closed by the same task, so each session lives in a task of its own; whoever
calls a tool only uses it. When that task ends, the connection is closed and a server that was started is ended with
all it started.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import httpx2
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CONNECTION_CLOSED

from configs.sections.agent import McpServer
from server.errors import McpServerUnavailable, ToolFailed

log = logging.getLogger(__name__)

State = Literal["idle", "ready", "failed"]
CLOSING_S = 10
"""The library gives a server 2 s to end by itself, then 2 s to obey, then kills it."""
RETRY_AFTER_S = 30
"""How long a server that could not be reached is left alone."""
_LONGEST_REASON = 300
_PAGES = 20


class McpSession:
    """The connection to one server; opened at the first use, and again after it broke."""

    def __init__(self, name: str, settings: McpServer, logs: Path) -> None:
        self.name = name
        self.tools: list[Any] = []
        self.reason = ""
        self._settings = settings
        self._logs = logs
        self._client: Any = None
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._failed_at = -RETRY_AFTER_S
        self._changing = asyncio.Lock()

    @property
    def state(self) -> State:
        """Whether it is connected, was never needed, or could not be reached."""
        return "ready" if self._client else "failed" if self.reason else "idle"

    async def refresh(self) -> None:
        """Connect, or look whether the connection still holds, and list the tools.

        Raises:
            McpServerUnavailable: it cannot be started or reached, or could not be a moment ago.
        """
        async with self._changing:
            if self._client is not None:
                try:
                    self.tools = await asyncio.wait_for(_listed(self._client), self._settings.timeout_s)
                except (MCPError, asyncio.TimeoutError, OSError):
                    await self._close()
            if self._client is None:
                await self._open()

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """The text a tool gives back.

        Raises:
            McpServerUnavailable: the server cannot be reached, or went away meanwhile.
            ToolFailed: the tool reports an error.
        """
        async with self._changing:
            client = self._client or await self._open()
        try:
            result = await client.call_tool(tool, dict(arguments), read_timeout_seconds=self._settings.timeout_s)
        except MCPError as error:
            if error.code == CONNECTION_CLOSED:
                await self.close()
                raise McpServerUnavailable(name=self.name, reason="it ended in the midst of the call") from error
            raise _failed(f"{self.name}_{tool}", str(error)) from error
        if result.is_error:
            raise _failed(f"{self.name}_{tool}", _text(result))
        return _text(result)

    async def close(self) -> None:
        """Disconnect, and wait until a server that was started has ended."""
        async with self._changing:
            await self._close()

    async def _open(self) -> Any:
        if time.monotonic() - self._failed_at < RETRY_AFTER_S:
            raise McpServerUnavailable(name=self.name, reason=self.reason)
        await self._close()
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(self._live(opened, self._stop), name=f"mcp {self.name}")
        try:
            await asyncio.wait_for(asyncio.shield(opened), self._settings.timeout_s)
        except asyncio.TimeoutError:
            self._note(f"it did not answer within {self._settings.timeout_s:g} s")
            await self._close()
        except asyncio.CancelledError:
            await self._close()
            raise
        if self._client is None:
            raise McpServerUnavailable(name=self.name, reason=self.reason)
        return self._client

    async def _close(self) -> None:
        self._stop.set()
        if self._task is not None:
            if self._client is None:
                self._task.cancel()
            await asyncio.wait({self._task}, timeout=CLOSING_S)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    async def _live(self, opened: "asyncio.Future[None]", stop: asyncio.Event) -> None:
        try:
            async with self._connected() as client:
                self.tools = await _listed(client)
                self._client, self.reason = client, ""
                opened.set_result(None)
                await stop.wait()
        except Exception as error:  # noqa: BLE001  # the edge to foreign programs: whatever they do, only their tools go
            self._note(_reason(error))
        finally:
            self._client = None
            if not opened.done():
                opened.set_result(None)

    def _note(self, reason: str) -> None:
        self.reason, self._failed_at = reason[:_LONGEST_REASON], time.monotonic()
        log.warning("MCP server %s: %s", self.name, self.reason)

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[Any, None]:
        given = self._settings
        async with AsyncExitStack() as stack:
            if given.url:
                headers = {name: value.get_secret_value() for name, value in given.headers.items()}
                http = await stack.enter_async_context(httpx2.AsyncClient(headers=headers, timeout=given.timeout_s))
                transport = streamable_http_client(given.url, http_client=http)
            else:
                environment = {name: value.get_secret_value() for name, value in given.env.items()}
                self._logs.mkdir(parents=True, exist_ok=True)
                # What a server says besides its answers must not mix with the log of the API.
                path = self._logs / f"mcp_{self.name}.log"
                said = stack.enter_context(path.open("w", encoding="utf-8"))
                program = StdioServerParameters(command=given.command, args=given.args, env=environment)
                transport = stdio_client(program, errlog=said)
            yield await stack.enter_async_context(Client(transport, read_timeout_seconds=given.timeout_s))


async def _listed(client: Any) -> list[Any]:
    """All tools, page by page."""
    tools: list[Any] = []
    cursor: str | None = None
    for _ in range(_PAGES):
        page = await client.list_tools(cursor=cursor, cache_mode="refresh")
        tools += page.tools
        cursor = page.next_cursor
        if not cursor:
            break
    return tools


def _text(result: Any) -> str:
    """The texts of an answer; of what is no text, its kind."""
    parts = [getattr(block, "text", "") or f"({block.type})" for block in result.content]
    if not parts and result.structured_content is not None:
        parts = [json.dumps(result.structured_content, ensure_ascii=False)]
    return "\n".join(parts)


def _failed(tool: str, reason: str) -> ToolFailed:
    plain = reason.strip().rstrip(".。") or "no reason given"
    return ToolFailed(name=tool, reason_en=plain, reason_zh=plain)


def _reason(error: BaseException) -> str:
    """Why a server cannot be used; the library wraps the first failure into groups."""
    while inner := getattr(error, "exceptions", None):
        error = inner[0]
    if isinstance(error, FileNotFoundError):
        return "its command is not installed"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
