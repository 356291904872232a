"""The routes of 0.2.10 on models, the server, and vectors."""

import httpx
import pytest
from contract_product import AGENT, FIRST, SECOND

pytestmark = pytest.mark.e2e

CONFIGS = {
    "DEFAULT_KNOWLEDGE_BASE": "samples",
    "DEFAULT_SEARCH_ENGINE": "duckduckgo",
    "DEFAULT_VS_TYPE": "faiss",
    "CHUNK_SIZE": 250,
    "OVERLAP_SIZE": 50,
    "SCORE_THRESHOLD": 1.0,
    "VECTOR_SEARCH_TOP_K": 3,
    "SEARCH_ENGINE_TOP_K": 3,
    "ZH_TITLE_ENHANCE": False,
    "TEXT_SPLITTER_NAME": "ChineseRecursiveTextSplitter",
    "HISTORY_LEN": 3,
    "TEMPERATURE": 0.7,
}
"""As 0.2.10 was shipped."""
OTHERS = "text_splitter_dict LLM_MODELS PROMPT_TEMPLATES controller_address openai_api_address api_address"


@pytest.fixture(scope="module")
def post(product):
    with httpx.Client(base_url=product.url, trust_env=False, timeout=60) as client:
        yield client.post


def test_running_models_are_an_object(post, product):
    running = post("/llm_model/list_running_models").json()
    assert running["code"] == 200
    assert {"host", "port", "device"} <= set(running["data"][FIRST])
    for address, code in ((product.controller, 200), ("http://192.0.2.1:1", 422)):
        answer = post("/llm_model/list_running_models", json={"controller_address": address})
        assert answer.status_code == answer.json()["code"] == code


def test_configured_models_by_type(post):
    data = post("/llm_model/list_config_models").json()["data"]
    assert set(data) == {"local", "online"}
    assert {FIRST, SECOND} <= set(data["local"])
    assert data["online"][AGENT]["online_api"] is True
    here = {name for name, model in data["local"].items() if model["model_path_exists"]}
    assert {FIRST, SECOND, "builtin-extractive"} <= here, "pages offer no others"
    assert "Qwen2.5-1.5B-Instruct" not in here
    data = post("/llm_model/list_config_models", json={"types": ["worker"]}).json()["data"]
    assert set(data) == {"worker"}
    assert post("/llm_model/list_config_models", json={"types": ["other"]}).status_code == 422


def test_configurations_hold_no_secrets(post):
    for name in (FIRST, AGENT, "no such"):
        data = post("/llm_model/get_model_config", json={"model_name": name}).json()["data"]
        assert {"host", "port", "device", "infer_turbo"} <= set(data)
        assert "sk-hidden" not in str(data)
        assert not [key for key in data if "key" in key or "secret" in key or key.endswith("id")]


def test_what_cannot_be_stopped_or_changed(post):
    for path, body in (
        ("stop", {"model_name": SECOND}),
        ("stop", {"model_name": "no such"}),
        ("change", {"model_name": SECOND, "new_model_name": FIRST}),
        ("change", {"model_name": FIRST, "new_model_name": "no such"}),
    ):
        answer = post(f"/llm_model/{path}", json=body)
        assert answer.json()["code"] == answer.status_code >= 400
        assert answer.json()["msg"]


def test_settings_under_their_old_names(post, product):
    configs = post("/server/configs").json()
    assert set(configs) == {*CONFIGS, *OTHERS.split()}
    assert {name: configs[name] for name in CONFIGS} == CONFIGS
    assert configs["LLM_MODELS"][0] == FIRST
    assert configs["controller_address"] == product.controller
    assert configs["api_address"] == product.url
    assert set(configs["PROMPT_TEMPLATES"]["llm_chat"]) >= {"default", "with_history", "py"}
    assert set(configs["PROMPT_TEMPLATES"]["knowledge_base_chat"]) >= {"default", "text", "empty"}
    assert set(configs["PROMPT_TEMPLATES"]["search_engine_chat"]) >= {"default", "search"}
    assert set(configs["PROMPT_TEMPLATES"]["agent_chat"]) >= {"default", "ChatGLM3"}
    splitters = {"ChineseRecursiveTextSplitter", "SpacyTextSplitter", "RecursiveCharacterTextSplitter"}
    assert splitters | {"MarkdownHeaderTextSplitter"} <= set(configs["text_splitter_dict"])


def test_search_engines_are_a_list(post):
    answer = post("/server/list_search_engines").json()
    assert (answer["code"], answer["msg"]) == (200, "success")
    assert answer["data"][:3] == ["bing", "duckduckgo", "metaphor"]


@pytest.mark.parametrize("kind", ["llm_chat", "knowledge_base_chat", "search_engine_chat", "agent_chat"])
def test_a_prompt_template_is_a_bare_string(post, kind):
    template = post("/server/get_prompt_template", json={"type": kind, "name": "default"}).json()
    assert isinstance(template, str)
    assert template


def test_prompt_templates_that_are_not_there(post):
    assert post("/server/get_prompt_template").json() == post("/server/get_prompt_template", json={}).json()
    assert post("/server/get_prompt_template", json={"type": "other"}).status_code == 422
    assert post("/server/get_prompt_template", json={"name": "no such"}).json()["code"] == 422


def test_vectors(post):
    answer = post("/other/embed_texts", json={"texts": ["知问", "zhiwen", ""]}).json()
    assert (answer["code"], answer["msg"]) == (200, "success")
    assert len({len(vector) for vector in answer["data"]}) == 1
    assert all(isinstance(number, float) for number in answer["data"][0])
    assert post("/other/embed_texts", json={"texts": []}).json()["data"] == []
    unknown = post("/other/embed_texts", json={"texts": ["知问"], "embed_model": "no such"})
    assert unknown.json()["code"] == unknown.status_code == 404
