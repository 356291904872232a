"""How the knowledge API bears many streams: first token, total time, errors, events in one network chunk.

    .venv/bin/python benchmarks/api.py [--streams 1 10 50 100 400] [--through-fastchat]

A fake backend (`fake_backend.py`) streams 200 tokens at 50 tokens/s to each; the real API has a provider that points to
it. Clients, API and backend share the machine's processors. Ideal: 4.0 s. `--through-fastchat` goes through controller,
proxy worker and FastChat's OpenAI API, compared with that OpenAI API asked directly.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).resolve().parent.parent
TOKENS, RATE = 200, 50
PATIENCE_S = 60
QUESTION = "知问支持哪些文件格式？"
ROUTES = {
    "/chat/chat": {"query": QUESTION, "stream": True},
    "/chat/knowledge_base_chat": {"query": QUESTION, "knowledge_base_name": "samples", "stream": True},
}
FREED = 100
PIECE = re.compile(rb'"(?:text|answer|content)": ?"t\d')
"""How a token of the fake backend looks in an event of any route."""


@dataclass
class Stream:
    """What one client saw."""

    first_s: float = 0.0
    total_s: float = 0.0
    tokens: int = 0
    chunks: int = 0
    failure: str = ""


@dataclass
class Stage:
    """The running processes and their addresses."""

    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def url(self, name: str) -> str:
        """Where a process listens."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def start(self, name: str, *argv: str) -> None:
        """Start a process and wait until it listens."""
        with (self.folder / f"{name}.log").open("wb") as log:
            command = [sys.executable, *argv, "--port", str(self.ports[name])]
            process = subprocess.Popen(command, cwd=ROOT, env=self._environment(), stdout=log, stderr=log)
        self.processes.append(process)
        self.names.append(name)
        end = time.monotonic() + PATIENCE_S
        while not _listens(self.ports[name]):
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit((self.folder / f"{name}.log").read_text())
            time.sleep(0.05)

    def ids(self) -> list[str]:
        """Whose processor seconds are told."""
        return ["clients", *self.names]

    def processor_s(self) -> list[float]:
        """Processor seconds so far, in the order of `ids`."""
        processes = [psutil.Process(), *(psutil.Process(process.pid) for process in self.processes)]
        return [sum(process.cpu_times()[:2]) for process in processes]

    def _environment(self) -> dict[str, str]:
        local = self.folder / "local.toml"
        local.write_text(_settings(self), "utf-8")
        return {**os.environ, "ZHIWEN_CONFIG": str(local), "PYTHONUTF8": "1"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 10, 50, 100, 400])
    parser.add_argument("--through-fastchat", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, staged(Path(folder), fastchat=options.through_fastchat) as stage:
        columns = ("first token p50 ms", "p99 ms", "all done s", "tokens/s", "errors", "events a chunk", *stage.ids())
        print("| asked | streams | " + " | ".join(columns) + " |")
        print("|---" * (len(columns) + 2) + "|")
        for route, url, body in _asked(stage, through_fastchat=options.through_fastchat):
            asyncio.run(run(url, body, 1))
            for number in options.streams:
                before = stage.processor_s()
                streams = asyncio.run(run(url, body, number))
                show(route, streams, [after - past for after, past in zip(stage.processor_s(), before, strict=True)])
        url, body = f"{stage.url('api')}/chat/chat", _body("/chat/chat", "fake")
        print(f"\n{FREED} clients leave in mid-stream: free again after {asyncio.run(leave(stage, url, body)):.2f} s")


@contextlib.contextmanager
def staged(folder: Path, *, fastchat: bool) -> Iterator[Stage]:
    """Everything started, on free ports and with data of its own."""
    names = ("backend", "api", "controller", "openai_api", "worker", "control")
    stage = Stage(folder, {name: _free_port() for name in names})
    try:
        stage.start("backend", "benchmarks/fake_backend.py", "--tokens", str(TOKENS), "--rate", str(RATE))
        if fastchat:
            controller = ("--controller-address", stage.url("controller"))
            stage.start("controller", "-m", "server.llm.fastchat.controller")
            stage.start("openai_api", "-m", "server.llm.fastchat.openai_api", *controller)
            stage.start("worker", "-m", "server.llm.workers.proxy", *controller)
        stage.start("api", "-m", "server.api")
        _fill(stage)
        yield stage
    finally:
        for process in stage.processes:
            process.kill()
            process.wait()


async def run(url: str, body: dict[str, Any], number: int) -> list[Stream]:
    """That many streams at once; clients are bare sockets, so that they cost little."""
    limit = PATIENCE_S + number
    return await asyncio.gather(*(asyncio.wait_for(one(url, body), limit) for _ in range(number)))


async def one(url: str, body: dict[str, Any]) -> Stream:
    """One client: read the stream to its end."""
    seen, began = Stream(), time.monotonic()
    try:
        reader, writer = await _open(url, body)
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            seen.failure = head.split(b"\r\n")[0].decode()
            return seen
        while (size := int(await reader.readline(), 16)) > 0:
            chunk = (await reader.readexactly(size + 2))[:-2]
            count = len(PIECE.findall(chunk))
            if count and not seen.tokens:
                seen.first_s = time.monotonic() - began
            seen.tokens += count
            seen.chunks += bool(count)
        writer.close()
    except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
        seen.failure = type(error).__name__
    seen.total_s = time.monotonic() - began
    return seen


async def leave(stage: Stage, url: str, body: dict[str, Any]) -> float:
    """Begin streams, go away together, and wait until the backend is told."""
    opened = [await _open(url, body) for _ in range(FREED)]
    await asyncio.gather(*(reader.readuntil(b"data: ") for reader, _ in opened))
    async with httpx.AsyncClient(trust_env=False, base_url=stage.url("backend")) as client:

        async def running() -> int:
            return (await client.get("/counts")).json()["running"]

        if await running() < FREED:
            raise SystemExit(f"only {await running()} of {FREED} generations run")
        began = time.monotonic()
        for _, writer in opened:
            writer.transport.abort()
        while await running():
            continue
    return time.monotonic() - began


def show(route: str, streams: list[Stream], processor_s: list[float]) -> None:
    """A line of the table."""
    failed = [stream for stream in streams if stream.failure or stream.tokens < TOKENS]
    firsts = sorted(stream.first_s for stream in streams) or [0.0]
    total = max(stream.total_s for stream in streams)
    tokens = sum(stream.tokens for stream in streams)
    together = tokens / max(1, sum(stream.chunks for stream in streams))
    p50, p99 = statistics.median(firsts) * 1000, firsts[int(len(firsts) * 0.99)] * 1000
    cells = [f"{p50:.0f}", f"{p99:.0f}", f"{total:.1f}", f"{tokens / total:,.0f}", str(len(failed)), f"{together:.3f}"]
    cells += [f"{seconds:.1f}" for seconds in processor_s]
    print(f"| {route} | {len(streams)} | " + " | ".join(cells) + " |", flush=True)
    for reason in sorted({stream.failure or f"only {stream.tokens} tokens" for stream in failed})[:3]:
        print(f"  {reason}", file=sys.stderr)


def _asked(stage: Stage, *, through_fastchat: bool) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for route in ROUTES:
        yield route, stage.url("api") + route, _body(route, "fake")
    if through_fastchat:
        messages = [{"role": "user", "content": QUESTION}]
        chat = {"model": "fake/fake-model", "messages": messages, "stream": True}
        yield "FastChat alone", f"{stage.url('openai_api')}/v1/chat/completions", chat
        yield "/chat/chat through FastChat", f"{stage.url('api')}/chat/chat", _body("/chat/chat", "through")


def _body(route: str, model: str) -> dict[str, Any]:
    return {**ROUTES[route], "model_name": model}


def _settings(stage: Stage) -> str:
    services = ("api", "controller", "openai_api", "control")
    lines = [f"[services.{name}]\nport = {stage.ports[name]}" for name in services]
    lines.append(f'[paths]\nknowledge_base = "{(stage.folder / "kb").as_posix()}"')
    lines.append('[models]\nllm_preference = ["fake"]\nembed_preference = ["builtin-ngram"]')
    lines.append('[models.llm.fake]\nengine = "provider"\nprovider = "fake"\nmodel = "fake-model"')
    # The API sees this one as a model of the fabric; what runs there under the name is the proxy worker.
    lines.append('[models.llm."through"]\nengine = "provider"\nprovider = "fastchat"\nmodel = "fake/fake-model"')
    backend = f'base_url = "{stage.url("backend")}/v1"\nconcurrency = 1000'
    lines.append(f'[providers.fake]\n{backend}\nmodels = ["fake-model"]')
    lines.append(f'[providers.fastchat]\nbase_url = "{stage.url("openai_api")}/v1"\nconcurrency = 1000')
    return "\n".join(lines)


def _fill(stage: Stage) -> None:
    samples = sorted((ROOT / "knowledge_base" / "samples" / "content").glob("*.md"))
    with httpx.Client(base_url=stage.url("api"), trust_env=False, timeout=PATIENCE_S) as client:
        client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": "samples"})
        files = [("files", (path.name, path.read_bytes())) for path in samples]
        answer = client.post("/knowledge_base/upload_docs", files=files, data={"knowledge_base_name": "samples"})
        answer.raise_for_status()


async def _open(url: str, body: dict[str, Any]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = httpx.URL(url)
    content = json.dumps(body).encode()
    head = f"POST {address.path} HTTP/1.1\r\nHost: 127.0.0.1:{address.port}\r\nContent-Type: application/json\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", address.port)
    writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    return reader, writer


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    main()
