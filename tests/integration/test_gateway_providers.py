"""Providers asked directly: pieces, usage, every failure as an error of ours, retries, limits, cancelling."""

import asyncio
import time
from contextlib import aclosing

import pytest
from fastchat_services import wait_until
from free_ports import free_port
from gateway_backend import Backend, backend, toml

from configs.settings import SettingsError, load_settings
from server.errors import (
    ContextTooLong,
    ModelFailed,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
    OptionNotSupported,
    ProviderBusy,
)
from server.launcher.labels import Labels
from server.launcher.model_table import model_table
from server.llm import provider_calls
from server.llm.catalog import choose_embedder, choose_llm, choose_reranker, preferred_llms
from server.llm.chat_models import ChatModels
from server.llm.embedders import load_embedder
from server.llm.generation import Generation
from server.llm.provider_listing import Listed, names_of, shelves
from server.llm.rerankers import load_reranker
from server.types import Message, Usage

BUSY = (429, {"error": {"message": "slow down", "code": "rate_limit"}}, {"Retry-After": "0.1"})


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(provider_calls, "FIRST_PAUSE_S", 0.02)


@pytest.fixture
def settings_with(tmp_path):
    def made(text):
        (tmp_path / "local.toml").write_text(text, "utf-8")
        return load_settings()

    return made


async def pieces_of(models, model="one-model", **options):
    return [piece async for piece in models.stream([Message("user", "你好")], Generation(model, **options))]


def ask(settings, model="one-model", **options):
    return asyncio.run(pieces_of(ChatModels(settings, model), model, **options))


def test_pieces_reason_and_usage(settings_with):
    with backend(answers=[["你", "好"]], usage={"prompt_tokens": 7, "completion_tokens": 2}) as one:
        pieces = ask(settings_with(toml(one=one)), temperature=0.0, max_tokens=9, stop=("x",), seed=3)
    assert [piece.text for piece in pieces] == ["你", "好", ""]
    assert (pieces[-1].finish_reason, pieces[-1].usage) == ("length", Usage(7, 2, exact=True))
    path, headers, body = one.requests[0]
    assert (path, headers["authorization"]) == ("/chat/completions", "bearer sk-secret")
    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "你好"}],
        "stream": True,
        "temperature": 0.0,
        "max_tokens": 9,
        "stop": ["x"],
        "seed": 3,
        "stream_options": {"include_usage": True},
    }


def test_usage_is_estimated_where_the_provider_is_silent(settings_with):
    with backend(answers=[["四个字的"]]) as one:
        assert ask(settings_with(toml(one=one)))[-1].usage == Usage(2, 4, exact=False)


@pytest.mark.parametrize("failure", [BUSY, (500, {"error": {"message": "oops"}}), "reset"])
def test_what_may_pass_is_tried_again(settings_with, failure):
    with backend(answers=[failure, failure, ["ok"]]) as one:
        assert ask(settings_with(toml(one=one)))[0].text == "ok"
    assert len(one.requests) == 3


def test_retry_after_is_kept(settings_with):
    with backend(answers=[(429, {}, {"Retry-After": "0.4"}), ["ok"]]) as one:
        began = time.monotonic()
        ask(settings_with(toml(one=one)))
    assert time.monotonic() - began >= 0.4


def test_a_long_retry_after_is_told_instead_of_waited_for(settings_with):
    with backend(answers=[(429, {"error": {"message": "quota of sk-secret"}}, {"Retry-After": "90"})]) as one:
        began = time.monotonic()
        with pytest.raises(ProviderBusy, match=r"quota of \*\*\*\. Ask again in 90 s"):
            ask(settings_with(toml(one=one)))
    assert time.monotonic() - began < 45
    assert len(one.requests) == 1


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        ((401, {"error": {"message": "bad key sk-secret"}}), ModelUnavailable, r"refuses the API key: bad key \*\*\*"),
        ((404, {"error": "no such model"}), ModelUnavailable, "does not have it: no such model"),
        ((400, {"message": "no such field."}), ModelRefused, "does not take this request: no such field"),
        ((400, "<html>"), ModelRefused, "HTTP 400"),
        ((400, {"error": {"message": "too long", "code": "context_length_exceeded"}}), ContextTooLong, "too long"),
        ((200, {"weird": 1}), ModelFailed, "tells no reason"),
        ("half", ModelFailed, "broke off"),
    ],
)
def test_what_does_not_pass_is_told_at_once(settings_with, answer, error, text):
    with backend(answers=[answer]) as one:
        with pytest.raises(error, match=text):
            ask(settings_with(toml(one=one)))
        assert len(one.requests) == 1


def test_an_answer_at_once_although_a_stream_was_wanted(settings_with):
    whole = {"choices": [{"message": {"content": "all"}, "finish_reason": "stop"}]}
    with backend(answers=[(200, whole)]) as one:
        assert [(piece.text, piece.finish_reason) for piece in ask(settings_with(toml(one=one)))] == [("all", "stop")]


def test_silence_and_nobody_there(settings_with):
    with backend(answers=["hang"]) as one:
        settings = settings_with(toml(one=one).replace("api_key", "timeout_s = 0.3\napi_key"))
        with pytest.raises(ModelTimeout):
            ask(settings)
    one.port = free_port()
    with pytest.raises(ModelUnavailable, match="does not answer"):
        ask(settings_with(toml(one=one)))


def test_one_provider_failing_leaves_the_other(settings_with):
    with backend(answers=[(500, {})]) as bad, backend(pause_s=0.05) as good:
        models = ChatModels(settings_with(toml(bad=bad, good=good)), "good-model")

        async def both():
            return await asyncio.gather(
                pieces_of(models, "bad-model"), pieces_of(models, "good-model"), return_exceptions=True
            )

        failed, answered = asyncio.run(both())
    assert isinstance(failed, ModelFailed)
    assert "".join(piece.text for piece in answered) == "ok"


def test_no_more_at_a_time_than_the_provider_may_have(settings_with):
    with backend(pause_s=0.02) as one:
        settings = settings_with(toml(one=one).replace("api_key", "concurrency = 3\napi_key"))
        models = ChatModels(settings, "one-model")

        async def many():
            await asyncio.gather(*(pieces_of(models) for _ in range(20)))

        asyncio.run(many())
    assert len(one.requests) == 20
    assert one.most_running == 3


def test_leaving_frees_the_generation(settings_with):
    with backend(answers=[["word "] * 500], pause_s=0.02) as one:
        models = ChatModels(settings_with(toml(one=one)), "one-model")

        async def leave():
            asked = models.stream([Message("user", "x")], Generation("one-model"))
            async with aclosing(asked) as pieces:
                await anext(pieces)

        asyncio.run(leave())
        wait_until(lambda: one.running == 0, "the generation ends", patience_s=2)


def test_a_missing_key_is_told_and_the_next_preference_taken(settings_with, monkeypatch):
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    text = """
[providers.ds]
preset = "deepseek"
[models]
llm_preference = ["cloud", "builtin-extractive"]
[models.llm.cloud]
engine = "provider"
provider = "ds"
"""
    settings = settings_with(text)
    choice = choose_llm(settings)
    assert choice.name == "builtin-extractive"
    assert "DEEPSEEK_API_KEY" in choice.reason_en
    with pytest.raises(ModelUnavailable, match="DEEPSEEK_API_KEY"):
        ask(settings, "cloud")
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-1")
    assert choose_llm(settings).name == "cloud"


def test_one_table_is_enough_to_be_the_model_that_answers(settings_with, monkeypatch):
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    settings = settings_with('[providers.ds]\npreset = "deepseek"\nmodels = ["deepseek-chat"]')
    choice = choose_llm(settings)
    assert choice.name == "builtin-extractive"
    assert "ds/deepseek-chat: its provider" in choice.reason_en
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-1")
    assert choose_llm(settings).name == "ds/deepseek-chat"
    assert choose_llm(settings, "ds/deepseek-chat").model.provider == "ds"


def test_what_providers_offer_is_in_the_list_of_models(settings_with, monkeypatch):
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    text = '[providers.ds]\npreset = "deepseek"\nmodels = ["deepseek-chat"]\n[services.controller]\nport = '
    lines = model_table(settings_with(f"{text}{free_port()}"), Labels("en"))
    [line] = [line for line in lines if "ds/deepseek-chat" in line]
    assert "DEEPSEEK_API_KEY" in line


def test_a_preference_may_name_what_a_provider_offers(settings_with):
    text = """
[models]
llm_preference = ["laptop/qwen", "*"]
[providers.laptop]
preset = "ollama"
models = "auto"
[providers.other]
base_url = "http://127.0.0.1:1/v1"
models = ["m"]
"""
    settings = settings_with(text)
    assert choose_llm(settings).name == "laptop/qwen"
    assert preferred_llms(settings) == ["laptop/qwen", "Qwen2.5-1.5B-Instruct", "other/m"]
    with pytest.raises(SettingsError, match=r"other/x.*no table of providers offers it"):
        settings_with(text.replace("laptop/qwen", "other/x"))


def test_models_that_are_listed(settings_with):
    with backend() as one:
        text = toml(one=one, dead=Backend(port=free_port()))
        settings = settings_with(text.replace('models = ["m"]', 'models = "auto"\nmax_retries = 0'))
        models = ChatModels(settings, "one-model")
        found = asyncio.run(shelves(settings, models.connections))
        assert names_of(found, "llm") == ["one/a", "one/b"]
        before = {"dead": [Listed("x", "llm")], "one": [Listed("y", "llm")]}
        kept = asyncio.run(shelves(settings, models.connections, keep=before))
        assert names_of(kept, "llm") == ["one/a", "one/b", "dead/x"]
        assert ask(settings, "one/b")[0].text == "o"
        assert one.requests[-1][2]["model"] == "b"


def test_tools_and_window_are_as_set(settings_with):
    with backend() as one:
        models = ChatModels(settings_with(toml(one=one) + "\ntools = true\nwindow = 32000"), "one-model")
    assert models.supports_tools("one-model")
    assert not models.supports_tools("builtin-extractive")
    assert (models.window("one-model"), models.window("one/m")) == (32000, 8192)


def test_embeddings_and_rerank(settings_with):
    with backend() as one:
        settings = settings_with(
            toml(one=one)
            + """
[models.embed.vectors]
engine = "provider"
provider = "one"
query_instruction = "Q:"
[models.rerank.order]
engine = "provider"
provider = "one"
"""
        )
        embedder = load_embedder(settings, choose_embedder(settings, "vectors"))
        assert embedder.dimension == 2
        assert embedder.model.embed_query("ab") == [4.0, 1.0]
        assert embedder.model.embed_documents(["a" * n for n in range(1, 41)]) == [
            [float(n), 1.0] for n in range(1, 41)
        ]
        assert [len(body["input"]) for path, _, body in one.requests if path == "/embeddings"] == [1, 1, 32, 8]
        reranker = load_reranker(settings, choose_reranker(settings, "order"))
        assert reranker.score("q", ["a", "b"]) == [1.0, 0.5]


@pytest.mark.parametrize("field", ["presence_penalty", "frequency_penalty", "seed"])
def test_what_fastchats_own_worker_would_leave_out_is_refused(settings_with, field):
    settings = settings_with('[models.llm.old]\nengine = "fastchat"')
    with pytest.raises(OptionNotSupported, match=f'"old" does not take the field "{field}"'):
        ask(settings, "old", **{field: 1})
