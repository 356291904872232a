"""Trying a provider, listed or not: is it reached, does it take the key, does a model of it answer; else what to do."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from configs.settings import Settings
from server.errors import ModelNotFound, ProviderUnusable, ZhiwenError
from server.llm.chat_models import ChatModels
from server.llm.generation import Generation
from server.llm.openai_stream import Refused, Silent, Unreachable
from server.llm.provider_calls import KEY_REFUSED, NOT_FOUND
from server.llm.provider_listing import models_of
from server.llm.provider_presets import PRESETS, UNNAMED
from server.llm.providers import Endpoint, endpoint_of, find_model, named_models
from server.types import Message


@dataclass(frozen=True)
class Tried:
    """A tiny request to a provider: how many seconds the first and the last of its answer took. `text` is empty where
    it has no chat models and only told which others it has, of which `model` is the first."""

    provider: str
    model: str
    first_s: float
    total_s: float
    text: str


@dataclass(frozen=True)
class Provider:
    """One provider of the settings. `models` are those the settings name; `finds` tells that it is asked for others.
    The reasons, in English and Chinese, say why it cannot be asked as it is set up."""

    name: str
    title: str
    address: str
    models: Sequence[str]
    finds: bool
    why_not: tuple[str, str] | None = None


def known_providers(settings: Settings) -> list[Provider]:
    """Those of the settings in their order, reached or not; nobody is asked."""
    return [_provider(settings, name) for name in settings.providers]


def _provider(settings: Settings, name: str) -> Provider:
    section, reasons, address = settings.providers[name], None, ""
    try:
        address = endpoint_of(settings, name).host
    except ZhiwenError as error:
        reasons = str(error.detail.get("reason_en", error)), str(error.detail.get("reason_zh", error))
    named = tuple(model.name for model in named_models(settings) if model.provider == name)
    title = PRESETS.get(section.preset, UNNAMED).title
    return Provider(name, title, address, named, section.models == "auto", reasons)


async def try_provider(settings: Settings, models: ChatModels, provider: str, model: str = "") -> Tried:
    """Ask a model of a provider, or its first one, to say a word.

    Raises:
        ModelNotFound: there is no such provider or model.
        ModelUnavailable: its address or its key is missing in the settings.
        ProviderUnusable: it is not reached, refuses, or has no models; the text says what to do.
        ZhiwenError: whatever else goes wrong with the request.
    """
    if provider not in settings.providers:
        raise ModelNotFound(name=provider, known=", ".join(settings.providers) or "-")
    endpoint = endpoint_of(settings, provider)
    try:
        name = _named(settings, provider, model)
        return await (_said(models, provider, name) if name else _found(settings, models, provider))
    except ZhiwenError as error:
        if not isinstance(error.__cause__, (Refused, Silent, Unreachable)):
            raise
        advice_en, advice_zh = _advice(settings, endpoint, error.__cause__)
        told = {"reason_en": error.message("en"), "reason_zh": error.message("zh")}
        raise ProviderUnusable(name=provider, **told, advice_en=advice_en, advice_zh=advice_zh) from error


def _named(settings: Settings, provider: str, model: str) -> str:
    """The wanted model, or the first that the settings name; "" where the provider is to be asked. Raises
    `ModelNotFound`."""
    named = [one.name for one in named_models(settings) if one.provider == provider]
    for name in (model, f"{provider}/{model}"):
        found = find_model(settings, name) if model else None
        if found is not None and found.provider == provider:
            return name
    finds = settings.providers[provider].models == "auto"
    if model or not (named or finds):
        raise ModelNotFound(name=model or provider, known=", ".join(named) or "-")
    return next(iter(named), "")


async def _found(settings: Settings, models: ChatModels, provider: str) -> Tried:
    """The first chat model that the provider lists says a word; where it has only others, the list is the answer."""
    began = time.monotonic()
    listed = await models_of(settings, models.connections, provider)
    seconds = round(time.monotonic() - began, 3)
    chat = next((one.name for one in listed if one.kind == "llm"), "")
    if chat:
        return await _said(models, provider, f"{provider}/{chat}")
    if listed:
        return Tried(provider, listed[0].name, seconds, seconds, "")
    raise ProviderUnusable(
        name=provider,
        reason_en="It answers, but has no model.",
        reason_zh="它有响应，但没有任何模型。",
        advice_en="Load a model there, or name one in `models`",
        advice_zh="请在该服务中加载模型，或在 models 中写明模型名",
    )


async def _said(models: ChatModels, provider: str, name: str) -> Tried:
    began, first, text = time.monotonic(), 0.0, ""
    async for piece in models.stream([Message("user", "Say: ok")], Generation(name, max_tokens=16)):
        first = first or time.monotonic() - began
        text += piece.text
    return Tried(provider, name, round(first, 3), round(time.monotonic() - began, 3), text)


def _advice(settings: Settings, endpoint: Endpoint, failure: Refused | Silent | Unreachable) -> tuple[str, str]:
    """What to do about a failure, in English and Chinese."""
    section = settings.providers[endpoint.name]
    url, title = f'providers."{endpoint.name}".base_url', endpoint.preset.title or endpoint.name
    if isinstance(failure, Refused) and failure.status in KEY_REFUSED:
        variable = section.api_key_env or endpoint.preset.key_env
        place = variable or f'providers."{endpoint.name}".api_key'
        return f"Check the API key in {place}", f"请检查 {place} 中的 API 密钥"
    if isinstance(failure, Refused) and failure.status == NOT_FOUND:
        return (
            f"Check the name of the model, and {url}, which usually ends in /v1",
            f"请检查模型名和 {url}（地址通常以 /v1 结尾）",
        )
    if isinstance(failure, Unreachable) and endpoint.is_local:
        return (
            f"Start {title} on this machine, or set {url} if it listens elsewhere",
            f"请先在本机启动 {title}；如果它使用别的地址，请设置 {url}",
        )
    if isinstance(failure, (Unreachable, Silent)):
        return f"Check the network, the proxy and {url}", f"请检查网络、代理和 {url}"
    return f"Check that {url} is an OpenAI-compatible API", f"请检查 {url} 是否为 OpenAI 兼容接口"
