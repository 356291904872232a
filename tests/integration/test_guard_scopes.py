"""Keys: which scope opens which route, and that a key limited to one knowledge base never reaches another."""

import json

import pytest
from guard_app import fill, guarded_app, operations

from server.api.access import OPEN_PATHS, needed_scope
from server.api.examples import example_of

ADMIN = "a" * 40
OPEN, CLOSED = "open_kb", "closed_kb"
NAME_FIELDS = ("knowledge_base_name", "kb_name", "knowledge_base_names", "name")


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with guarded_app(tmp_path_factory.mktemp("scopes"), ZHIWEN__SECURITY__API_KEY=ADMIN) as client:
        for name in (OPEN, CLOSED):
            fill(client, name, sent(ADMIN))
        yield client


@pytest.fixture(scope="module")
def keys(client):
    wanted = {
        "reader": {"scope": "read"},
        "writer": {"scope": "write"},
        "limited": {"scope": "write", "knowledge_bases": [OPEN.upper()]},
    }
    made = {"admin": ADMIN}
    for name, options in wanted.items():
        made[name] = client.post("/keys", json={"name": name, **options}, headers=sent(ADMIN)).json()["data"]["key"]
    return made


def sent(key):
    return {"Authorization": f"Bearer {key}", "Accept-Language": "en"}


def code_of(answer):
    """The stable code of an error, in each of the three shapes that the contracts ask for."""
    told = answer.json()
    error = told.get("error") or (told.get("data") or {}).get("error")
    return error["code"] if isinstance(error, dict) else error


def filled(path):
    for part, value in {"job_id": "1", "chunk_id": "1", "mode": "local_kb", "param": OPEN}.items():
        path = path.replace(f"{{{part}}}", value)
    return path.replace("{conversation_id}", "x").replace("{message_id}", "x").replace("{name}", "nobody")


def test_every_route_wants_the_scope_of_the_table_and_no_less(client, keys):
    covers = {"reader": {"read"}, "writer": {"read", "write"}, "admin": {"read", "write", "admin"}}
    seen = set()
    for method, path in operations(client):
        if path in OPEN_PATHS:
            continue
        needed = needed_scope(method, path)
        assert needed == needed_scope(method, filled(path)), path
        seen.add(needed)
        for name, scopes in covers.items():
            answer = client.request(method, filled(path), headers=sent(keys[name]))
            refused = answer.status_code == 403 and code_of(answer) == "scope_missing"
            assert refused == (needed not in scopes), (name, method, path, answer.text[:200])
    assert seen == {"read", "write", "admin"}


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("POST", "/keys", "admin"),
        ("GET", "/keys", "admin"),
        ("POST", "/keys/x/revoke", "admin"),
        ("POST", "/keys/x\ny/revoke", "admin"),
        ("GET", "/system/logs/x\ny", "admin"),
        ("GET", "/keys/current", "read"),
        ("POST", "/server/configs", "admin"),
        ("POST", "/llm_model/stop", "admin"),
        ("POST", "/llm_model/test_provider", "admin"),
        ("POST", "/chat/chat", "read"),
        ("POST", "/knowledge_base/search_docs", "read"),
        ("POST", "/knowledge_base/upload_docs", "write"),
        ("POST", "/knowledge_base/delete_knowledge_base", "write"),
        ("DELETE", "/a/route/of/tomorrow", "write"),
        ("GET", "/a/route/of/tomorrow", "read"),
    ],
)
def test_the_table(method, path, needed):
    assert needed_scope(method, path) == needed


def test_both_headers_open_and_the_key_says_what_it_may(client, keys):
    for headers in ({"X-API-Key": keys["limited"]}, sent(keys["limited"])):
        told = client.get("/keys/current", headers=headers).json()["data"]
        assert told == {"name": "limited", "scope": "write", "knowledge_bases": [OPEN], "needed": True}


def test_what_was_made_is_listed_without_its_text(client, keys):
    answer = client.get("/keys", headers=sent(ADMIN))
    assert {key["name"] for key in answer.json()["data"]} >= {"reader", "writer", "limited"}
    assert "zw-" not in answer.text
    assert next(key for key in answer.json()["data"] if key["name"] == "limited")["last_used"]


def test_a_revoked_key_is_refused_at_once_and_its_name_stays_taken(client):
    key = client.post("/keys", json={"name": "guest"}, headers=sent(ADMIN)).json()["data"]["key"]
    assert client.get("/knowledge_base/list_knowledge_bases", headers=sent(key)).status_code == 200
    assert client.post("/keys/guest/revoke", headers=sent(ADMIN)).status_code == 200
    assert client.get("/knowledge_base/list_knowledge_bases", headers=sent(key)).status_code == 401
    assert client.post("/keys/guest/revoke", headers=sent(ADMIN)).status_code == 404
    assert client.post("/keys", json={"name": "guest"}, headers=sent(ADMIN)).status_code == 409


@pytest.mark.parametrize("name", ["", " ", "a/b", "../x", "a\nb", "x" * 65, "security.api_key"])
def test_names_of_keys_are_plain(client, name):
    assert client.post("/keys", json={"name": name}, headers=sent(ADMIN)).status_code in (403, 422)


def test_a_key_for_some_knowledge_bases_cannot_be_for_the_server(client):
    body = {"name": "both", "scope": "admin", "knowledge_bases": [OPEN]}
    assert client.post("/keys", json=body, headers=sent(ADMIN)).status_code == 422


def named_bodies(client):
    """(method, path, request) of every route whose request can name a knowledge base, naming the closed one."""
    document = client.app.openapi()
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in NAME_FIELDS[:2]:
                    yield method.upper(), path, {"params": query(operation, parameter["name"])}
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                body = example_of(content["schema"], schemas)
                for field in fields_of(content["schema"], schemas):
                    value = [OPEN, CLOSED] if field == "knowledge_base_names" else CLOSED
                    if kind == "application/json":
                        yield method.upper(), path, {"json": {**body, field: value}}
                    else:
                        yield method.upper(), path, {"data": {field: CLOSED}, "files": {"files": ("a.txt", b"a")}}


def query(operation, field):
    wanted = {each["name"]: each.get("example", "1") for each in operation["parameters"] if each.get("required")}
    return {**wanted, field: CLOSED}


def fields_of(schema, schemas):
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return [field for field in schema.get("properties", {}) if field in NAME_FIELDS[:3]]


HARMLESS = {"/conversations", "/server/get_prompt_template"}
"""Only keeps or shows what it is given: nothing of a knowledge base is read."""


def test_a_limited_key_is_refused_wherever_another_knowledge_base_is_named(client, keys):
    cases = [case for case in named_bodies(client) if case[1] not in HARMLESS]
    assert len(cases) > 25
    for method, path, request in cases:
        answer = client.request(method, filled(path), headers=sent(keys["limited"]), **request)
        assert answer.status_code == 403, (method, path, request, answer.text[:300])
        assert code_of(answer) == "knowledge_base_forbidden", (path, answer.text[:300])
        assert "退货" not in answer.text


def chat(model):
    return {"model": model, "messages": [{"role": "user", "content": "保修期多久？"}]}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/knowledge_base/delete_knowledge_base", CLOSED),
        ("/knowledge_base/delete_knowledge_base", CLOSED.upper()),
        ("/knowledge_base/create_knowledge_base", {"knowledge_base_name": "brand_new"}),
        ("/v1/chat/completions", chat(f"kb:{CLOSED}")),
        ("/v1/chat/completions", chat(f"kb:{OPEN}+{CLOSED}")),
        (f"/knowledge_base/local_kb/{CLOSED}/chat/completions", chat("builtin-extractive")),
        ("/knowledge_base/jobs/2/cancel", None),
        ("/knowledge_base/jobs/2/retry", None),
    ],
)
def test_a_limited_key_is_refused_in_other_places_of_a_name(client, keys, path, body):
    answer = client.post(path, json=body, headers=sent(keys["limited"]))
    assert answer.status_code == 403, answer.text
    assert code_of(answer) == "knowledge_base_forbidden"


@pytest.mark.parametrize("path", ["/knowledge_base/jobs/2", "/knowledge_base/jobs/2/events"])
def test_a_limited_key_sees_no_job_of_others(client, keys, path):
    answer = client.get(path, headers=sent(keys["limited"]))
    assert answer.status_code == 403
    assert CLOSED not in answer.text
    assert client.get(path, headers=sent(keys["reader"])).status_code == 200


def test_no_list_tells_a_limited_key_of_other_knowledge_bases(client, keys):
    for method, path in operations(client):
        if method != "GET" or path in OPEN_PATHS or "{" in path:
            continue
        answer = client.get(path, params={"details": "true"}, headers=sent(keys["limited"]))
        assert CLOSED not in answer.text, path
    lists = ["/knowledge_base/list_knowledge_bases", "/v1/models", "/knowledge_base/jobs"]
    for path in lists:
        assert OPEN in client.get(path, headers=sent(keys["limited"])).text, path
        assert CLOSED in client.get(path, headers=sent(keys["reader"])).text, path


def test_a_limited_key_does_its_own_work(client, keys):
    mine = sent(keys["limited"])
    found = client.post(
        "/knowledge_base/search_docs", json={"knowledge_base_name": OPEN, "query": "保修期"}, headers=mine
    )
    assert "保修期为两年" in found.text
    answer = client.post(
        "/chat/knowledge_base_chat", json={"query": "保修期多久？", "knowledge_base_name": OPEN}, headers=mine
    )
    assert "guide.txt" in answer.text
    dropped = client.post("/knowledge_base/upload_temp_docs", files={"files": ("a.txt", b"abc def")}, headers=mine)
    assert dropped.status_code == 200, dropped.text
    told = client.post(
        "/chat/file_chat", json={"query": "abc", "knowledge_id": dropped.json()["data"]["id"]}, headers=mine
    )
    assert told.status_code == 200, told.text


def test_a_key_for_two_knowledge_bases_may_ask_both_at_once(client):
    for name in ("one_of_two", "two_of_two"):
        fill(client, name, sent(ADMIN))
    body = {"name": "two", "scope": "read", "knowledge_bases": ["one_of_two", "two_of_two"]}
    mine = sent(client.post("/keys", json=body, headers=sent(ADMIN)).json()["data"]["key"])
    answer = client.post("/v1/chat/completions", json=chat("kb:one_of_two+two_of_two"), headers=mine)
    assert answer.status_code == 200, answer.text
    assert answer.json()["sources"]
    refused = client.post("/v1/chat/completions", json=chat(f"kb:one_of_two+{CLOSED}"), headers=mine)
    assert (refused.status_code, code_of(refused)) == (403, "knowledge_base_forbidden")
    for name in ("one_of_two", "two_of_two"):
        client.post("/knowledge_base/delete_knowledge_base", json=name, headers=sent(ADMIN))


def test_a_refused_rebuild_is_in_nobodys_list(client, keys):
    body = {"knowledge_base_name": CLOSED}
    answer = client.post("/knowledge_base/recreate_vector_store", json=body, headers=sent(keys["limited"]))
    assert answer.status_code == 403
    assert client.get("/knowledge_base/rebuilds", headers=sent(ADMIN)).json()["data"] == []


def test_dropped_files_and_conversations_belong_to_their_key(client, keys):
    mine, other = sent(keys["limited"]), sent(keys["reader"])
    dropped = client.post("/knowledge_base/upload_temp_docs", files={"files": ("a.txt", b"abc def")}, headers=mine)
    body = {"query": "abc", "knowledge_id": dropped.json()["data"]["id"]}
    for path in ("/chat/file_chat", "/knowledge_base/search_temp_docs"):
        assert client.post(path, json=body, headers=mine).status_code == 200
        assert client.post(path, json=body, headers=other).status_code == 404
    made = client.post("/conversations", json={"title": "mine"}, headers=mine).json()["data"]["id"]
    assert client.get(f"/conversations/{made}/messages", headers=mine).status_code == 200
    assert client.get(f"/conversations/{made}/messages", headers=other).status_code == 404
    assert made not in json.dumps(client.get("/conversations", headers=other).json())


def test_a_limited_key_may_not_see_the_numbers_of_all(client, keys):
    assert client.get("/metrics", headers=sent(keys["limited"])).status_code == 403
    assert client.get("/metrics", headers=sent(keys["reader"])).status_code == 200
