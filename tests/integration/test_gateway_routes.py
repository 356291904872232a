"""The routes on models, server and other: a real application, a real control endpoint, fake providers."""

import os
from unittest import mock

import pytest
from free_ports import free_port
from gateway_backend import Backend, backend, toml
from starlette.testclient import TestClient

from configs.sections.services import CONTROL_TOKEN, Service
from configs.settings import load_settings
from server.api.app import create_app
from server.launcher.control import Control
from server.launcher.errors import ModelNotRunning, ModelNotStarted

SECRETS = ("sk-secret", "tok-secret")


class Launched:
    """Stands in for the launcher's models: one runs, one loads, one has failed."""

    def __init__(self):
        self.done = []

    def services(self):
        def service(name, state, failure=None, process=""):
            return {
                "name": process or f"worker-{name}",
                "model_name": name,
                "state": state,
                "address": "http://127.0.0.1:1",
                "pid": 1,
                "seconds": 2.5,
                "restarts": 0,
                "log": f"worker-{name}.log",
                "failure": failure,
            }

        failed = {"en": "ran out of memory", "zh": "内存不足"}
        return [
            service("builtin-extractive", "ready"),
            service("loading", "starting"),
            service("broken", "failed", failed),
            service("pair", "ready"),
            service("pair", "restarting", failed, "worker-pair-2"),
            service("huge", "failed", failed, "vllm-huge"),
            service("huge", "failed", {"en": "vllm-huge has failed", "zh": "vllm-huge 失败"}),
            service("compiling", "starting", None, "vllm-compiling"),
            service("compiling", "waiting"),
        ]

    def start(self, name):
        self.done.append(("start", name))
        if name == "broken":
            why = {"reason_en": "ran out of memory", "reason_zh": "内存不足"}
            raise ModelNotStarted(name=name, advice_en="Take a smaller one.", advice_zh="请换小一些的。", **why)
        return {}

    def stop(self, name):
        self.done.append(("stop", name))
        if name != "builtin-extractive":
            raise ModelNotRunning(name=name, running="builtin-extractive")
        return {}

    def replace(self, name, new_name):
        self.done.append(("replace", name, new_name))
        return {}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("routes")
    launched = Launched()
    ports = {"control": free_port(), "controller": free_port(), "openai_api": free_port()}
    with backend() as one:
        text = toml(one=one, dead=Backend(port=free_port())) + "".join(
            f'\n[models.llm.{name}]\nengine = "fake"'
            for name in ("loading", "broken", "asleep", "pair", "huge", "compiling")
        )
        text += "".join(f"\n[services.{name}]\nport = {port}" for name, port in ports.items())
        text += f'\n[paths]\nknowledge_base = "{folder.as_posix()}/kb"\nmodels = "{folder.as_posix()}/models"'
        text += '\n[models]\nllm_preference = ["one-model", "builtin-extractive"]\nembed_preference = ["builtin-ngram"]'
        (folder / "local.toml").write_text(text.replace("api_key", "max_retries = 0\napi_key"), "utf-8")
        variables = {"ZHIWEN_CONFIG": str(folder / "local.toml"), CONTROL_TOKEN: "tok-secret"}
        with mock.patch.dict(os.environ, variables):
            settings = load_settings()
            at = Service(host="127.0.0.1", port=ports["control"])
            app = create_app(settings)
            with Control(at, "tok-secret", launched), TestClient(app, base_url="http://127.0.0.1:7861") as client:
                client.launched, client.settings, client.one = launched, settings, one
                yield client


@pytest.fixture
def post(stage):
    def send(path, body=None, status=200, language="en"):
        answer = stage.post(path, json=body, headers={"Accept-Language": language})
        assert answer.status_code == status, answer.text
        assert not [secret for secret in SECRETS if secret in answer.text]
        return answer.json()

    return send


def test_running_models_are_an_object(post):
    answer = post("/llm_model/list_running_models", {})
    assert answer["code"] == 200
    assert answer["data"]["one-model"]["provider"] == "one"
    assert post("/llm_model/list_running_models")["data"] == answer["data"]


def test_configured_models_by_type(post):
    data = post("/llm_model/list_config_models", {"types": ["local", "online", "worker"]})["data"]
    assert {"builtin-extractive", "asleep"} <= set(data["local"])
    assert set(data["online"]) == {"one-model", "one/m", "dead-model", "dead/m"}
    assert "host" in data["worker"]["default"]
    assert set(post("/llm_model/list_config_models", {"types": None})["data"]) == {"local", "online"}


def test_configuration_of_a_model_holds_no_keys(post):
    config = post("/llm_model/get_model_config", {"model_name": "one-model"})["data"]
    assert (config["online_api"], config["model_name"]) == (True, "m")
    assert not [key for key in config if "key" in key.lower() or "secret" in key.lower() or key.lower().endswith("id")]
    unknown = post("/llm_model/get_model_config", {"model_name": "nobody"})["data"]
    assert set(unknown) == {"host", "port", "device", "infer_turbo", "limit_worker_concurrency"}
    assert post("/llm_model/get_model_config", {}, 422)["detail"][0]["loc"] == ["body", "model_name"]


def test_states(stage):
    answer = stage.get("/llm_model/states", headers={"Accept-Language": "en"}).json()["data"]
    states = {one["name"]: one for one in answer}
    assert {name: one["state"] for name, one in states.items() if "Instruct" not in name} == {
        "builtin-extractive": "running",
        "loading": "loading",
        "broken": "failed",
        "asleep": "stopped",
        "pair": "running",
        "huge": "failed",
        "compiling": "loading",
        "one-model": "running",
        "one/m": "running",
        "dead-model": "running",
        "dead/m": "running",
    }
    assert states["broken"]["reason"] == "ran out of memory"
    assert states["pair"]["reason"] == ""
    assert states["huge"]["reason"] == "ran out of memory", "of vLLM itself, not of the worker that waited for it"
    assert [name for name, one in states.items() if one["default"]] == ["one-model"]
    assert states["loading"]["can_stop"]
    assert states["asleep"]["can_start"]
    assert not states["one-model"]["can_stop"]
    assert states["Qwen2.5-1.5B-Instruct"]["state"] == "unavailable"
    assert "--download" in states["Qwen2.5-1.5B-Instruct"]["reason"]


def test_start_stop_and_change(stage, post):
    stage.launched.done.clear()
    assert post("/llm_model/start", {"model_name": "asleep"})["code"] == 200
    assert post("/llm_model/stop", {"model_name": "builtin-extractive"})["code"] == 200
    body = {"model_name": "builtin-extractive", "new_model_name": "asleep"}
    assert post("/llm_model/change", body) == {"code": 200, "msg": "success"}
    assert stage.launched.done == [
        ("start", "asleep"),
        ("stop", "builtin-extractive"),
        ("replace", "builtin-extractive", "asleep"),
    ]


def test_what_the_launcher_refuses_is_told_in_its_words(post):
    answer = post("/llm_model/stop", {"model_name": "asleep"}, 409)
    assert (answer["code"], answer["data"]["error"]) == (409, "model_change_refused")
    assert "not running here. Running: builtin-extractive" in answer["msg"]
    assert "正在运行：builtin-extractive" in post("/llm_model/stop", {"model_name": "asleep"}, 409, "zh")["msg"]
    answer = post("/llm_model/start", {"model_name": "broken"}, 502)
    assert answer["data"]["error"] == "model_start_failed"
    assert "ran out of memory" in answer["msg"]
    assert post("/llm_model/start", {"model_name": "nobody"}, 404)["data"]["error"] == "model_not_found"


@pytest.mark.parametrize("given", ["http://169.254.169.254", "http://127.0.0.1:1", "file:///etc/passwd", "x" * 5000])
@pytest.mark.parametrize("path", ["list_running_models", "stop", "start", "change"])
def test_no_controller_but_ours_is_asked(path, given, stage, post):
    stage.launched.done.clear()
    body = {"model_name": "asleep", "new_model_name": "loading", "controller_address": given}
    assert post(f"/llm_model/{path}", body, 422)["data"]["error"] == "controller_refused"
    assert stage.launched.done == []


def test_our_own_controller_may_be_named(stage, post):
    address = stage.settings.services.controller.url
    assert post("/llm_model/start", {"model_name": "asleep", "controller_address": f"{address}/"})["code"] == 200


def test_without_a_launcher(stage, post):
    with mock.patch.object(stage.app.state.container.model_states._launcher, "_token", ""):
        answer = post("/llm_model/start", {"model_name": "asleep"}, 503)
    assert "startup.py" in answer["msg"]


def test_trying_a_provider(post):
    data = post("/llm_model/test_provider", {"provider": "one"})["data"]
    assert (data["model"], data["text"]) == ("one-model", "ok")
    assert 0 < data["first_s"] <= data["total_s"] < 5
    assert post("/llm_model/test_provider", {"provider": "one", "model": "m"})["data"]["model"] == "one/m"
    refused = post("/llm_model/test_provider", {"provider": "dead"}, 503)
    assert "does not answer" in refused["msg"]
    assert "on this machine" in refused["msg"]
    assert refused["data"]["error"] == "provider_unusable"
    post("/llm_model/test_provider", {"provider": "nobody"}, 404)
    post("/llm_model/test_provider", {"provider": "one", "model": "other"}, 404)


def test_every_provider_is_told_reached_or_not(stage):
    found = {one["name"]: one for one in stage.get("/llm_model/providers").json()["data"]}
    assert {"one", "dead"} <= found.keys()
    assert found["one"]["address"].startswith("127.0.0.1:")
    assert found["one"]["reason"] == ""


def test_presets_are_told(stage):
    data = stage.get("/llm_model/presets").json()["data"]
    assert data["deepseek"]["key_env"] == "DEEPSEEK_API_KEY"


def test_server_configs(post):
    answer = post("/server/configs")
    assert set(answer) == {
        "DEFAULT_KNOWLEDGE_BASE",
        "DEFAULT_SEARCH_ENGINE",
        "DEFAULT_VS_TYPE",
        "CHUNK_SIZE",
        "OVERLAP_SIZE",
        "SCORE_THRESHOLD",
        "VECTOR_SEARCH_TOP_K",
        "SEARCH_ENGINE_TOP_K",
        "ZH_TITLE_ENHANCE",
        "text_splitter_dict",
        "TEXT_SPLITTER_NAME",
        "LLM_MODELS",
        "HISTORY_LEN",
        "TEMPERATURE",
        "PROMPT_TEMPLATES",
        "controller_address",
        "openai_api_address",
        "api_address",
    }
    assert answer["LLM_MODELS"] == ["one-model", "builtin-extractive"]
    assert "{{ input }}" in answer["PROMPT_TEMPLATES"]["llm_chat"]["default"]


def test_search_engines_begin_as_in_0_2_10(post):
    assert post("/server/list_search_engines")["data"][:3] == ["bing", "duckduckgo", "metaphor"]


def test_prompt_template_is_a_json_string(stage, post):
    assert "{{ input }}" in post("/server/get_prompt_template", {"type": "llm_chat", "name": "default"})
    assert post("/server/get_prompt_template") == post("/server/get_prompt_template", {"type": None})
    post("/server/get_prompt_template", {"type": "other"}, 422)
    post("/server/get_prompt_template", {"name": "../../x"}, 422)


@pytest.mark.parametrize(("stream", "echo"), [(True, False), (True, True), (False, False), (False, True)])
def test_completion_is_plain_text(stage, stream, echo):
    stage.one.answers = [["a\nb", " {", "c"]]
    body = {"query": "go on", "stream": stream, "echo": echo}
    answer = stage.post("/other/completion", json=body)
    stage.one.answers = [["o", "k"]]
    found = [event.removeprefix("data: ").replace("\r\ndata: ", "\n") for event in answer.text.split("\r\n\r\n")]
    pieces = ["a\nb", " {", "c"]
    given = ["go on"] if echo else []
    assert [text for text in found if text] == ([*given, *pieces] if stream else ["".join([*given, *pieces])])
    assert stage.one.requests[-1][2]["max_tokens"] == 1024
    assert "go on" in stage.one.requests[-1][2]["messages"][-1]["content"]


def test_completion_by_a_model_that_is_not_there(post):
    post("/other/completion", {"query": "x", "model_name": "dead-model"}, 503)


def test_vectors(stage, post):
    vectors = post("/other/embed_texts", {"texts": ["你好", "hello"]})["data"]
    assert [len(vector) for vector in vectors] == [len(vectors[0])] * 2
    assert post("/other/embed_texts", {"texts": []})["data"] == []
    post("/other/embed_texts", {"texts": ["x"], "to_query": True, "embed_model": "builtin-ngram"})
    assert post("/other/embed_texts", {"texts": ["x"], "embed_model": "nobody"}, 404)["code"] == 404


def test_chat_by_a_provider(stage):
    answer = stage.post("/chat/chat", json={"query": "hi", "stream": True})
    assert '"text": "o"' in answer.text
    failed = stage.post("/chat/chat", json={"query": "hi", "model_name": "dead-model"})
    assert failed.status_code == 503
