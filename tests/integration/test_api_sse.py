"""Server-sent events on a real socket: framing, errors before and after the first byte, clients that leave."""

import asyncio
import json
import threading
import time

import pytest
from api_server import chunks_of, raw_request, read_all, serving
from fastapi import FastAPI, Request

from server.api import errors, sse
from server.api.sse import event_stream
from server.errors import ModelFailed, ServiceUnavailable

CLOSE = ("Connection: close",)


class Script:
    """Events of one stream, and what became of it."""

    def __init__(self):
        self.closed = threading.Event()
        self.started = threading.Event()
        self.sent = 0

    async def run(self, name):
        self.started.set()
        try:
            async for event in getattr(self, name)():
                self.sent += 1
                yield event
        finally:
            self.closed.set()

    async def three(self):
        yield {"answer": "一\n二\r三\u2028"}
        yield {"answer": "two"}
        yield {"docs": []}

    async def plain(self):
        yield "a\r\nb\rc\n\nd"
        yield "data: x\r\r"

    async def none(self):
        for nothing in ():
            yield nothing

    async def fails_at_once(self):
        raise ServiceUnavailable(name="FastChat", url="http://127.0.0.1:1", log="logs/x.log")
        yield {}

    async def fails_later(self):
        yield {"answer": "half"}
        raise ModelFailed(name="m", reason="out of memory")

    async def breaks_later(self):
        yield {"answer": "half"}
        raise RuntimeError("secret /root/path")

    async def slow_first(self):
        await asyncio.sleep(60)
        yield {"answer": "late"}

    async def late(self):
        await asyncio.sleep(0.5)
        yield {"answer": "late"}

    async def fails_late(self):
        await asyncio.sleep(0.5)
        raise ServiceUnavailable(name="FastChat", url="http://127.0.0.1:1", log="logs/x.log")
        yield {}

    async def endless(self):
        while True:
            yield {"answer": "x" * 100}
            await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
def script():
    return {}


@pytest.fixture(scope="module")
def port(script):
    app = FastAPI()
    errors.install(app)

    @app.post("/{name}")
    async def stream(name: str, request: Request):
        script[name] = Script()
        return await event_stream(request, script[name].run(name))

    with serving(app) as number:
        yield number


def events(chunks):
    return [json.loads(chunk.removeprefix(b"data: ")) for chunk in chunks if chunk.startswith(b"data: ")]


def test_framing(port):
    head, chunks = chunks_of(read_all(raw_request(port, "POST", "/three", headers=CLOSE)))
    assert b"200 OK" in head
    assert b"content-type: text/event-stream; charset=utf-8" in head.lower()
    assert b"x-accel-buffering: no" in head.lower()
    assert len(chunks) == 3, "one event a network chunk"
    for chunk in chunks:
        assert chunk.startswith(b"data: ")
        assert chunk.endswith(b"\r\n\r\n")
        assert chunk[:-4].count(b"\n") == 0, "one line an event"
    assert "一".encode() in chunks[0], "non-ASCII text is sent raw"
    assert events(chunks) == [{"answer": "一\n二\r三\u2028"}, {"answer": "two"}, {"docs": []}]


def test_no_line_break_of_plain_text_ends_its_event(port):
    """A reader joins the lines of an event; a lone carriage return ends a line as well."""
    _, chunks = chunks_of(read_all(raw_request(port, "POST", "/plain", headers=CLOSE)))
    assert chunks[0] == b"data: a\r\ndata: b\r\ndata: c\r\ndata: \r\ndata: d\r\n\r\n"
    assert chunks[1] == b"data: data: x\r\ndata: \r\ndata: \r\n\r\n"


def test_no_event_is_an_empty_stream(port):
    head, chunks = chunks_of(read_all(raw_request(port, "POST", "/none", headers=CLOSE)))
    assert b"200 OK" in head
    assert chunks == []


def test_error_before_the_first_event_is_an_http_error(port):
    answer = read_all(raw_request(port, "POST", "/fails_at_once", headers=CLOSE))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"503" in head.split(b"\r\n")[0]
    assert b"application/json" in head
    error = json.loads(body)
    assert error["code"] == 503
    assert error["data"]["error"] == "service_unavailable"
    assert "startup.py" in error["msg"]


def test_error_after_the_first_event_is_an_event(port):
    _, chunks = chunks_of(read_all(raw_request(port, "POST", "/fails_later", headers=CLOSE)))
    first, last = events(chunks)
    assert first == {"answer": "half"}
    assert last["code"] == 502
    assert last["error"] == "model_failed"
    assert "out of memory" in last["msg"]


def test_unforeseen_error_tells_nothing_of_the_inside(port, caplog):
    _, chunks = chunks_of(read_all(raw_request(port, "POST", "/breaks_later", headers=CLOSE)))
    last = events(chunks)[-1]
    assert (last["code"], last["error"]) == (500, "internal")
    assert "secret" not in json.dumps(last)
    assert len([record for record in caplog.records if record.exc_info]) == 1


def test_a_late_first_event_is_awaited_with_pings(port, monkeypatch):
    monkeypatch.setattr(sse, "PING_S", 0.15)
    head, chunks = chunks_of(read_all(raw_request(port, "POST", "/late", headers=CLOSE)))
    assert b"200 OK" in head
    *pings, answer = chunks
    assert pings
    assert all(ping.startswith(b": ping - ") for ping in pings)
    assert events([answer]) == [{"answer": "late"}]


def test_an_error_after_the_first_ping_is_an_event(port, monkeypatch):
    monkeypatch.setattr(sse, "PING_S", 0.15)
    _, chunks = chunks_of(read_all(raw_request(port, "POST", "/fails_late", headers=CLOSE)))
    (error,) = events(chunks)
    assert (error["code"], error["error"]) == (503, "service_unavailable")


def test_a_client_that_leaves_after_the_first_ping_ends_the_work(port, script, monkeypatch):
    monkeypatch.setattr(sse, "PING_S", 0.15)
    connection = raw_request(port, "POST", "/slow_first")
    assert b"200 OK" in connection.recv(65536)
    connection.close()
    assert script["slow_first"].closed.wait(30)


def test_client_that_leaves_ends_the_work(port, script):
    connection = raw_request(port, "POST", "/endless")
    assert b"data: " in connection.recv(65536) + connection.recv(65536)
    connection.close()
    assert script["endless"].closed.wait(30)
    sent = script["endless"].sent
    time.sleep(0.1)
    assert script["endless"].sent == sent


def test_client_that_leaves_before_the_first_event_ends_the_work(port, script):
    connection = raw_request(port, "POST", "/slow_first")
    while "slow_first" not in script or not script["slow_first"].started.is_set():
        time.sleep(0.01)
    connection.close()
    assert script["slow_first"].closed.wait(30)


def test_stop_with_an_open_stream_is_quick():
    app = FastAPI()

    @app.post("/")
    async def stream(request: Request):
        return await event_stream(request, Script().run("endless"))

    with serving(app) as number:
        connection = raw_request(number, "POST", "/")
        connection.recv(100)
        began = time.monotonic()
    assert time.monotonic() - began < 30
    connection.close()
