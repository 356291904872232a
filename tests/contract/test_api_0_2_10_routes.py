"""Every route of 0.2.10: it is there, wants and takes the same fields, and null means the default."""

import re

import httpx
import pytest
from contract_routes import BODIES, EMPTY, ROUTES

from configs.version import VERSION

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def http(product):
    with httpx.Client(base_url=product.url, trust_env=False, timeout=60) as client:
        client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": EMPTY})
        yield client
        client.post("/knowledge_base/delete_knowledge_base", json=EMPTY)


@pytest.fixture(scope="module")
def document(http):
    return http.get("/openapi.json").json()


def named(route):
    return route.path


def resolved(document, schema):
    """A schema of the document, without its references."""
    while "$ref" in schema or "anyOf" in schema:
        options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
        schema = options[0] if options else document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_the_document_names_its_fields(document, route):
    operation = document["paths"][route.path][route.method.lower()]
    if route.kind == "query":
        known = {item["name"]: item["required"] for item in operation.get("parameters", ()) if item["in"] == "query"}
        required = {name for name, needed in known.items() if needed}
    elif route.kind == "none":
        assert "requestBody" not in operation
        return
    else:
        [media] = operation["requestBody"]["content"]
        assert media == ("multipart/form-data" if route.kind == "form" else "application/json")
        schema = resolved(document, operation["requestBody"]["content"][media]["schema"])
        if route.kind == "bare":
            assert schema["type"] == "string"
            return
        known, required = schema["properties"], set(schema.get("required", ()))
    assert required == set(route.valid)
    assert set(route.optional) <= set(known)


@pytest.mark.parametrize("route", [route for route in BODIES if not route.valid], ids=named)
def test_bodies_without_required_fields_may_be_left_out(http, route):
    assert http.post(route.path).status_code == http.post(route.path, json={}).status_code != 422


@pytest.mark.parametrize("route", BODIES, ids=named)
def test_null_is_the_default_and_unknown_fields_are_ignored(http, route):
    plain = shape(http.post(route.path, json=route.valid))
    nulls = [{name: None} for name in route.optional] if len(route.optional) < 4 else []
    for given in (*nulls, dict.fromkeys(route.optional), {"no_such_field": {"deep": [1]}}):
        assert shape(http.post(route.path, json={**route.valid, **given})) == plain, given


def shape(answer):
    """What an answer looks like, without what differs from one to the next."""
    keys = re.findall(r'"(\w+)":', answer.text) if answer.status_code != 422 else answer.text
    return answer.status_code, answer.headers["content-type"], keys


@pytest.mark.parametrize("route", [route for route in BODIES if route.valid], ids=named)
def test_required_fields_are_required(http, route):
    for missing in route.valid:
        for body in ({k: v for k, v in route.valid.items() if k != missing}, {**route.valid, missing: None}):
            answer = http.post(route.path, json=body)
            assert answer.status_code == 422
            [item] = answer.json()["detail"]
            assert item["loc"] == ["body", missing]
            assert set(item) == {"loc", "msg", "type"}


def test_a_body_that_is_no_json(http):
    answer = http.post("/chat/chat", content=b'{"query": ', headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    [item] = answer.json()["detail"]
    assert item["type"] == "json_invalid"
    assert item["loc"] == ["body", 10]


def test_the_root_leads_to_the_documentation(http):
    answer = http.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")


def test_the_documentation_needs_no_network(http, document):
    assert (document["info"]["title"], document["info"]["version"]) == ("Zhiwen API", VERSION)
    for path in ("/docs", "/redoc"):
        page = http.get(path)
        assert page.status_code == 200
        loaded = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page.text)
        assert loaded
        for address in loaded:
            assert not re.match(r"(https?:)?//", address), address
            assert http.get(address).status_code == 200
    assert http.get("/docs/oauth2-redirect").status_code == 200


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_error_is_a_base_response_and_its_status_is_its_code(http, language):
    headers = {"Accept-Language": language}
    for answer in (
        http.post("/knowledge_base/delete_knowledge_base", json="no such", headers=headers),
        http.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": "samples"}, headers=headers),
        http.post("/chat/knowledge_base_chat", json={"query": "?", "knowledge_base_name": "no such"}, headers=headers),
        http.get("/knowledge_base/list_files", params={"knowledge_base_name": "../x"}, headers=headers),
    ):
        body = answer.json()
        assert {"code", "msg", "data"} <= set(body)
        assert body["code"] == answer.status_code >= 400
        assert body["msg"]
