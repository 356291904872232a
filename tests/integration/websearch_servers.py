"""Loopback servers for the tests of web search: one that plays any search engine or site, and a forward proxy."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx


@dataclass
class Request:
    """What a server was asked."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Answer:
    """What it answers; `wait_s` before it does, `drip_s` between the bytes of the body."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    wait_s: float = 0
    drip_s: float = 0


def as_json(value: Any, status: int = 200) -> Answer:
    return Answer(json.dumps(value, ensure_ascii=False).encode(), status, "application/json")


@dataclass
class Site:
    """A running server: `answers` by path, a callable being given the request."""

    url: str
    answers: dict[str, Answer | Callable[[Request], Answer]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    @property
    def address(self) -> str:
        return self.url.removeprefix("http://")


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Clients of these tests leave early on purpose."""


@contextmanager
def running(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = _Quiet(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    played: Site

    def do_GET(self):
        self.serve()

    def do_POST(self):
        self.serve()

    def serve(self):
        raise NotImplementedError

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def log_message(self, *_):
        pass


class _Playing(_Handler):
    def serve(self):
        parts = urlsplit(self.path)
        raw = self.body()
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, query, headers, json.loads(raw) if raw else None)
        self.played.requests.append(request)
        answer = self.played.answers.get(parts.path, Answer(b"not here", 404))
        self._send(answer(request) if callable(answer) else answer)

    def _send(self, answer: Answer):
        time.sleep(answer.wait_s)
        self.send_response(answer.status)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        pieces = [bytes([byte]) for byte in answer.body] if answer.drip_s else [answer.body]
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()
            time.sleep(answer.drip_s)


class _Forwarding(_Handler):
    refuses_with = 0

    def serve(self):
        raw = self.body()
        self.played.requests.append(Request(self.command, self.path, {}, dict(self.headers.items()), None))
        if self.refuses_with:
            self.send_error(self.refuses_with)
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() != "proxy-connection"}
        with httpx.Client(trust_env=False) as client:
            got = client.request(self.command, self.path, headers=headers, content=raw)
        self.send_response(got.status_code)
        self.send_header("Content-Type", got.headers.get("content-type", ""))
        self.end_headers()
        self.wfile.write(got.content)

    def do_CONNECT(self):
        self.played.requests.append(Request("CONNECT", self.path, {}, {}, None))
        self.send_error(self.refuses_with or 502)


@contextmanager
def site() -> Iterator[Site]:
    """A server whose answers a test writes."""
    played = Site("")
    with running(type("Handler", (_Playing,), {"played": played})) as url:
        played.url = url
        yield played


@contextmanager
def forward_proxy(status: int = 0) -> Iterator[Site]:
    """A proxy for plain HTTP that notes what passes; with a status it refuses with that."""
    played = Site("")
    with running(type("Handler", (_Forwarding,), {"played": played, "refuses_with": status})) as url:
        played.url = url
        yield played


@contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield listener.getsockname()[1]
