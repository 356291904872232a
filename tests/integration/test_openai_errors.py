"""Every refusal under `/v1` as the official client of OpenAI understands it: its class, its code, both languages."""

import asyncio
import threading
from unittest import mock

import httpx
import openai
import pytest
from api_app import ScriptedModel
from api_server import serving
from guard_app import Model, fill, quiet_settings

from server import container as container_module
from server.api.app import create_app
from server.errors import ModelFailed, ModelTimeout, ModelUnavailable, ProviderBusy
from server.llm.generation import Piece

ADMIN = "a" * 40
OPEN, CLOSED = "open_kb", "closed_kb"
ASKED = [{"role": "user", "content": "保修期多久？"}]


@pytest.fixture(scope="module")
def model():
    return Model()


@pytest.fixture(scope="module")
def stage(tmp_path_factory, model):
    """The port of an application with keys and narrow limits, and the keys."""
    settings = quiet_settings(
        tmp_path_factory.mktemp("data"),
        ZHIWEN__SECURITY__API_KEY=ADMIN,
        ZHIWEN__LIMITS__MAX_BODY_MB="1",
        ZHIWEN__LIMITS__CALLER_STREAMS="1",
    )
    made = mock.patch.object(container_module, "ChatModels", return_value=model)
    with made, serving(create_app(settings)) as port:
        headers = {"Authorization": f"Bearer {ADMIN}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
            fill(client, OPEN)
            fill(client, CLOSED)
            wanted = {"name": "limited", "scope": "read", "knowledge_bases": [OPEN]}
            limited = client.post("/keys", json=wanted).json()["data"]["key"]
        yield port, limited


@pytest.fixture(autouse=True)
def fresh(model):
    ScriptedModel.__init__(model)


def ask(stage, key=ADMIN, name=f"kb:{OPEN}", language="en", **options):
    with openai.OpenAI(
        base_url=f"http://127.0.0.1:{stage[0]}/v1",
        api_key=key,
        max_retries=0,
        default_headers={"Accept-Language": language},
    ) as client:
        return client.chat.completions.create(**{"model": name, "messages": ASKED, **options})


def refused(stage, kind, **options):
    with pytest.raises(kind) as caught:
        ask(stage, **options)
    assert set(caught.value.body) >= {"message", "type", "param", "code", "details"}
    return caught.value


def test_a_wrong_key(stage):
    error = refused(stage, openai.AuthenticationError, key="sk-wrong")
    assert (error.code, error.type) == ("invalid_api_key", "authentication_error")
    assert "Authorization: Bearer" in error.message
    assert error.body["details"]["error"] == "api_key_required"
    assert "密钥" in refused(stage, openai.AuthenticationError, key="sk-wrong", language="zh").message


def test_a_knowledge_base_of_others(stage):
    error = refused(stage, openai.PermissionDeniedError, key=stage[1], name=f"kb:{CLOSED}")
    assert (error.code, error.type) == ("knowledge_base_forbidden", "permission_error")
    assert ask(stage, key=stage[1]).choices[0].message.content


@pytest.mark.parametrize("stream", [True, False])
def test_names_nobody_has(stage, stream):
    error = refused(stage, openai.NotFoundError, name="kb:nobody", stream=stream)
    assert (error.code, error.type) == ("knowledge_base_not_found", "not_found_error")


def test_a_question_that_fits_no_model(stage):
    messages = [{"role": "user", "content": "长" * 5000}]
    error = refused(stage, openai.BadRequestError, messages=messages)
    assert (error.code, error.type) == ("context_length_exceeded", "invalid_request_error")
    assert error.body["details"]["limit"] > 0


def test_a_body_that_is_too_large(stage):
    messages = [{"role": "user", "content": "x" * 2**20}]
    error = refused(stage, openai.APIStatusError, messages=messages)
    assert (error.status_code, error.code) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("failure", "kind", "status", "code"),
    [
        (ProviderBusy(name="m", provider="p", reason="quota", seconds=42), openai.RateLimitError, 429, "provider_busy"),
        (ModelFailed(name="m", reason="r"), openai.InternalServerError, 502, "model_failed"),
        (ModelTimeout(name="m", seconds=3), openai.InternalServerError, 504, "model_timeout"),
        (
            ModelUnavailable(name="m", reason_en="gone", reason_zh="不在"),
            openai.InternalServerError,
            503,
            "model_unavailable",
        ),
    ],
)
def test_what_the_model_raises(stage, model, failure, kind, status, code):
    model.pieces, model.error = [], failure
    error = refused(stage, kind, name="m")
    assert (error.status_code, error.code) == (status, code)
    if status == 429:
        assert error.response.headers["retry-after"] == "42"


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_ends_the_generation(stage, model, stream):
    closed = threading.Event()

    async def endless(messages, generation):
        try:
            await asyncio.sleep(60)
            yield Piece("late")
        finally:
            closed.set()

    model.stream = endless
    try:
        with pytest.raises(openai.APITimeoutError):
            ask(stage, name="m", stream=stream, timeout=2)
        assert closed.wait(30)
    finally:
        del model.stream


def test_too_many_answers_at_a_time(stage, model):
    begun, go = threading.Event(), threading.Event()

    async def held(messages, generation):
        begun.set()
        await asyncio.to_thread(go.wait)
        async for piece in ScriptedModel.stream(model, messages, generation):
            yield piece

    model.stream = held
    first = threading.Thread(target=ask, args=(stage,), kwargs={"name": "m"})
    first.start()
    try:
        assert begun.wait(60)
        error = refused(stage, openai.RateLimitError, name="m")
        assert (error.code, error.type) == ("too_many_streams", "rate_limit_error")
        assert int(error.response.headers["retry-after"]) > 0
    finally:
        go.set()
        first.join(60)
        del model.stream
    assert not first.is_alive()
