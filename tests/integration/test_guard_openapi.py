"""The OpenAPI document: whole, and the same as in docs/openapi.json (`make openapi` writes it)."""

import pytest
from guard_app import guarded_app

from server.api.app import create_app
from server.api.openapi import DOCUMENT, document_text


@pytest.fixture
def document(settings):
    return create_app(settings).openapi()


def operations(document):
    return [
        (f"{method} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_file_is_the_document(settings):
    assert DOCUMENT.read_text("utf-8") == document_text(create_app(settings)), "run: make openapi"


def test_every_operation_names_its_errors_and_its_scope(document):
    for label, operation in operations(document):
        assert {"400", "401", "403", "404", "413", "422", "429", "500", "503"} <= set(operation["responses"]), label
        assert operation["x-scope"] in ("read", "write", "admin", None), label
        assert operation["description"], label


def test_every_body_and_parameter_has_an_example(document):
    for label, operation in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert content.get("example", content.get("examples")) is not None, label
        for parameter in operation.get("parameters", ()):
            assert "example" in parameter or parameter["in"] == "header", (label, parameter["name"])


def test_names_of_operations_are_unique(document):
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere(document):
    for reference in set(_references(document)):
        place = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert place


def _references(value):
    if isinstance(value, dict):
        yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def test_every_example_is_a_request_that_the_route_understands(tmp_path):
    with guarded_app(tmp_path) as client:
        for label, operation in operations(client.app.openapi()):
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body and "example" in body:
                method, path = label.split()
                answer = client.request(method.upper(), path, json=body["example"])
                assert answer.status_code != 422 or "detail" not in answer.json(), (label, answer.text)
