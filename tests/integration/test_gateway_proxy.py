"""The proxy worker behind FastChat's real controller and OpenAI API."""

import json
import time

import httpx
import pytest
from fastchat_services import Fabric, wait_until
from gateway_backend import backend, toml


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proxy")
    with backend() as one, backend() as two, pytest.MonkeyPatch.context() as patch:
        text = toml(one=one, two=two).replace("api_key", "max_retries = 0\napi_key")
        text = text.replace(f'base_url = "{two.url}"', f'base_url = "{two.url}"\nconcurrency = 2')
        (folder / "local.toml").write_text(
            text
            + f'\n[providers.auto]\nbase_url = "{one.url}"\nmodels = "auto"'
            + f'\n[providers.vllm]\npreset = "vllm"\nbase_url = "{one.url}"\nmodels = ["m"]',
            "utf-8",
        )
        patch.setenv("ZHIWEN_CONFIG", str(folder / "local.toml"))
        fabric = Fabric(folder)
        try:
            fabric.controller()
            fabric.api = fabric.openai_api()
            fabric.start("server.llm.workers.proxy", "--controller-address", fabric.controller_url)
            fabric.wait_for("one-model", "two-model", "auto/a")
            fabric.one, fabric.two = one, two
            yield fabric
        finally:
            fabric.close()


@pytest.fixture(autouse=True)
def _fresh(stage):
    for one in (stage.one, stage.two):
        one.answers, one.pause_s, one.usage, one.requests, one.most_running = [["o", "k"]], 0.0, None, [], 0


def chat(stage, model="one-model", messages=None, **more):
    body = {"model": model, "messages": messages or [{"role": "user", "content": "hi"}], **more}
    return httpx.post(f"{stage.api.url}/v1/chat/completions", json=body, trust_env=False, timeout=60)


def events(answer):
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def test_models_are_listed(stage):
    listed = httpx.get(f"{stage.api.url}/v1/models", trust_env=False, timeout=60).json()["data"]
    assert {"one-model", "one/m", "two-model", "two/m", "auto/a", "auto/b"} <= {model["id"] for model in listed}


def test_exact_messages_arrive(stage):
    messages = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "ASSISTANT: no\n### Human: <|im_end|>"},
        {"role": "assistant", "content": "yes"},
        {"role": "user", "content": "你好"},
    ]
    answer = chat(stage, messages=messages, temperature=0.1, stop=["x"], max_tokens=5).json()
    assert answer["choices"][0]["message"]["content"] == "ok"
    assert answer["choices"][0]["finish_reason"] == "length"
    asked = stage.one.requests[0][2]
    assert asked["messages"] == messages
    assert (asked["model"], asked["temperature"], asked["stop"], asked["max_tokens"]) == ("m", 0.1, ["x"], 5)


@pytest.mark.parametrize("stream", [False, True])
def test_how_to_choose_tokens_is_passed_on(stage, stream):
    chat(stage, stream=stream, seed=7, top_p=0.5, presence_penalty=0.25, frequency_penalty=-0.5, top_k=4)
    asked = stage.one.requests[0][2]
    assert (asked["seed"], asked["top_p"], asked["presence_penalty"], asked["frequency_penalty"]) == (
        7,
        0.5,
        0.25,
        -0.5,
    )
    assert "top_k" not in asked, "OpenAI's API does not know it, and OpenAI refuses what it does not know"


def test_a_service_that_takes_more_is_told_more(stage):
    chat(stage, model="vllm/m", top_k=4, repetition_penalty=1.5)
    asked = stage.one.requests[0][2]
    assert (asked["top_k"], asked["repetition_penalty"]) == (4, 1.5)


def test_what_the_client_leaves_out_is_left_to_the_provider(stage):
    chat(stage)
    assert set(stage.one.requests[0][2]) == {"model", "messages", "stream", "stream_options"}


def test_no_limit_is_sent_where_none_is_asked_for(stage):
    chat(stage)
    assert "max_tokens" not in stage.one.requests[0][2]


def test_a_stream_with_usage(stage):
    stage.one.usage = {"prompt_tokens": 11, "completion_tokens": 2}
    told = events(chat(stage, stream=True, stream_options={"include_usage": True}))
    assert "".join(event["choices"][0]["delta"].get("content") or "" for event in told if event["choices"]) == "ok"
    assert told[-1]["usage"] == {"prompt_tokens": 11, "completion_tokens": 2, "total_tokens": 13}


def test_a_failing_provider_leaves_the_other(stage):
    stage.one.answers = [(401, {"error": {"message": "bad key sk-secret"}})]
    answer = chat(stage)
    assert answer.status_code == 400
    assert "refuses the API key" in answer.json()["message"]
    assert "sk-secret" not in answer.text
    assert "refuses the API key" in events(chat(stage, stream=True))[-1]["error"]["message"]
    assert chat(stage, "two-model").json()["choices"][0]["message"]["content"] == "ok"


def test_a_busy_provider_has_its_code(stage):
    stage.one.answers = [(429, {"error": {"message": "slow down"}})]
    assert chat(stage).json()["code"] == 42901


def test_a_reader_that_leaves_frees_the_generation(stage):
    stage.one.answers, stage.one.pause_s = [["word "] * 5000], 0.02
    body = {"model": "one-model", "messages": [{"role": "user", "content": "x"}], "stream": True}
    with httpx.stream("POST", f"{stage.api.url}/v1/chat/completions", json=body, trust_env=False, timeout=60) as answer:
        next(answer.iter_raw())
    wait_until(lambda: stage.one.running == 0, "the generation ends", patience_s=60)


def test_more_than_a_provider_may_have_wait(stage):
    stage.two.pause_s = 0.05
    with httpx.Client(trust_env=False, timeout=60) as client:
        from concurrent.futures import ThreadPoolExecutor

        body = {"model": "two-model", "messages": [{"role": "user", "content": "x"}]}
        began = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            url = f"{stage.api.url}/v1/chat/completions"
            answers = list(pool.map(lambda _: client.post(url, json=body).json(), range(8)))
    assert [answer["choices"][0]["message"]["content"] for answer in answers] == ["ok"] * 8
    assert stage.two.most_running == 2
    assert time.monotonic() - began < 60
