"""The table of presets, the settings of providers, and that keys stay out of sight."""

from urllib.parse import urlsplit

import pytest

from configs.settings import SettingsError, load_settings
from server.llm.openai_stream import DataLines
from server.llm.provider_presets import PRESETS
from server.llm.providers import endpoint_of, find_model
from server.llm.tokens import TokenCounter, estimate, from_folder, from_tiktoken
from server.masking import as_toml

WANTED = [
    "openai",
    "azure",
    "deepseek",
    "zhipu",
    "qwen",
    "moonshot",
    "minimax",
    "baichuan",
    "qianfan",
    "spark",
    "ark",
    "gemini",
    "siliconflow",
    "openrouter",
    "ollama",
    "xinference",
    "vllm",
    "lmstudio",
    "llamacpp",
    "localai",
    "oneapi",
]


@pytest.fixture
def settings_with(tmp_path):
    def made(text):
        (tmp_path / "local.toml").write_text(text, "utf-8")
        return load_settings()

    return made


def test_every_service_is_there():
    assert set(PRESETS) == set(WANTED)


@pytest.mark.parametrize("name", WANTED)
def test_a_preset_is_whole(name):
    preset = PRESETS[name]
    address = urlsplit(preset.base_url)
    assert preset.title
    assert name == "azure" or address.hostname
    assert not preset.base_url.endswith("/")
    local = address.hostname == "127.0.0.1"
    assert address.scheme == ("http" if local else "https") or name == "azure"
    assert preset.needs_key is not local
    assert preset.key_env or not preset.needs_key
    assert preset.rerank == "" or preset.rerank.startswith(("/", "https://"))


@pytest.mark.parametrize("name", WANTED)
def test_a_preset_makes_an_endpoint(name, settings_with):
    settings = settings_with(f'[providers.p]\npreset = "{name}"\nbase_url = "http://127.0.0.1:1/v1/"\napi_key = "k"')
    endpoint = endpoint_of(settings, "p")
    assert endpoint.base_url == "http://127.0.0.1:1/v1"
    assert endpoint.headers in ({"api-key": "k"}, {"Authorization": "Bearer k"})
    assert ("api-key" in endpoint.headers) is (name == "azure")
    assert "'k'" not in repr(endpoint)


def test_keys_and_proxies_are_masked(settings_with):
    text = """
[providers.p]
base_url = "http://127.0.0.1:1"
api_key = "hush-1"
proxy = "http://user:hush-2@127.0.0.1:9"
headers = { X-Org = "hush-3" }
"""
    settings = settings_with(text)
    assert "hush" not in as_toml(settings)
    assert "hush" not in repr(settings)
    assert endpoint_of(settings, "p").headers == {"X-Org": "hush-3", "Authorization": "Bearer hush-1"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[providers.p]\nbase_url = "127.0.0.1:1"', "providers.p.base_url"),
        ("[providers.p]\nconcurrency = 0", "providers.p.concurrency"),
        ('[providers.p]\nbase_url = "http://user:word@127.0.0.1:1"', "take user and password out"),
        ('[providers.p]\nurl = "http://x"', "providers.p.url"),
        ('[models.llm.x]\nengine = "provider"\nprovider = "p"', 'no [providers."p"]'),
    ],
)
def test_wrong_settings_are_told(text, named, settings_with):
    with pytest.raises(SettingsError) as caught:
        settings_with(text)
    assert named in str(caught.value)


def test_names_of_models(settings_with):
    text = """
[providers.listed]
base_url = "http://127.0.0.1:1"
models = ["a/b"]
[providers.any]
base_url = "http://127.0.0.1:1"
models = "auto"
"""
    settings = settings_with(text)
    assert find_model(settings, "listed/a/b").model == "a/b"
    assert find_model(settings, "any/thing").model == "thing"
    for unknown in ("listed/c", "any/", "other/a", "builtin-extractive", ""):
        assert find_model(settings, unknown) is None


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_lines_cut_anywhere(size):
    sent = ': ping\n\ndata: {"a": "你"}\r\n\r\nevent: x\ndata:[DONE]\n\ndata: rest'.encode()
    lines = DataLines()
    found = [line for at in range(0, len(sent), size) for line in lines.feed(sent[at : at + size])]
    assert found == ['{"a": "你"}'.encode(), b"[DONE]"]


def test_counting_with_the_tokenizer_of_the_weights(tmp_path):
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"one": 0, "two": 1, "?": 2}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    counter = TokenCounter(lambda: from_folder(tmp_path))
    assert counter("one two two") in (3, estimate("one two two"))
    counter._thread.join(10)
    assert counter.exact
    assert counter("one two two one") == 4


def test_without_a_tokenizer_it_is_estimated(tmp_path, monkeypatch):
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    assert from_folder(tmp_path) is None
    assert from_tiktoken("gpt-4o") is None
    assert from_tiktoken("nobody") is None
    assert estimate("四个字的 word") == 6
