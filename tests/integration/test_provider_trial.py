"""Trying a provider: whatever is wrong with it, the text says what to do."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from configs.settings import load_settings
from server.errors import ModelUnavailable, ProviderUnusable
from server.llm.chat_models import ChatModels
from server.llm.provider_trial import known_providers, try_provider


class _Service(BaseHTTPRequestHandler):
    """Answers what a test has put into `answers` of its server: path to status and body."""

    def log_message(self, format, *args):  # noqa: A002  # the base class names it so
        pass

    def do_GET(self):
        status, body = self.server.answers.get(self.path, (404, {"error": {"message": "no such route"}}))
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)


@pytest.fixture
def service():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    server.answers = {}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings(data_paths, monkeypatch, service):
    def made(**changes):
        local = {"base_url": f"http://127.0.0.1:{service.server_address[1]}/v1", "models": "auto", "max_retries": 0}
        monkeypatch.setenv("ZHIWEN__PROVIDERS", json.dumps({"mine": local | changes}))
        return load_settings()

    return made


def tried(settings):
    async def run():
        models = ChatModels(settings, "mine/any")
        try:
            return await try_provider(settings, models, "mine")
        finally:
            await models.connections.aclose()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("status", "body", "advice"),
    [
        (401, {"error": {"message": "bad key"}}, "API key in MY_KEY"),
        (404, {"error": {"message": "not found"}}, "ends in /v1"),
        (400, {"error": {"message": "what"}}, "OpenAI-compatible"),
        (200, {"data": []}, "Load a model"),
    ],
)
def test_what_is_wrong_comes_with_what_to_do(settings, service, monkeypatch, status, body, advice):
    monkeypatch.setenv("MY_KEY", "secret-key-text")
    service.answers["/v1/models"] = (status, body)
    with pytest.raises(ProviderUnusable) as failed:
        tried(settings(api_key_env="MY_KEY"))
    assert advice in failed.value.message("en")
    assert "“mine”" in failed.value.message("zh")
    assert "secret-key-text" not in failed.value.message("en")


def test_a_service_that_does_not_run_is_to_be_started(settings):
    with pytest.raises(ProviderUnusable) as failed:
        tried(settings(preset="ollama", base_url="http://127.0.0.1:9/v1"))
    assert "Start Ollama on this machine" in failed.value.message("en")
    assert "请先在本机启动 Ollama" in failed.value.message("zh")


def test_a_missing_key_is_told_before_anybody_is_asked(settings, monkeypatch):
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    here = settings(preset="deepseek")
    with pytest.raises(ModelUnavailable, match="DEEPSEEK_API_KEY"):
        tried(here)
    (known,) = known_providers(here)
    assert "DEEPSEEK_API_KEY" in known.why_not[0]
    assert (known.title, known.finds) == ("DeepSeek", True)


def test_a_service_with_other_models_only_is_reached(settings, service):
    service.answers["/v1/models"] = (200, {"data": [{"id": "bge-m3"}]})
    found = tried(settings())
    assert (found.model, found.text) == ("bge-m3", "")


def test_a_found_chat_model_is_asked_by_its_name(settings, service):
    service.answers["/v1/models"] = (200, {"data": [{"id": "bge-m3"}, {"id": "qwen3"}]})
    with pytest.raises(ProviderUnusable) as failed:  # this service has no route for chats
        tried(settings())
    assert "mine/qwen3" in failed.value.message("en")
