"""What the service tells of itself: /metrics, /ready, ids of requests, log lines; and CORS."""

import io
import logging
import re

import pytest
from api_server import serving
from guard_app import fill, guarded_app, quiet_settings
from prometheus_client.parser import text_string_to_metric_families

from server.api.logs import Discreet, set_up_logging
from server.llm.generation import Spent
from server.types import Usage

KEY = "k" * 40


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with guarded_app(tmp_path_factory.mktemp("telling")) as client:
        fill(client, "samples")
        yield client


def numbers(client, **headers):
    """(name, labels) to value."""
    text = client.get("/metrics", headers=headers).text
    families = text_string_to_metric_families(text)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def test_metrics_count_what_happens(client):
    route = (("method", "POST"), ("route", "/knowledge_base/search_docs"), ("status", "200"))
    before = numbers(client).get(("zhiwen_requests_total", route), 0)
    for _ in range(3):
        client.post("/knowledge_base/search_docs", json={"knowledge_base_name": "samples", "query": "保修期"})
    client.app.state.container.chat_models.spent.add(Usage(7, 5))
    told = numbers(client)
    assert told["zhiwen_requests_total", route] == before + 3
    assert told["zhiwen_request_seconds_count", (("route", "/knowledge_base/search_docs"),)] == before + 3
    assert told["zhiwen_jobs", (("state", "done"),)] == 1
    assert told["zhiwen_queue_depth", ()] == 0
    assert told["zhiwen_knowledge_bases", ()] == 1
    assert told["zhiwen_chunks", ()] >= 1
    assert told["zhiwen_index_bytes", ()] > 1000
    assert told["zhiwen_tokens_total", (("kind", "prompt"),)] == 7
    assert told["zhiwen_streams", ()] == 0
    assert told["process_resident_memory_bytes", ()] > 1_000_000


def test_metrics_name_nothing_from_requests(client):
    client.get("/knowledge_base/jobs/123456")
    client.get("/no/such/route/of-this-request")
    client.request("BREW", "/chat/chat")
    text = client.get("/metrics").text
    assert "123456" not in text
    assert "of-this-request" not in text
    assert "BREW" not in text
    assert 'route="/knowledge_base/jobs/{job_id}"' in text


def test_a_failed_file_is_counted_by_its_reason(client):
    client.post(
        "/knowledge_base/upload_docs",
        data={"knowledge_base_name": "samples"},
        files={"files": ("broken.docx", b"no document", "application/octet-stream")},
    )
    found = [labels for (name, labels), value in numbers(client).items() if name == "zhiwen_parse_failures" and value]
    assert found
    assert all(dict(labels)["error"] for labels in found)


@pytest.mark.parametrize(("variable", "status"), [("false", 401), ("true", 200)])
def test_metrics_may_be_open(tmp_path, variable, status):
    with guarded_app(tmp_path, ZHIWEN__SECURITY__API_KEY=KEY, ZHIWEN__SECURITY__METRICS_OPEN=variable) as client:
        assert client.get("/metrics").status_code == status


def test_tokens_add_up():
    spent = Spent()
    spent.add(Usage(1, 2))
    spent.add(Usage(10, 20))
    assert (spent.prompt_tokens, spent.completion_tokens) == (11, 22)


def test_not_ready_names_each_part_and_why(client):
    answer = client.get("/ready")
    assert answer.status_code == 503
    parts = answer.json()["parts"]
    assert set(parts) == {"database", "storage", "embedder", "model", "controller", "openai_api"}
    assert {name for name, part in parts.items() if part["ok"]} == {"database", "storage", "embedder", "model"}
    assert "127.0.0.1:1" in parts["controller"]["detail"]
    assert str(client.app.state.container.settings.paths.knowledge_base) not in answer.text


def test_ready_when_everything_is_there(tmp_path):
    async def silent(scope, receive, send):
        await receive()

    with serving(silent) as port:
        both = {f"ZHIWEN__SERVICES__{name}__PORT": str(port) for name in ("CONTROLLER", "OPENAI_API")}
        with guarded_app(tmp_path, **both) as client:
            assert client.get("/ready").json()["ready"] is True
            container = client.app.state.container
            container.database.close()

            def gone():
                raise OSError(f"no space in {tmp_path}")

            container.database.read = gone
            answer = client.get("/ready")
            assert (answer.status_code, answer.json()["parts"]["database"]["ok"]) == (503, False)
            assert str(tmp_path) not in answer.text


def test_ready_needs_no_key(tmp_path):
    with guarded_app(tmp_path, ZHIWEN__SECURITY__API_KEY=KEY) as client:
        assert client.get("/ready").status_code == 503


@pytest.mark.parametrize("given", ["abc-123", "550e8400-e29b-41d4-a716-446655440000", "trace:1.2_3"])
def test_a_sane_request_id_is_taken_over(client, given):
    assert client.get("/health", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a\tb", "<script>", "id;drop"])
def test_others_get_one_of_ours(client, given):
    for path in ("/health", "/no/such/route"):
        assert re.fullmatch(r"[0-9a-f]{32}", client.get(path, headers={"X-Request-ID": given}).headers["X-Request-ID"])


def test_refused_requests_have_an_id_too(client):
    assert (
        client.get("/health", headers={"Host": "evil.example", "X-Request-ID": "mine"}).headers["X-Request-ID"]
        == "mine"
    )


def test_an_unforeseen_error_has_the_id_of_its_request(client, monkeypatch, caplog):
    monkeypatch.setattr(client.app.state.container.knowledge_bases, "list", lambda: 1 / 0)
    answer = client.get("/knowledge_base/list_knowledge_bases", headers={"X-Request-ID": "find-me"})
    assert answer.json()["data"]["request_id"] == "find-me"
    assert "find-me" in caplog.text


@pytest.fixture
def log(tmp_path):
    """The log as it is written, on settings with a key."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    settings = quiet_settings(tmp_path, ZHIWEN__SECURITY__API_KEY="very-secret-key")
    set_up_logging(settings)
    stream = io.StringIO()
    root.handlers[0].setStream(stream)
    yield settings, stream
    root.handlers[:] = before
    root.setLevel(level)


def test_lines_of_the_log_hold_no_path_and_no_secret(log):
    settings, stream = log
    where = settings.paths.knowledge_base / "samples" / "a.txt"
    logging.getLogger("test").error("cannot read %s with very-secret-key, Bearer abc.def, zw-%s", where, "x" * 43)
    try:
        raise OSError(str(where))
    except OSError:
        logging.getLogger("test").exception("failed")
    text = stream.getvalue()
    assert str(settings.paths.knowledge_base) not in text
    assert "<knowledge_base>" in text
    assert not re.search(r"very-secret|abc\.def|zw-x", text)
    assert "[-] test: cannot read" in text


def test_lines_of_the_log_hold_the_id_of_their_request(log, tmp_path):
    _, stream = log
    with guarded_app(tmp_path) as client:
        client.app.state.container.knowledge_bases.list = lambda: 1 / 0
        client.get("/knowledge_base/list_knowledge_bases", headers={"X-Request-ID": "line-7"})
    assert "ERROR [line-7] server.api.errors" in stream.getvalue()


def test_a_formatter_without_settings_hides_the_home_folder():
    from pathlib import Path

    record = logging.LogRecord("x", logging.INFO, "", 0, f"in {Path.home()}/here", None, None)
    record.request_id = "-"
    assert str(Path.home()) not in Discreet(None).format(record)


ORIGIN = "https://intranet.example"


def preflight(client, origin):
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST", "Host": "127.0.0.1:7861"}
    return client.options("/chat/chat", headers=headers)


def test_cors_is_off_by_default(client):
    answer = preflight(client, ORIGIN)
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_cors_for_the_origins_listed(tmp_path):
    with guarded_app(tmp_path, ZHIWEN__SECURITY__CORS_ORIGINS=f'["{ORIGIN}"]', ZHIWEN__SECURITY__API_KEY=KEY) as client:
        allowed = preflight(client, ORIGIN)
        assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, ORIGIN)
        assert "access-control-allow-origin" not in preflight(client, "https://evil.example").headers
        refused = client.post("/chat/chat", json={"query": "q"}, headers={"Origin": ORIGIN})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, ORIGIN)
        assert "X-Request-ID" in refused.headers["access-control-expose-headers"]
