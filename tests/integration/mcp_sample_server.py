"""An MCP server for tests: over stdio, or over HTTP on the port given."""

import asyncio
import os
import sys

from mcp.server import MCPServer

server = MCPServer("sample")


@server.tool(title="Add numbers")
def add(left: int, right: int) -> int:
    """Add two whole numbers."""
    return left + right


@server.tool()
def fail() -> str:
    """Always fails."""
    raise ValueError("the sample tool fails on purpose")


@server.tool()
async def wait(seconds: float) -> str:
    """Wait."""
    await asyncio.sleep(seconds)
    return "waited"


@server.tool()
def die() -> str:
    """End the server in the midst of the call."""
    os._exit(3)


@server.tool()
def environment(name: str) -> str:
    """A variable of the server's environment."""
    return os.environ.get(name, "(unset)")


@server.tool()
def pid() -> str:
    """The process of the server."""
    return str(os.getpid())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run("stdio")
