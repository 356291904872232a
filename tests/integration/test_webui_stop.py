"""Stopping an answer reaches the API at once, also while nothing has come of it yet."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from server.api.schemas.chat import ChatRequest
from webui_pages.client import ApiClient, ApiFailed, Line, open_http
from webui_pages.ticks import with_ticks

PATIENCE_S = 60
HEADERS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
PING = b"10\r\n: ping - now\r\n\r\n\r\n"


class Listener:
    """An API that says what it is told to, then nothing; `left` when the page has gone."""

    def __init__(self, says: bytes) -> None:
        self._says = says
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.asked, self.left = threading.Event(), threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(self._says)
            self.asked.set()
            while connection.recv(65536):
                continue
        self.left.set()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=[b"", HEADERS, HEADERS + PING], ids=["silent", "begun", "pinged"])
def api(request: pytest.FixtureRequest) -> Iterator[Listener]:
    listener = Listener(request.param)
    yield listener
    listener.close()


def until(seen: Callable[[], bool]) -> None:
    deadline = threading.Event()
    for _ in range(int(PATIENCE_S / 0.02)):
        if seen():
            return
        deadline.wait(0.02)
    pytest.fail("it did not come about")


def readers() -> int:
    return sum(thread.name == "answer-stream" for thread in threading.enumerate())


def test_a_stop_ends_the_call_and_its_thread(api: Listener) -> None:
    before, line = readers(), Line()
    with open_http(api.url, 60) as http:
        got = with_ticks(ApiClient(http, "zh").ask(ChatRequest(query="你好"), line), 0.02, line.cut)
        assert next(got) is None
        assert api.asked.wait(PATIENCE_S)
        got.close()
    assert api.left.wait(PATIENCE_S)
    until(lambda: readers() == before)


def test_a_line_that_is_cut_before_it_is_made_is_cut_then(api: Listener) -> None:
    line = Line()
    line.cut()
    with open_http(api.url, 60) as http, pytest.raises(ApiFailed):
        list(ApiClient(http, "zh").ask(ChatRequest(query="你好"), line))
    line.cut()
