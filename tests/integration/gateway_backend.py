"""A fake OpenAI-compatible service on loopback, scripted request by request, in a thread of the test."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


@dataclass
class Backend:
    """What the next answers are, and what was asked.

    `answers` are used one after another, the last one again and again: a list of texts is streamed, a number with
    headers is an error, "hang" waits for ever, "half" breaks off in mid-answer, "reset" closes at once.
    """

    answers: list[Any] = field(default_factory=lambda: [["o", "k"]])
    pause_s: float = 0.0
    usage: dict[str, int] | None = None
    models: list[dict[str, Any]] = field(default_factory=lambda: [{"id": "models/b"}, {"id": "a"}])
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    rerank_path: str = "/rerank"
    running: int = 0
    most_running: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            path = head[0].split(" ")[1].removeprefix("/v1")
            self.requests.append((path, headers, json.loads(body) if body else None))
            self.running += 1
            self.most_running = max(self.most_running, self.running)
            try:
                await self._answer(path.partition("?")[0], self.requests[-1][2], writer)
            finally:
                self.running -= 1
        writer.close()

    async def _answer(self, path: str, body: Any, writer: asyncio.StreamWriter) -> None:
        if path == "/models":
            _send(writer, 200 if self.models else 404, {"data": self.models})
        elif path == "/embeddings":
            data = [
                {"index": number, "embedding": [float(len(text)), 1.0]} for number, text in enumerate(body["input"])
            ]
            _send(writer, 200, {"data": data[::-1]})
        elif path == self.rerank_path:
            scores = [
                {"index": number, "relevance_score": 1 / (number + 1)} for number in range(len(body["documents"]))
            ]
            _send(writer, 200, {"results": scores[::-1]})
        else:
            await self._chat(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0], writer)

    async def _chat(self, answer: Any, writer: asyncio.StreamWriter) -> None:
        if answer == "reset":
            return
        if isinstance(answer, tuple):
            _send(writer, *answer)
            return
        writer.write(EVENTS)
        texts = ["half"] if answer in ("half", "hang") else answer
        for text in texts:
            await self._event(writer, {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]})
        if answer == "hang":
            await asyncio.sleep(60)
        if answer != "half":
            await self._event(writer, {"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]})
            if self.usage:
                await self._event(writer, {"choices": [], "usage": self.usage})
            writer.write(b"data: [DONE]\n\n")

    async def _event(self, writer: asyncio.StreamWriter, event: dict[str, Any]) -> None:
        writer.write(f"data: {json.dumps(event)}\n\n".encode())
        await writer.drain()
        await asyncio.sleep(self.pause_s)
        if writer.transport.is_closing():
            raise ConnectionResetError


def _send(writer: asyncio.StreamWriter, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
    content = json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode() + content)


@contextlib.contextmanager
def backend(**script: Any) -> Iterator[Backend]:
    """A running service."""
    made, loop, ready = Backend(**script), asyncio.new_event_loop(), threading.Event()

    async def listen() -> None:
        server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
        made.port = server.sockets[0].getsockname()[1]
        ready.set()

    def run() -> None:
        loop.create_task(listen())  # the loop runs until the test ends
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(60)
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


def toml(**backends: Backend) -> str:
    """Settings with a provider for each backend, and a model of each: NAME-model."""
    lines = []
    for name, one in backends.items():
        lines += [f"[providers.{name}]", f'base_url = "{one.url}"', 'api_key = "sk-secret"', 'models = ["m"]']
        lines += [f"[models.llm.{name}-model]", 'engine = "provider"', f'provider = "{name}"', 'model = "m"']
    return "\n".join(lines)
