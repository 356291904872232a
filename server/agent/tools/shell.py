"""Commands of the shell. Absent unless `agent.shell` switches it on: it can do what the user of this service can."""

import asyncio
import os
import signal
import sys
from typing import Any

from pydantic import BaseModel, Field

from server.agent.tool import Text, Tool

NAME = "shell"
MOST_BYTES = 100_000


class Arguments(BaseModel):
    """What to run."""

    command: str = Field(min_length=1, max_length=4000, description="A command line of the system's shell.")


async def _call(command: str) -> str:
    """Run it; whoever cancels this ends the command and all that it started."""
    process = await asyncio.create_subprocess_shell(
        command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=_environment(),
        start_new_session=sys.platform != "win32",
    )
    try:
        output, cut = await _output(process)
        code = await process.wait()
    finally:
        _end(process)
    text = output.decode("utf-8", "replace").strip() or "(no output)"
    return f"exit code {code}{', output cut' if cut else ''}\n{text}"


async def _output(process: asyncio.subprocess.Process) -> tuple[bytes, bool]:
    """Everything up to the limit; a command that writes on without end is ended there."""
    kept = bytearray()
    reader: Any = process.stdout
    while piece := await reader.read(65536):
        kept += piece
        if len(kept) > MOST_BYTES:
            _end(process)
            return bytes(kept[:MOST_BYTES]), True
    return bytes(kept), False


def _end(process: asyncio.subprocess.Process) -> None:
    """Also what the command left in the background."""
    try:
        if sys.platform != "win32":
            os.killpg(process.pid, signal.SIGKILL)
        elif process.returncode is None:
            process.kill()
    except ProcessLookupError:
        return


def _environment() -> dict[str, str]:
    """Without the settings of this service, which may hold keys."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith("ZHIWEN")}


TOOL = Tool(
    name=NAME,
    title=Text("Shell", "系统命令"),
    description=Text(
        "Runs a command in the shell of the server and gives its output.",
        "在服务器上执行一条命令并返回输出。",
    ),
    arguments=Arguments,
    call=_call,
    needs="admin",
    beyond=True,
)
