"""Settings of providers → where and how to ask them, and which models they have. Pure; nothing is asked here."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from configs.sections.models import EmbedModel, LlmModel, RerankModel
from configs.sections.providers import Provider
from configs.settings import Settings
from server.errors import ModelUnavailable
from server.llm.provider_presets import PRESETS, UNNAMED, Preset

ENGINE = "provider"
MODEL = "{model}"
LEAST_SECRET = 8
"""Characters of a header below which it is no secret but a word that any text may hold."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible API. `headers` hold the key and are never shown; `concurrency` 0 means no limit.

    In `base_url`, `{model}` stands for the model that is asked, and a query goes to the end of every address: so are
    deployments of Azure reached whose API has versions.
    """

    name: str
    base_url: str
    preset: Preset = UNNAMED
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    key: str = field(default="", repr=False)
    proxy: str = field(default="", repr=False)
    timeout_s: float = 120.0
    max_retries: int = 0
    concurrency: int = 0

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, where neither proxies nor certificates are needed."""
        return urlsplit(self.base_url).hostname in LOOPBACK

    @property
    def host(self) -> str:
        """Its address as people should see it, without a path."""
        return urlsplit(self.base_url).netloc

    def base(self, model: str) -> tuple[str, dict[str, str]]:
        """The address that every route of a model begins with, and the query that every one ends with."""
        address, _, query = self.base_url.partition("?")
        return address.rstrip("/").replace(MODEL, quote(model, safe="")), dict(parse_qsl(query))

    def url(self, path: str, model: str = "") -> str:
        """The address of a route; of a `path` that is a whole address the host is that of `base_url`."""
        if "://" in path:
            own, given = urlsplit(self.base_url), urlsplit(path)
            # Nobody but who is named in the settings must get the key.
            return urlunsplit(given._replace(scheme=own.scheme, netloc=own.netloc))
        address, query = self.base(model)
        return f"{address}{path}?{urlencode(query)}" if query else f"{address}{path}"

    def without_secrets(self, text: str) -> str:
        """A text of the service, which may repeat the key or what else it was sent in secret."""
        hidden = {self.key, *(value for value in self.headers.values() if len(value) >= LEAST_SECRET)}
        for secret in sorted(hidden - {""}, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


@dataclass(frozen=True)
class ProviderModel:
    """A chat model of a provider: the name it has here, and the name the provider knows it by."""

    name: str
    provider: str
    model: str
    tools: bool = False
    window: int = 0


def find_model(settings: Settings, name: str) -> ProviderModel | None:
    """The model of that name when a provider has it: a table of `models.llm`, or PROVIDER/MODEL."""
    configured = settings.models.llm.get(name)
    if configured is not None:
        return _configured(name, configured) if configured.engine == ENGINE else None
    offered = offered_model(settings, name)
    return ProviderModel(name, *offered) if offered else None


def offered_model(settings: Settings, name: str) -> tuple[str, str] | None:
    """Provider and model where the name is PROVIDER/MODEL, and the table of that provider offers the model."""
    provider, _, model = name.partition("/")
    offered = settings.providers[provider].models if provider in settings.providers else ()
    return (provider, model) if model and (offered == "auto" or model in offered) else None


def named_models(settings: Settings) -> list[ProviderModel]:
    """Every provider's chat model that the settings name; those that "auto" finds are not among them."""
    return list(_named(settings))


def endpoint_of(settings: Settings, name: str, model: str = "") -> Endpoint:
    """How the provider of that name is reached; `model` is the one that is wanted, for the text of an error.

    Raises:
        ModelUnavailable: its preset does not exist, or its address or key is missing.
    """
    provider = settings.providers[name]
    preset = _preset(name, provider, model or name)
    base_url = provider.base_url or preset.base_url
    if not base_url:
        setting = f'providers."{name}".base_url'
        raise _unusable(model or name, f"its provider has no address; set {setting}", f"没有服务地址，请设置 {setting}")
    key = _key(provider, preset)
    if preset.needs_key and not key:
        variable = provider.api_key_env or preset.key_env
        raise _unusable(
            model or name,
            f'its provider "{name}" has no API key; set the environment variable {variable}',
            f"服务商“{name}”没有 API 密钥，请设置环境变量 {variable}",
        )
    return Endpoint(
        name=name,
        base_url=base_url,
        preset=preset,
        headers=_headers(provider, preset, key),
        key=key,
        proxy=provider.proxy.get_secret_value(),
        timeout_s=provider.timeout_s,
        max_retries=provider.max_retries,
        concurrency=provider.concurrency,
    )


def why_not(settings: Settings, model: LlmModel | EmbedModel | RerankModel) -> tuple[str, str] | None:
    """Why the provider of a model cannot be asked, in English and Chinese; None when it can."""
    try:
        preset = endpoint_of(settings, model.provider).preset
    except ModelUnavailable as error:
        return str(error.detail["reason_en"]), str(error.detail["reason_zh"])
    if isinstance(model, EmbedModel) and not preset.embeddings:
        return f"{preset.title} has no embedding models", f"{preset.title} 没有向量模型"
    if isinstance(model, RerankModel) and not preset.rerank:
        return f"{preset.title} has no rerank models", f"{preset.title} 没有重排模型"
    return None


def _named(settings: Settings) -> Iterator[ProviderModel]:
    for name, model in settings.models.llm.items():
        if model.engine == ENGINE:
            yield _configured(name, model)
    for provider, section in settings.providers.items():
        for model in () if section.models == "auto" else section.models:
            yield ProviderModel(f"{provider}/{model}", provider, model)


def _configured(name: str, model: LlmModel) -> ProviderModel:
    return ProviderModel(name, model.provider, model.model or name, model.tools, model.window)


def _preset(name: str, provider: Provider, model: str) -> Preset:
    if not provider.preset:
        return UNNAMED
    if provider.preset not in PRESETS:
        known = ", ".join(PRESETS)
        raise _unusable(
            model,
            f'providers."{name}": there is no preset "{provider.preset}"; there are: {known}',
            f"providers.{name}：没有名为“{provider.preset}”的预设，可用的有：{known}",
        )
    return PRESETS[provider.preset]


def _key(provider: Provider, preset: Preset) -> str:
    if key := provider.api_key.get_secret_value():
        return key
    variable = provider.api_key_env or preset.key_env
    return os.environ.get(variable, "") if variable else ""


def _headers(provider: Provider, preset: Preset, key: str) -> dict[str, str]:
    own = {name: value.get_secret_value() for name, value in provider.headers.items()}
    if not key:
        return own
    return {"api-key": key, **own} if preset.auth == "api-key" else {"Authorization": f"Bearer {key}", **own}


def _unusable(name: str, reason_en: str, reason_zh: str) -> ModelUnavailable:
    return ModelUnavailable(name=name, reason_en=reason_en, reason_zh=reason_zh)
