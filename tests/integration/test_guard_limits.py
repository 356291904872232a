"""How much may be asked: bytes, files, characters, requests, streams; each refusal is honest about what and when."""

import asyncio
import json
import threading

import pytest
from api_server import raw_request, read_all, serving
from guard_app import Model, fill, guarded_app, quiet_settings

from configs.sections.access import Limits
from server.api.app import create_app
from server.api.forms import MEMORY_PER_FILE
from server.api.limits import UPLOADS, Buckets, Gate
from server.container import build_container
from server.errors import RateLimited, ServerFull, TooManyStreams

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    small = {
        "ZHIWEN__LIMITS__MAX_BODY_MB": "1",
        "ZHIWEN__LIMITS__MAX_UPLOAD_MB": "2",
        "ZHIWEN__LIMITS__MAX_FILES": "3",
        "ZHIWEN__LIMITS__MAX_QUERY_CHARS": "100",
    }
    with guarded_app(tmp_path_factory.mktemp("limits"), **small) as client:
        fill(client, "samples")
        yield client


def code_of(answer):
    told = answer.json()
    return told["data"]["error"] if "data" in told else told["error"]["code"]


def pieces(size):
    """A body without a length: httpx sends it in chunks."""
    yield b'{"query": "'
    for _ in range(size // 65536):
        yield b"x" * 65536
    yield b'"}'


@pytest.mark.parametrize("path", ["/chat/chat", "/knowledge_base/search_docs", "/v1/chat/completions", "/keys"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_is_413_with_and_without_a_length(client, path, chunked):
    content = pieces(2 * MEGABYTE) if chunked else b"".join(pieces(2 * MEGABYTE))
    answer = client.post(path, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert code_of(answer) == "body_too_large"


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "text/plain", "application/octet-stream", ""])
def test_no_content_type_makes_a_route_without_files_take_more(client, kind):
    answer = client.post("/chat/chat", content=pieces(MEGABYTE + 65536), headers={"Content-Type": kind})
    assert answer.status_code == 413


def test_every_route_with_files_has_the_limit_of_uploads(client):
    found = {
        path
        for path, methods in client.app.openapi()["paths"].items()
        for operation in methods.values()
        if "multipart/form-data" in operation.get("requestBody", {}).get("content", {})
    }
    assert found == UPLOADS


@pytest.mark.parametrize("path", ["/knowledge_base/upload_docs", "/knowledge_base/upload_temp_docs"])
def test_too_many_bytes_or_files_of_an_upload_are_413(client, path):
    data = {"knowledge_base_name": "samples"}
    large = client.post(path, data=data, files={"files": ("a.txt", b"x" * (2 * MEGABYTE + 1))})
    assert (large.status_code, code_of(large)) == (413, "body_too_large")
    many = client.post(path, data=data, files=[("files", (f"{n}.txt", b"text")) for n in range(4)])
    assert (many.status_code, code_of(many)) == (413, "too_many_files")
    fits = client.post(path, data=data, files={"files": ("b.txt", b"text " * 300_000)})
    assert fits.status_code == 200, fits.text


def test_uploads_lie_on_disk_while_they_arrive(client, monkeypatch):
    rolled = []
    from starlette.datastructures import UploadFile

    plain = UploadFile._will_roll
    monkeypatch.setattr(UploadFile, "_will_roll", lambda self, size: rolled.append(size) or plain(self, size))
    files = {"files": ("c.txt", b"text " * 100_000)}
    client.post("/knowledge_base/upload_temp_docs", files=files)
    from starlette.formparsers import MultiPartParser

    assert MultiPartParser.spool_max_size == MEMORY_PER_FILE
    assert rolled


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/chat/chat", {"query": "长" * 101}),
        ("/chat/knowledge_base_chat", {"query": "长" * 101, "knowledge_base_name": "samples"}),
        ("/knowledge_base/search_docs", {"query": "长" * 101, "knowledge_base_name": "samples"}),
        ("/v1/chat/completions", {"model": "kb:samples", "messages": [{"role": "user", "content": "长" * 101}]}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": [{"type": "text", "text": "长" * 101}]}]}),
    ],
)
def test_a_long_question_is_refused(client, path, body):
    answer = client.post(path, json=body)
    assert (answer.status_code, code_of(answer)) == (400 if path.startswith("/v1") else 422, "query_too_long")
    assert client.post("/chat/chat", json={"query": "长" * 100}).status_code == 200


def test_deep_json_is_no_500(client):
    content = b'{"query": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    for path in ("/chat/chat", "/server/configs", "/tools/call"):
        assert client.post(path, content=content, headers={"Content-Type": "application/json"}).status_code < 500


def test_requests_per_minute(tmp_path):
    with guarded_app(tmp_path, ZHIWEN__LIMITS__REQUESTS_PER_MINUTE="5") as client:
        answers = [client.get("/knowledge_base/list_knowledge_bases") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert code_of(answers[-1]) == "rate_limited"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 12


def test_a_bucket_fills_up_again_for_each_caller_alone():
    now = [0.0]
    buckets = Buckets(60, clock=lambda: now[0])
    for _ in range(60):
        buckets.take("a")
    with pytest.raises(RateLimited) as refused:
        buckets.take("a")
    assert refused.value.detail["retry_after"] == 1
    buckets.take("b")
    now[0] += 1.0
    buckets.take("a")
    with pytest.raises(RateLimited):
        buckets.take("a")


def test_buckets_are_bounded():
    now = [0.0]
    buckets = Buckets(60, clock=lambda: now[0])
    for number in range(25_000):
        buckets.take(str(number))
    assert len(buckets._filled) <= 10_000


def gate(**limits):
    plain = dict.fromkeys(Limits.model_fields, 1000)
    return Gate(Limits(**{**plain, "requests_per_minute": 0, **limits}))


def test_streams_of_one_caller_and_of_all():
    door = gate(streams=3, caller_streams=2)
    with door.entered("a", "/chat/chat"), door.entered("a", "/chat/chat"):
        with pytest.raises(TooManyStreams), door.entered("a", "/v1/chat/completions"):
            pass
        with (
            door.entered("a", "/knowledge_base/list_files"),
            door.entered("b", "/chat/kb_chat"),
            pytest.raises(ServerFull),
            door.entered("c", "/chat/chat"),
        ):
            pass
    with door.entered("a", "/chat/chat"), door.entered("a", "/chat/chat"):
        pass


class Held(Model):
    """Answers when it is told to."""

    def __init__(self):
        super().__init__()
        self.asked = threading.Event()
        self.go = threading.Event()

    async def stream(self, messages, generation):
        self.asked.set()
        await asyncio.to_thread(self.go.wait)
        async for piece in super().stream(messages, generation):
            yield piece


def test_over_http_a_stream_too_many_is_503_and_one_that_ends_makes_room(tmp_path, monkeypatch):
    model = Held()
    monkeypatch.setattr("server.container.ChatModels", lambda *_: model)
    settings = quiet_settings(tmp_path, ZHIWEN__LIMITS__STREAMS="1")
    container = build_container(settings)
    body = json.dumps({"query": "保修期多久？"}).encode()
    headers = ("Content-Type: application/json", "Connection: close", "Accept-Language: en")
    with serving(create_app(settings, container=container)) as port:
        first = raw_request(port, "POST", "/chat/chat", body, headers)
        assert model.asked.wait(60)
        answer = read_all(raw_request(port, "POST", "/chat/chat", body, headers))
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"server_full" in answer
        assert b"retry-after: 5" in answer.lower()
        model.go.set()
        assert read_all(first).startswith(b"HTTP/1.1 200")
        # The client sees the end of a stream a moment before the server has counted it out.
        deadline = 200
        while not read_all(raw_request(port, "POST", "/chat/chat", body, headers)).startswith(b"HTTP/1.1 200"):
            deadline -= 1
            assert deadline
    container.close()
