"""Who may call, the documentation pages, health, and errors nobody foresaw."""

import re

import pytest
from api_app import ScriptedModel, make_settings, running_app
from api_server import serving
from fastapi.routing import APIRoute

from server.api import app as app_module
from server.api.access import OPEN_PATHS

KEY = "k" * 32


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with running_app(make_settings(tmp_path_factory.mktemp("open")), ScriptedModel()) as client:
        yield client


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    settings = make_settings(tmp_path_factory.mktemp("locked"), ZHIWEN__SECURITY__API_KEY=KEY)
    with running_app(settings, ScriptedModel()) as client:
        yield client


def routes(app):
    schema = app.openapi()["paths"]
    return [(method.upper(), path) for path, methods in schema.items() for method in methods]


def test_the_routes_of_this_version(client):
    assert {path for _, path in routes(client.app)} >= {
        "/chat/chat",
        "/chat/knowledge_base_chat",
        "/knowledge_base/list_knowledge_bases",
        "/knowledge_base/create_knowledge_base",
        "/knowledge_base/delete_knowledge_base",
        "/knowledge_base/list_files",
        "/knowledge_base/search_docs",
        "/knowledge_base/upload_docs",
        "/knowledge_base/delete_docs",
        "/knowledge_base/download_doc",
        "/knowledge_base/recreate_vector_store",
        "/health",
    }


def test_with_a_key_every_route_but_health_wants_it(locked):
    closed = [(method, path) for method, path in routes(locked.app) if path not in OPEN_PATHS]
    assert len(closed) >= 11
    for method, path in closed:
        for headers in ({}, {"Authorization": f"Bearer {KEY}x"}, {"Authorization": KEY}, {"Authorization": "Bearer "}):
            answer = locked.request(method, path, headers=headers)
            assert answer.status_code == 401, path
            told = answer.json()
            if "data" in told:
                assert told["data"]["error"] == "api_key_required", path
            else:
                assert told["error"]["code"] == "invalid_api_key", path
    assert locked.get("/health").status_code == 200
    assert locked.get("/docs").status_code == 200
    assert locked.get("/static-offline-docs/swagger-ui.css").status_code == 200


def test_the_documentation_has_fields_for_the_key(client):
    """Always: keys may be made while the service runs."""
    assert set(client.app.openapi()["components"]["securitySchemes"]) == {"HTTPBearer", "APIKeyHeader"}


def test_with_a_key_the_right_one_opens(locked):
    headers = {"Authorization": f"Bearer {KEY}", "Host": "kb.example.com"}
    assert locked.get("/knowledge_base/list_knowledge_bases", headers=headers).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7861", "127.0.0.1.evil.example", "10.0.0.5:7861", ""])
def test_without_a_key_foreign_hosts_are_refused(client, host):
    answer = client.get("/knowledge_base/list_knowledge_bases", headers={"Host": host})
    assert answer.status_code == 403
    assert answer.json()["data"]["error"] == "foreign_request"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:7861", "[::1]:7861", "localhost:1234", "127.8.8.8"])
def test_without_a_key_this_machine_may(client, host):
    assert client.get("/knowledge_base/list_knowledge_bases", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example"])
def test_without_a_key_foreign_pages_change_nothing(client, origin):
    body = {"knowledge_base_name": "from_afar"}
    answer = client.post("/knowledge_base/create_knowledge_base", json=body, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "from_afar" not in client.get("/knowledge_base/list_knowledge_bases").json()["data"]


def test_pages_of_this_machine_may(client):
    answer = client.post("/chat/chat", json={"query": "q"}, headers={"Origin": "http://localhost:8501"})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


def test_own_public_name_is_known(tmp_path):
    settings = make_settings(tmp_path, ZHIWEN__SERVICES__API__PUBLIC_URL="https://kb.example.com/api")
    with running_app(settings, ScriptedModel()) as client:
        assert client.get("/health", headers={"Host": "kb.example.com"}).status_code == 200


def test_root_leads_to_the_documentation(client):
    answer = client.get("/", follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == "/docs"


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_documentation_loads_nothing_from_elsewhere(client, page):
    answer = client.get(page)
    assert answer.status_code == 200
    assert not re.findall(r"https?://(?!www\.w3\.org)[^\s\"'<]+", answer.text)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    for path in re.findall(r"(?:src|href)=\"(/[^\"]+)\"", answer.text):
        assert client.get(path).status_code == 200, path


def test_openapi_describes_every_route(client):
    for route in client.app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            assert route.description, route.path
    schema = client.get("/openapi.json").json()
    assert schema["info"]["title"] == "Zhiwen API"
    fields = schema["components"]["schemas"]["KnowledgeBaseChatRequest"]["properties"]
    assert {"query", "knowledge_base_name", "top_k", "score_threshold", "history", "stream"} <= set(fields)


def test_health_is_200_and_names_what_is_down(tmp_path):
    with running_app(make_settings(tmp_path, ZHIWEN__SERVICES__CONTROLLER__PORT="1"), ScriptedModel()) as client:
        body = client.get("/health").json()
    assert body["status"] == "degraded"
    assert body["llm"] == "builtin-extractive"
    assert body["embed_model"] == "builtin-ngram"
    assert body["services"]["database"]["ok"] is True
    assert body["services"]["controller"] == {"ok": False, "detail": "nothing answers at http://127.0.0.1:1"}


def test_health_sees_what_listens(tmp_path):
    async def silent(scope, receive, send):
        await receive()

    with serving(silent) as port:
        both = {f"ZHIWEN__SERVICES__{name}__PORT": str(port) for name in ("CONTROLLER", "OPENAI_API")}
        with running_app(make_settings(tmp_path, **both), ScriptedModel()) as client:
            assert client.get("/health").json()["status"] == "ok"


def test_unforeseen_error_is_one_log_line_and_no_secret(client, caplog, monkeypatch):
    def broken():
        raise RuntimeError("secret in /root/data")

    monkeypatch.setattr(client.app.state.container.knowledge_bases, "list", broken)
    answer = client.get("/knowledge_base/list_knowledge_bases", headers={"Accept-Language": "en"})
    assert answer.status_code == answer.json()["code"] == 500
    assert answer.json()["data"]["error"] == "internal"
    assert "secret" not in answer.text
    assert "/root" not in answer.text
    (record,) = [record for record in caplog.records if record.exc_info]
    assert answer.json()["data"]["request_id"] in record.getMessage()


def test_unknown_routes_and_methods_are_plain_404_and_405(client):
    assert client.get("/nope").status_code == 404
    assert client.get("/chat/chat").status_code == 405


def test_the_application_closes_only_what_it_built(tmp_path):
    from server.container import build_container

    container = build_container(make_settings(tmp_path))
    app = app_module.create_app(container.settings, container=container)
    from starlette.testclient import TestClient

    with TestClient(app, base_url="http://localhost") as client:
        assert client.get("/health").json()["services"]["database"]["ok"]
    assert container.knowledge_bases.list() == []
    container.close()
