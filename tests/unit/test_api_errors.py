"""Errors on the wire."""

import json

import pytest
from starlette.requests import HTTPConnection

from server import errors
from server.api.errors import STATUS, as_zhiwen, error_event, error_response, language_of, status_of


def every_class(cls=errors.ZhiwenError):
    yield cls
    for child in cls.__subclasses__():
        yield from every_class(child)


def connection(language=""):
    headers = [(b"accept-language", language.encode())] if language else []
    return HTTPConnection({"type": "http", "path": "/", "headers": headers})


@pytest.mark.parametrize("cls", list(every_class()))
def test_every_error_has_a_status_by_its_family(cls):
    families = [family for family in cls.__mro__ if family in STATUS and family is not errors.ZhiwenError]
    assert families or cls is errors.ZhiwenError, "add the family to the table"
    assert 400 <= status_of(cls()) < 600


@pytest.mark.parametrize("cls", list(every_class()))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_error_can_be_sent(cls, language):
    response = error_response(cls(), connection(language))
    body = json.loads(bytes(response.body))
    assert set(body) == {"code", "msg", "data"}
    assert body["code"] == response.status_code
    assert body["data"]["error"] == cls.code
    assert body["msg"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.BadName(name="x"), 403),
        (errors.EmptyQuestion(), 422),
        (errors.FileTooLarge(), 413),
        (errors.UnsupportedFileType(), 415),
        (errors.KnowledgeBaseNotFound(), 404),
        (errors.KnowledgeBaseExists(), 409),
        (errors.AccessDenied(), 401),
        (errors.ServiceUnavailable(), 503),
        (errors.ModelFailed(), 502),
        (errors.ModelTimeout(), 504),
        (errors.IndexDamaged(), 500),
    ],
)
def test_status(error, status):
    assert status_of(error) == status


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh"),
        ("en-US,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("fr,en;q=0.5", "en"),
        ("fr", "zh"),
        ("en;q=0.2, zh-TW;q=0.4", "zh"),
        ("en;q=abc", "zh"),
        ("*", "zh"),
        (";;,,=", "zh"),
    ],
)
def test_language(header, language):
    assert language_of(connection(header)) == language


def test_traversal_is_answered_as_in_0_2_10():
    body = json.loads(bytes(error_response(errors.BadName(name="../x"), connection()).body))
    assert body["code"] == 403
    assert body["msg"] == "Don't attack me"


def test_unforeseen_error_hides_its_text_and_is_logged_once(caplog):
    known = as_zhiwen(RuntimeError("password 123"))
    assert "password" not in json.dumps(error_event(known, "en"))
    (record,) = caplog.records
    assert known.detail["request_id"] in record.getMessage()
    assert record.exc_info


def test_details_that_are_no_json_do_not_break_the_error():
    response = error_response(errors.BadName(name="\ud800", other=object()), connection())
    assert response.status_code == 403
