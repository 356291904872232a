"""What FastChat needs on today's libraries, as far as it shows without processes."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from server.llm.fastchat import compat

ROOT = Path(__file__).resolve().parents[2]
FAILURES = 7


def fresh(code: str, folder: Path, **environment: str) -> str:
    """What a new interpreter prints."""
    variables = {"PYTHONPATH": str(ROOT), "PATH": "", **environment}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("program", ["load_controller", "load_openai_api", "load_worker_base"])
def test_streams_stay_and_no_file_is_left_and_no_torch(program, tmp_path):
    code = f"""
import sys
out, err = sys.stdout, sys.stderr
from server.llm.fastchat import compat
compat.{program}()
assert sys.stdout is out and sys.stderr is err
print([name for name in ("torch", "transformers", "langchain_core", "openai", "numpy", "rich") if name in sys.modules])
"""
    assert fresh(code, tmp_path) == "[]"
    assert list(tmp_path.iterdir()) == []


def test_loopback_is_not_sent_to_a_proxy(tmp_path):
    code = "import os; from server.llm.fastchat import compat; compat.load_worker_base(); print(os.environ['NO_PROXY'])"
    assert fresh(code, tmp_path, NO_PROXY="intranet, 127.0.0.1") == "intranet,127.0.0.1,localhost,::1"


@pytest.mark.parametrize(
    ("config", "length"),
    [
        ({"max_position_embeddings": 4096, "rope_scaling": {"rope_type": "default", "rope_theta": 1e6}}, 4096),
        ({"max_position_embeddings": 4096, "rope_scaling": {"factor": 2.0}}, 8192),
        ({"max_position_embeddings": 4096, "rope_scaling": None}, 4096),
        ({"seq_length": 1000}, 1000),
        ({}, 2048),
    ],
)
def test_context_length(config, length):
    compat.load_worker_base()
    from fastchat.utils import get_context_length

    assert get_context_length(SimpleNamespace(**config)) == length


def test_requests_keep_what_clients_ask_for():
    compat.load_openai_api()
    from fastchat.protocol.openai_api_protocol import ChatCompletionRequest

    messages = [
        {"role": "system", "content": "one"},
        {"role": "user", "content": [{"type": "text", "text": "hello"}, {"type": "text", "text": "there"}]},
        {"role": "system", "content": "two"},
    ]
    request = ChatCompletionRequest.model_validate({"model": "m", "messages": messages, "max_completion_tokens": 9})
    assert request.max_tokens == 9
    assert request.messages == [
        {"role": "system", "content": "one\n\ntwo"},
        {"role": "user", "content": "hello\nthere"},
    ]
    both = ChatCompletionRequest.model_validate(
        {"model": "m", "messages": "x", "max_tokens": 3, "max_completion_tokens": 9}
    )
    assert both.max_tokens == 3


def test_stream_chunks_are_complete_json():
    compat.load_openai_api()
    from fastchat.protocol import openai_api_protocol as protocol

    chunk = protocol.CompletionStreamResponse(
        model="m", choices=[protocol.CompletionResponseStreamChoice(index=0, text="好")]
    )
    said = json.loads(chunk.json(exclude_unset=True, ensure_ascii=False))
    assert said["choices"][0]["text"] == "好"
    assert said["object"] == "text_completion"
    assert said["created"] > 0


class Broken:
    """A worker whose model always fails."""

    limit_worker_concurrency = 5
    semaphore = None
    model_names = ("broken",)

    def generate_gate(self, params):
        raise KeyError("factor")

    get_embeddings = generate_gate

    def generate_stream_gate(self, params):
        yield json.dumps({"text": "a", "error_code": 0}).encode() + b"\0"
        raise OSError("no space")


@pytest.mark.parametrize("path", ["/worker_generate", "/worker_get_embeddings", "/worker_generate_stream"])
def test_failing_requests_give_their_place_back(path, monkeypatch):
    base = compat.load_worker_base()
    monkeypatch.setattr(base, "worker", Broken())

    async def ask() -> list[bytes]:
        transport = httpx.ASGITransport(base.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://worker") as client:
            answers = [await asyncio.wait_for(client.post(path, json={}), 5) for _ in range(FAILURES)]
        return [answer.content for answer in answers]

    answers = asyncio.run(ask())
    assert base.worker.semaphore._value == Broken.limit_worker_concurrency
    assert len(answers) == FAILURES
    assert all(json.loads(answer.rstrip(b"\0").split(b"\0")[-1])["error_code"] == 50001 for answer in answers)


def test_listing_models_keeps_the_workers_that_answer_and_drops_the_others(monkeypatch):
    controller = compat.load_controller()
    monkeypatch.setattr(controller, "controller", controller.Controller("shortest_queue"), raising=False)
    table = controller.controller
    status = {"model_names": ["m"], "speed": 1, "queue_length": 0}
    for name in ("http://alive", "http://dead"):
        table.register_worker(name, True, status, False)
    monkeypatch.setattr(table, "get_worker_status", lambda name: status if name == "http://alive" else None)

    async def refresh() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(controller.app), base_url="http://c") as client:
            assert (await client.post("/refresh_all_workers")).status_code == 200

    asyncio.run(refresh())
    assert list(table.worker_info) == ["http://alive"]
    assert table.heart_beat_thread.daemon


@pytest.mark.parametrize(("method", "expected"), [("shortest_queue", {"a", "b"}), ("lottery", {"b"})])
def test_dispatch(method, expected):
    table = compat.load_controller().Controller(method)
    for name, speed in (("a", 0 if method == "lottery" else 1), ("b", 1)):
        table.register_worker(name, True, {"model_names": ["m"], "speed": speed, "queue_length": 0}, False)
    assert {table.get_worker_address("m") for _ in range(2)} == expected
    assert table.get_worker_address("other") == ""
