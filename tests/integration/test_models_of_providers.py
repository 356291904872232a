"""What providers list, of every kind; addresses with versions; and that nobody sees or gets what is secret."""

import asyncio
import base64
import json
import logging
from typing import Any

import pytest
from fastapi.testclient import TestClient
from free_ports import free_port
from gateway_backend import Backend, backend

from configs.settings import Settings, SettingsError, load_settings
from server.api.app import create_app
from server.container import build_container
from server.errors import ModelUnavailable, ZhiwenError
from server.launcher.arguments import parse
from server.launcher.labels import Labels
from server.launcher.model_table import model_table
from server.launcher.plan import with_options
from server.llm.catalog import choose_embedder, choose_reranker
from server.llm.chat_model import chat_model
from server.llm.chat_models import ChatModels
from server.llm.embedders import load_embedder
from server.llm.generation import Generation
from server.llm.provider_connections import Connections
from server.llm.provider_listing import models_of
from server.llm.provider_shelf import ProviderShelf
from server.llm.providers import Endpoint, endpoint_of
from server.llm.rerankers import load_reranker
from server.types import Message

XINFERENCE = [
    {"id": "qwen3", "model_type": "LLM", "model_ability": ["chat"]},
    {"id": "my-vectors", "model_type": "embedding"},
    {"id": "my-order", "model_type": "rerank"},
    {"id": "flux", "model_type": "image"},
]
NAMED = [
    "gpt-4o",
    "text-embedding-3-small",
    "BAAI/bge-m3",
    "BAAI/bge-reranker-v2-m3",
    "all-minilm",
    "whisper-1",
    "tts-1",
]


@pytest.fixture
def settings_with(tmp_path):
    def made(text: str) -> Settings:
        folders = "\n".join(
            f'{name} = "{(tmp_path / name).as_posix()}"' for name in ("knowledge_base", "logs", "models")
        )
        (tmp_path / "local.toml").write_text(f"[paths]\n{folders}\n{text}", "utf-8")
        return load_settings()

    return made


def auto(one: Backend, *, preset: str = "xinference", more: str = "") -> str:
    return f'[providers.x]\npreset = "{preset}"\nbase_url = "{one.url}"\nmodels = "auto"\nmax_retries = 0\n{more}'


def ask(settings: Settings, model: str) -> str:
    async def answer() -> str:
        asked = ChatModels(settings, model).stream([Message("user", "hi")], Generation(model))
        return "".join([piece.text async for piece in asked])

    return asyncio.run(answer())


def client_of(settings: Settings) -> TestClient:
    app = create_app(settings, container=build_container(settings))
    here = ("127.0.0.1", 50000)
    return TestClient(app, base_url="http://127.0.0.1", client=here, headers={"Accept-Language": "en"})


def test_xinference_lists_models_of_three_kinds(settings_with) -> None:
    with backend(models=XINFERENCE) as one:
        shelf = ProviderShelf(settings_with(auto(one)), 20)
        found = {kind: shelf.names(kind) for kind in ("llm", "embed", "rerank", "other")}
        assert shelf.names("llm") == ["x/qwen3"]
        assert len(one.requests) == 1, "asked once a minute"
    assert found == {"llm": ["x/qwen3"], "embed": ["x/my-vectors"], "rerank": ["x/my-order"], "other": ["x/flux"]}


def test_where_nothing_tells_the_kind_the_name_does(settings_with) -> None:
    with backend(models=[{"id": name, "object": "model"} for name in NAMED]) as one:
        shelf = ProviderShelf(settings_with(auto(one, preset="openai", more='api_key = "k"')), 20)
        assert shelf.names("llm") == ["x/gpt-4o"]
        assert shelf.names("embed") == ["x/BAAI/bge-m3", "x/all-minilm", "x/text-embedding-3-small"]
        assert shelf.names("rerank") == ["x/BAAI/bge-reranker-v2-m3"]


def test_a_provider_that_lists_nothing_says_where_to_name_its_models(settings_with) -> None:
    with backend(models=[]) as one:
        settings = settings_with(auto(one))
        with pytest.raises(ModelUnavailable, match=r'does not list its models .*name them in providers\."x"\.models'):
            asyncio.run(models_of(settings, Connections(), "x"))
        assert ProviderShelf(settings, 20).names("llm") == []


def test_what_a_provider_lists_embeds_and_reranks_without_a_table_of_its_own(settings_with) -> None:
    preferred = '[models]\nembed_preference = ["x/my-vectors"]\nrerank_preference = ["x/my-order"]\n'
    with backend(models=XINFERENCE) as one:
        settings = settings_with(preferred + auto(one))
        embedder = load_embedder(settings, choose_embedder(settings))
        assert (embedder.name, embedder.dimension) == ("x/my-vectors", 2)
        assert load_reranker(settings, choose_reranker(settings)).score("q", ["a", "b"]) == [1.0, 0.5]
        assert {body["model"] for _, _, body in one.requests if body} == {"my-vectors", "my-order"}
        assert with_options(settings, parse(["-a", "--lite"])).models.embed_preference == ["x/my-vectors"]
        with client_of(settings) as client:
            known = client.get("/knowledge_base/formats").json()["data"]["embedders"]
            assert [one["name"] for one in known if one["default"]] == ["x/my-vectors"]
            made = client.post(
                "/knowledge_base/create_knowledge_base",
                json={"knowledge_base_name": "kb", "embed_model": "x/my-vectors"},
            )
            assert made.json()["code"] == 200
    with pytest.raises(SettingsError, match=r'embed_preference names "y/other"'):
        settings_with('[models]\nembed_preference = ["y/other"]\n')


def test_the_table_of_models_tells_the_kinds(settings_with) -> None:
    with backend(models=XINFERENCE) as one:
        lines = model_table(settings_with(f"{auto(one)}[services.controller]\nport = {free_port()}"), Labels("en"))
    kinds = {line.split()[0]: line.split()[1] for line in lines if line.strip().startswith("x/")}
    assert kinds == {"x/qwen3": "chat", "x/my-vectors": "embedding", "x/my-order": "rerank"}


def test_a_provider_without_such_models_says_so(settings_with) -> None:
    text = '[providers.d]\npreset = "deepseek"\napi_key = "k"\n[models.{kind}.m]\nengine = "provider"\nprovider = "d"'
    with pytest.raises(ModelUnavailable, match="DeepSeek has no embedding models"):
        choose_embedder(settings_with(text.format(kind="embed")), "m")
    with pytest.raises(ModelUnavailable, match="DeepSeek has no rerank models"):
        choose_reranker(settings_with(text.format(kind="rerank")), "m")


def test_a_deployment_of_azure_with_a_version(settings_with) -> None:
    with backend() as one:
        address = one.url.replace("/v1", "/v1/openai/deployments/{model}?api-version=2024-10-21")
        settings = settings_with(
            f'[providers.az]\npreset = "azure"\nbase_url = "{address}"\napi_key = "k"\nmodels = ["my gpt"]'
        )
        assert ask(settings, "az/my gpt") == "ok"
        path, headers, _ = one.requests[0]
    assert path == "/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21"
    assert headers["api-key"] == "k"
    assert "authorization" not in headers
    client = chat_model(endpoint_of(settings, "az"), Generation("my gpt"))
    assert str(client.openai_api_base).endswith("/openai/deployments/my%20gpt")
    assert client.default_query == {"api-version": "2024-10-21"}


def test_each_provider_goes_through_its_own_proxy(settings_with) -> None:
    with backend() as first, backend() as second:
        settings = settings_with(
            f"""
[providers.one]
base_url = "http://one.example/v1"
proxy = "http://ann:word@127.0.0.1:{first.port}"
models = ["m"]
[providers.two]
base_url = "http://two.example/v1"
proxy = "http://127.0.0.1:{second.port}"
models = ["m"]
"""
        )
        assert ask(settings, "one/m") == ask(settings, "two/m") == "ok"
        [(path, headers, _)] = first.requests
        assert path == "http://one.example/v1/chat/completions"
        assert headers["proxy-authorization"] == f"basic {base64.b64encode(b'ann:word').decode().lower()}"
        assert [path for path, _, _ in second.requests] == ["http://two.example/v1/chat/completions"]


def test_a_key_goes_to_no_host_but_that_of_the_settings(settings_with) -> None:
    settings = settings_with('[providers.q]\npreset = "qwen"\nbase_url = "http://127.0.0.1:9/v1"\napi_key = "k"')
    endpoint = endpoint_of(settings, "q")
    assert endpoint.url(endpoint.preset.rerank) == "http://127.0.0.1:9/compatible-api/v1/reranks"


def test_secrets_that_a_service_repeats_are_hidden() -> None:
    endpoint = Endpoint("x", "http://127.0.0.1:9", headers={"X-Token": "long-secret", "X-Org": "org"}, key="k1")
    said = endpoint.without_secrets("Bearer k1 and long-secret of org")
    assert said == "Bearer *** and *** of org"


def test_secrets_are_in_no_answer_log_metric_or_error(settings_with, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    hush = ["hush-key", "hush-header", "hush-proxy", "hush-query"]
    with backend(answers=[(401, {"error": {"message": "wrong: hush-key, hush-header"}})]) as one:
        address = one.url + "?code=hush-query"
        settings = settings_with(
            f"""
[providers.p]
base_url = "{address}"
api_key = "hush-key"
headers = {{ X-Token = "hush-header" }}
proxy = "http://u:hush-proxy@127.0.0.1:9"
models = ["m"]
max_retries = 0
"""
        )
        with client_of(settings) as client:
            shown: list[Any] = [
                client.post("/chat/chat", json={"query": "hi", "model_name": "p/m", "stream": False}).text,
                client.post("/llm_model/get_model_config", json={"model_name": "p/m"}).text,
                client.post("/llm_model/list_config_models", json={}).text,
                client.post("/llm_model/test_provider", json={"provider": "p"}).text,
                client.get("/llm_model/states").text,
                client.get("/metrics").text,
                client.post("/server/configs").text,
            ]
        try:
            ask(settings, "p/m")
        except ZhiwenError as error:
            shown += [repr(error), str(error.detail), repr(error.__cause__)]
    assert "refuses the API key" in shown[0]
    shown.append(caplog.text)
    assert [secret for secret in hush if secret in json.dumps(shown)] == []
