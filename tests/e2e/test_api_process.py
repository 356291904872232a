"""`python -m server.api` as a process: start, stop with open streams, clients that leave, refusals to start."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import httpx
import pytest
from free_ports import free_port

from configs.settings import PROJECT_ROOT

pytestmark = pytest.mark.e2e

LONGEST_S = 15
"""Longest for a stop, or an answer beside others: streams and uploads of these tests go on for longer.
A machine with nothing else to do needs two seconds."""


def start(folder, *arguments, **variables):
    environment = {
        **os.environ,
        "ZHIWEN_CONFIG": str(folder / "none.toml"),
        "ZHIWEN__PATHS__KNOWLEDGE_BASE": str(folder / "kb"),
        "ZHIWEN__MODELS__LLM_PREFERENCE": '["builtin-extractive"]',
        "ZHIWEN__MODELS__EMBED_PREFERENCE": '["builtin-ngram"]',
        **variables,
    }
    command = [sys.executable, "-m", "server.api", *arguments]
    return subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment, stderr=subprocess.PIPE, text=True)


@contextlib.contextmanager
def running(folder, **variables):
    port = free_port()
    process = start(folder, "--port", str(port), **variables)
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.05)
        yield process, port
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


class SlowOpenAI:
    """An OpenAI API of a few lines: a token every 50 ms for ever; remembers whether the caller hung up."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.hung_up = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        choice = {"index": 0, "delta": {"role": "assistant", "content": "字"}, "finish_reason": None}
        event = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
        try:
            while True:
                connection.sendall(f"data: {json.dumps(event)}\n\n".encode())
                time.sleep(0.05)
        except OSError:
            self.hung_up.set()


@pytest.fixture
def model():
    model = SlowOpenAI()
    yield model
    model.listener.close()


def open_stream(port):
    body = json.dumps({"query": "你好", "stream": True}).encode()
    lines = ["POST /chat/chat HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])
    connection = socket.create_connection(("127.0.0.1", port), 30)
    connection.sendall(head.encode() + body)
    received = b""
    while b"data: " not in received:
        part = connection.recv(4096)
        assert part, received
        received += part
    return connection


def test_a_client_that_leaves_cancels_the_generation_at_the_model(tmp_path, model):
    with running(tmp_path, ZHIWEN__SERVICES__OPENAI_API__PORT=str(model.port)) as (_, port):
        connection = open_stream(port)
        assert not model.hung_up.is_set()
        connection.close()
        assert model.hung_up.wait(30)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_is_quick_with_an_open_stream(tmp_path, model, number):
    with running(tmp_path, ZHIWEN__SERVICES__OPENAI_API__PORT=str(model.port)) as (process, port):
        connection = open_stream(port)
        process.send_signal(number)
        assert process.wait(LONGEST_S) == 0
        connection.close()


def test_stop_does_not_wait_for_a_long_upload(tmp_path):
    text = "\n".join(f"第 {number} 行说明索引的大小与检索的速度。" for number in range(100_000)).encode()
    with running(tmp_path) as (process, port), httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": "kb"})

        def upload():
            files = [("files", ("long.txt", text))]
            with contextlib.suppress(httpx.HTTPError):
                client.post("/knowledge_base/upload_docs", data={"knowledge_base_name": "kb"}, files=files, timeout=250)

        thread = threading.Thread(target=upload)
        thread.start()
        while not (tmp_path / "kb" / "kb" / "content").exists() or not any(tmp_path.rglob("*long.txt*")):
            time.sleep(0.05)
        assert client.get("/health", timeout=LONGEST_S).status_code == 200, "the event loop stays free"
        process.terminate()
        assert process.wait(LONGEST_S) == 0
        thread.join(60)


def test_the_port_of_the_command_line_counts(tmp_path):
    with running(tmp_path) as (_, port), urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as answer:
        assert json.load(answer)["version"]


@pytest.mark.parametrize(
    ("arguments", "variables", "says"),
    [
        (["--host", "0.0.0.0"], {}, "api_key"),
        (["--port", "abc"], {}, "services.api.port"),
        ([], {"ZHIWEN__NOPE__X": "1"}, "ZHIWEN__NOPE__X"),
    ],
)
def test_settings_that_are_not_usable_are_refused_in_words(tmp_path, arguments, variables, says):
    process = start(tmp_path, *arguments, **variables)
    _, text = process.communicate(timeout=60)
    assert process.returncode == 2
    assert says in text
    assert "Traceback" not in text


def test_a_taken_port_ends_the_process(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start(tmp_path, "--port", str(taken.getsockname()[1]))
        _, text = process.communicate(timeout=60)
    assert process.returncode not in (0, None)
    assert "address already in use" in text
    assert "Traceback" not in text


def test_starting_loads_nothing_heavy():
    heavy = ("torch", "transformers", "faiss", "openai", "streamlit", "fastchat")
    code = f"import sys, server.api.app; print([name for name in {heavy} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
