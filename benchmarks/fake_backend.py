"""An OpenAI-compatible backend that streams tokens at a fixed rate, for measuring everything in front of it.

    .venv/bin/python benchmarks/fake_backend.py --port 9001 [--tokens 200] [--rate 50]

It is made of bare asyncio so that it costs little beside what is measured. `GET /counts` tells how many generations
run, and how many were begun, finished and cut off.
"""

import argparse
import asyncio
import json
import time
from dataclasses import asdict, dataclass

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


@dataclass
class Counts:
    """Generations so far."""

    running: int = 0
    begun: int = 0
    finished: int = 0
    cut_off: int = 0


class Backend:
    """Answers any chat request with the same number of tokens."""

    def __init__(self, tokens: int, rate: float) -> None:
        self.counts = Counts()
        self._pause = 1 / rate
        texts = [f"t{number} " for number in range(tokens)]
        pieces = [_event({"choices": [{"index": 0, "delta": {"content": text}}]}) for text in texts]
        last = _event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        self._pieces = [*pieces, last + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept open between requests."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._answer(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = head.decode("latin-1").lower().split("\r\n")
        length = next((int(line.split(":")[1]) for line in lines if line.startswith("content-length:")), 0)
        await reader.readexactly(length)
        if lines[0].startswith("get /counts"):
            writer.write(_json(asdict(self.counts)))
        elif lines[0].startswith("get"):
            writer.write(_json({"object": "list", "data": [{"id": "fake-model", "object": "model"}]}))
        else:
            await self._generate(writer)

    async def _generate(self, writer: asyncio.StreamWriter) -> None:
        self.counts.running += 1
        self.counts.begun += 1
        began = time.monotonic()
        try:
            writer.write(HEAD)
            for number, piece in enumerate(self._pieces):
                writer.write(piece)
                if writer.transport.is_closing():
                    raise ConnectionResetError
                await asyncio.sleep(max(0.0, began + (number + 1) * self._pause - time.monotonic()))
            self.counts.finished += 1
        except ConnectionError:
            self.counts.cut_off += 1
            raise
        finally:
            self.counts.running -= 1


def _event(data: dict[str, object]) -> bytes:
    shared = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "fake-model"}
    return _chunk(f"data: {json.dumps({**shared, **data})}\n\n".encode())


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def _json(value: object) -> bytes:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--rate", type=float, default=50)
    options = parser.parse_args()
    backend = Backend(options.tokens, options.rate)
    server = await asyncio.start_server(backend.serve, "127.0.0.1", options.port, backlog=1000)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
