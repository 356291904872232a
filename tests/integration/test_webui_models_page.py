"""The page “Models” on a fake API: empty, full, failing; what a key without rights may not do."""

import time

import pytest
from webui_fake_api import running_fake_api
from webui_page import open_page, texts

from webui_pages.components.models.providers import snippet
from webui_pages.labels import Labels

STATE = {
    "kind": "local",
    "engine": "transformers",
    "default": False,
    "address": "",
    "seconds": 0.0,
    "restarts": 0,
    "percent": None,
    "log": "",
    "reason": "",
    "can_start": False,
    "can_stop": False,
}
ENTRY = {
    "kind": "llm",
    "engine": "transformers",
    "repo": "org/model",
    "needs_weights": True,
    "bytes": None,
    "rank": 0,
    "available": False,
    "in_use": False,
    "can_download": True,
    "reason": "本机没有权重",
}


@pytest.fixture
def api(data_paths):
    with running_fake_api() as running:
        running.data["/llm_model/states"] = []
        running.data["/llm_model/catalog"] = []
        running.data["/llm_model/downloads"] = []
        yield running


def state(name, now, **changes):
    return STATE | {"name": name, "state": now} | changes


def test_without_models_the_page_says_so(api):
    page = open_page(api, "models")
    assert not page.exception
    assert "设置中没有这类模型" in texts(page)


def test_models_show_their_state_and_what_can_be_done(api):
    api.data["/llm_model/states"] = [
        state("one", "running", default=True, can_stop=True, address="http://127.0.0.1:1", seconds=3.25),
        state("two", "stopped", can_start=True),
        state("three", "failed", reason="显存不足", can_start=True),
    ]
    page = open_page(api, "models")
    assert {"stop_model_one", "start_model_two", "switch_model_two", "start_model_three"} <= {
        button.key for button in page.button
    }
    assert "显存不足" in page.error[0].value


def test_a_loading_model_shows_its_seconds_and_how_far_it_is(api):
    api.data["/llm_model/states"] = [state("one", "loading", seconds=12.7, percent=40, can_stop=True)]
    shown = texts(open_page(api, "models"))
    assert "加载中 12 秒" in shown
    assert "transformers · 40" in shown


def test_a_download_shows_its_progress_and_can_be_ended(api):
    api.data["/llm_model/catalog"] = [ENTRY | {"name": "far"}]
    api.data["/llm_model/downloads"] = [
        {"name": "far", "state": "running", "arrived": 5 * 1024**2, "total": 20 * 1024**2, "began": 0.0}
    ]
    page = open_page(api, "models")
    assert page.button(key="cancel_download_far")
    api.data["/llm_model/cancel_download"] = None
    page.button(key="cancel_download_far").click().run()
    assert api.bodies("/llm_model/cancel_download") == [{"model_name": "far"}]


def arrived(name):
    return {"name": name, "state": "done", "arrived": 1, "total": 1, "began": 0.0}


def test_a_chat_model_that_has_arrived_is_started_without_a_new_start_of_all(api):
    here = {"bytes": 1, "available": True, "can_download": False, "reason": ""}
    api.data["/llm_model/catalog"] = [ENTRY | here | {"name": "far"}]
    api.data["/llm_model/downloads"] = [arrived("far")]
    api.data["/llm_model/states"] = [state("far", "stopped", can_start=True)]
    api.data["/llm_model/start"] = None
    page = open_page(api, "models")
    assert "现在就可以启动" in page.success[0].value
    page.button(key="start_downloaded_far").click().run()
    assert api.bodies("/llm_model/start") == [{"model_name": "far"}]
    api.data["/llm_model/states"] = [state("far", "running", can_stop=True)]
    assert "start_downloaded_far" not in [button.key for button in page.run().button]


@pytest.mark.parametrize(
    ("kind", "rank", "said"),
    [("embed", 0, "新建知识库或重建索引"), ("rerank", 1, "几秒内"), ("rerank", 0, "models.rerank_preference")],
)
def test_other_models_that_have_arrived_say_how_they_are_used(api, kind, rank, said):
    api.data["/llm_model/catalog"] = [ENTRY | {"name": "far", "kind": kind, "rank": rank, "bytes": 1}]
    api.data["/llm_model/downloads"] = [arrived("far")]
    page = open_page(api, "models")
    page.session_state["model_tabs"] = Labels("zh").tab_weights
    page.run()
    assert said in page.success[0].value


def provider(name, **changes):
    facts = {"name": name, "title": "", "address": "127.0.0.1:11434", "models": [], "finds": True, "reason": ""}
    return facts | changes


def opened_providers(api, language="zh"):
    page = open_page(api, "models", language)
    page.session_state["model_tabs"] = Labels(language).tab_providers
    return page.run()


def test_a_provider_that_is_not_reached_can_be_tested_and_says_what_to_do(api):
    api.data["/llm_model/presets"] = {}
    api.data["/llm_model/providers"] = [
        provider("ollama", title="Ollama"),
        provider("deepseek", address="", finds=False, models=["deepseek/chat"], reason="没有 API 密钥，请设置 KEY"),
    ]
    away = {"code": 503, "msg": "没有响应。请先在本机启动 Ollama。", "data": {"error": "provider_unusable"}}
    api.fail["/llm_model/test_provider"] = (503, away)
    page = opened_providers(api)
    assert "请设置 KEY" in page.warning[0].value
    page.button(key="test_ollama").click().run()
    wait_for_work(page, "provider_ollama")
    assert "请先在本机启动 Ollama" in page.run().error[0].value


@pytest.mark.parametrize(("said", "shown"), [("ok", "首字 0.2 秒"), ("", "没有对话模型")])
def test_what_a_provider_answers_is_told(api, said, shown):
    api.data["/llm_model/presets"] = {}
    api.data["/llm_model/providers"] = [provider("ollama")]
    tried = {"provider": "ollama", "model": "ollama/bge-m3", "first_s": 0.2, "total_s": 0.4, "text": said}
    api.data["/llm_model/test_provider"] = tried
    page = opened_providers(api)
    page.button(key="test_ollama").click().run()
    wait_for_work(page, "provider_ollama")
    assert shown in page.run().success[0].value


def test_a_failure_is_told_until_somebody_else_has_brought_it_about(api):
    api.data["/llm_model/states"] = [state("big", "stopped", can_start=True)]
    api.fail["/llm_model/start"] = (507, {"code": 507, "msg": "显存不足", "data": {"error": "model_failed_to_start"}})
    page = open_page(api, "models")
    page.button(key="start_model_big").click().run()
    wait_for_work(page, "model_big")
    assert page.run().error[0].value == "显存不足"
    api.data["/llm_model/states"] = [state("big", "running", can_stop=True)]
    assert not page.run().error


def wait_for_work(page, key):
    deadline = time.monotonic() + 10
    while not page.session_state["zhiwen"].works[key].done:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_api_being_away_is_one_sentence(api):
    api.fail["/llm_model/states"] = (503, {"code": 503, "msg": "控制器没有响应。", "data": {"error": "x"}})
    page = open_page(api, "models")
    assert [error.value for error in page.error] == ["控制器没有响应。"]
    assert page.button(key="retry")


def test_the_piece_of_settings_of_a_service_is_toml():
    facts = {"base_url": "https://x.example/v1", "key_env": "X_KEY", "needs_key": True, "lists": False}
    assert snippet("x", facts) == '[providers.x]\npreset = "x"\nkey_env = "X_KEY"\nmodels = ["…"]'
