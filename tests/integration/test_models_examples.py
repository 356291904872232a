"""The complete examples of docs/models.md are settings that can be used, and do what the page says with stand-ins."""

import asyncio
import json
import re
from itertools import count
from pathlib import Path

import pytest
from gateway_backend import backend

from configs.settings import Settings, load_settings
from server.launcher.arguments import parse
from server.launcher.plan import Plan, plan, with_options
from server.llm.catalog import choose_embedder, choose_llm, choose_reranker
from server.llm.chat_models import ChatModels
from server.llm.embedders import load_embedder
from server.llm.generation import Generation
from server.llm.provider_shelf import ProviderShelf
from server.llm.rerankers import load_reranker
from server.types import Message

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models.md"


def example(title: str) -> str:
    """The settings below a heading that holds this text."""
    section = re.split(r"^### ", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    [text] = [part for part in section if part.partition("\n")[0].startswith(title)]
    return re.search(r"```toml\n(.*?)```", text, re.DOTALL).group(1)  # type: ignore[union-attr]


@pytest.fixture
def pasted(tmp_path, monkeypatch):
    for name in ("HF_HOME", "MODELSCOPE_CACHE", "ZHIWEN__PATHS__MODELS"):
        monkeypatch.setenv(name, str(tmp_path))

    def settings(title: str) -> Settings:
        (tmp_path / "local.toml").write_text(example(title), "utf-8")
        return load_settings()

    return settings


def planned(settings: Settings, *arguments: str) -> Plan:
    options = parse(arguments)
    settings = with_options(settings, options)
    choices = [choose_llm(settings, name) for name in options.model_names or ("",)]
    return plan(settings, options, choices, count(40001))


def ask(settings: Settings, model: str) -> str:
    async def answer() -> str:
        models = ChatModels(settings, model)
        return "".join([piece.text async for piece in models.stream([Message("user", "hi")], Generation(model))])

    return asyncio.run(answer())


def test_the_machine_with_cards(pasted, tmp_path, monkeypatch) -> None:
    pytest.importorskip("torch")
    for name in ("Qwen3-8B", "GLM-4-9B-0414", "bge-m3", "bge-reranker-v2-m3"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
    program = tmp_path / "vllm"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("ZHIWEN__MODELS__VLLM__EXECUTABLE", str(program))
    settings = pasted("A machine with graphics cards")
    services = {one.name: one for one in planned(settings, "-a", "-n", "Qwen3-8B", "GLM-4-9B-0414").services}
    qwen, server = services["worker-Qwen3-8B"], services["vllm-GLM-4-9B-0414"]
    assert (qwen.env["CUDA_VISIBLE_DEVICES"], server.env["CUDA_VISIBLE_DEVICES"]) == ("0", "1,2")
    assert qwen.argv[qwen.argv.index("--window") + 1] == "16384"
    assert json.loads(qwen.argv[qwen.argv.index("--chat-template-args") + 1]) == {"enable_thinking": False}
    command = " ".join(server.argv)
    for words in (
        f"serve {tmp_path / 'GLM-4-9B-0414'}",
        "--tensor-parallel-size 2",
        "--max-model-len 32768",
        "--gpu-memory-utilization 0.85",
        "--enable-prefix-caching",
    ):
        assert words in command
    assert (server.start_timeout_s, qwen.start_timeout_s) == (1800, 1800)
    assert "worker-GLM-4-9B-0414" in services
    assert (choose_embedder(settings).name, choose_reranker(settings).name) == ("bge-m3", "bge-reranker-v2-m3")


def test_the_laptop_with_ollama(pasted, monkeypatch) -> None:
    listed = [{"id": "qwen3:8b", "object": "model"}, {"id": "bge-m3", "object": "model"}]
    with backend(models=listed) as ollama:
        monkeypatch.setenv("ZHIWEN__PROVIDERS__OLLAMA__BASE_URL", ollama.url)
        settings = pasted("A laptop with Ollama")
        assert [one.name for one in planned(settings, "-a").services if one.model] == []
        assert choose_llm(settings).name == "qwen3"
        assert ask(settings, "qwen3") == ask(settings, "ollama/qwen3:8b") == "ok"
        assert {body["model"] for _, _, body in ollama.requests} == {"qwen3:8b"}
        models = ChatModels(settings, "qwen3")
        assert (models.supports_tools("qwen3"), models.window("qwen3")) == (True, 32768)
        embedder = load_embedder(settings, choose_embedder(settings))
        assert (embedder.name, embedder.dimension) == ("ollama/bge-m3", 2)
        shelf = ProviderShelf(settings, 20)
        assert (shelf.names("llm"), shelf.names("embed")) == (["ollama/qwen3:8b"], ["ollama/bge-m3"])


def test_the_company_with_keys(pasted, monkeypatch) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-deep")
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-dash")
    settings = pasted("A company with keys")
    assert settings.providers["deepseek"].proxy.get_secret_value() == "http://proxy.example.com:3128"
    with backend() as deepseek, backend(rerank_path="/compatible-api/v1/reranks") as qwen:
        monkeypatch.setenv("ZHIWEN__PROVIDERS__DEEPSEEK__BASE_URL", deepseek.url)
        monkeypatch.setenv("ZHIWEN__PROVIDERS__QWEN__BASE_URL", qwen.url)
        settings = pasted("A company with keys")
        assert choose_llm(settings).name == "DeepSeek"
        assert ask(settings, "DeepSeek") == ask(settings, "Qwen") == "ok"
        assert load_embedder(settings, choose_embedder(settings)).name == "text-embedding-v4"
        reranker = load_reranker(settings, choose_reranker(settings))
        assert reranker.score("q", ["a", "b"]) == [1.0, 0.5]
        assert deepseek.requests[0][1]["authorization"] == "bearer sk-deep"
        assert {headers["authorization"] for _, headers, _ in qwen.requests} == {"bearer sk-dash"}
        assert {body["model"] for _, _, body in qwen.requests} == {"qwen-plus", "text-embedding-v4", "qwen3-rerank"}
    assert settings.agent.model == "Qwen"
    assert "sk-" not in json.dumps(settings.model_dump(mode="json"))


def test_without_a_key_the_next_preference_answers_and_the_reason_is_told(pasted, monkeypatch) -> None:
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-dash")
    choice = choose_llm(pasted("A company with keys"))
    assert choice.name == "Qwen"
    assert "DEEPSEEK_API_KEY" in choice.reason_en
