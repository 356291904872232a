"""Which of the configured models this machine can run, and why. Looks at folders and packages, loads nothing."""

import importlib.util
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from configs.sections.base import PROJECT_ROOT
from configs.sections.models import EVERY_OTHER, EmbedModel, LlmModel, RerankModel
from configs.settings import Settings
from server.errors import ModelNotFound, ModelUnavailable
from server.llm.providers import ENGINE, find_model, named_models, offered_model, why_not
from server.llm.weights import AnyModel, defect, weights_folder

ENGINE_PACKAGES = {
    "fastchat": ("torch", "transformers", "accelerate"),
    "transformers": ("torch", "transformers", "accelerate"),
    "vllm": (),  # it lives in an environment of its own
    "sentence-transformers": ("sentence_transformers",),
    "cross-encoder": ("torch", "transformers"),
}
LOADING_S: Mapping[str, float] = {"fastchat": 600.0, "transformers": 600.0, "vllm": 900.0}
"""Seconds that a chat model with weights may take to load; `launcher.start_timeout_s` counts where it is longer. vLLM
compiles and tries its kernels besides."""
_LAST_RESORTS = frozenset({"builtin", "fake"})


@dataclass(frozen=True)
class Choice:
    """A model that can run here; with `usable` False one that is wanted and cannot, with the reason. `path` is its
    folder of weights, None when it needs none."""

    name: str
    model: AnyModel
    path: Path | None
    reason_en: str
    reason_zh: str
    usable: bool = True


def choose_llm(settings: Settings, name: str = "") -> Choice:
    """The named chat model, or the first available one of `models.llm_preference`.

    Raises:
        ModelNotFound: no model of that name is configured.
        ModelUnavailable: it, or every preferred one, cannot run here.
    """
    names = [name] if name else preferred_llms(settings)
    return _choose(settings, _chat_models(settings, names), names, bool(name))


def wanted_llm(settings: Settings) -> Choice:
    """Like `choose_llm` without a name. When no preferred model can run here, the first of them, which is not usable:
    everything but chatting goes on without it, and who asks it is told why."""
    try:
        return choose_llm(settings)
    except ModelUnavailable as error:
        names = preferred_llms(settings)
        return _unusable(names[0], _chat_models(settings, names)[names[0]], error)


def next_llms(settings: Settings, name: str) -> list[Choice]:
    """The preferred chat models after the named one that can run here, in order."""
    names = preferred_llms(settings)
    models = _chat_models(settings, names)
    later = names[names.index(name) + 1 :] if name in names else []
    found = ((other, models[other], weights_folder(settings, other, models[other])) for other in later)
    return [
        Choice(other, model, path, f"in the place of {name}", f"代替 {name}")
        for other, model, path in found
        if _why_not(settings, other, model, path) is None
    ]


def preferred_llms(settings: Settings) -> list[str]:
    """`models.llm_preference` with the names that "*" stands for: so one table more in the settings is enough."""
    named = settings.models.llm_preference
    local = [name for name, model in settings.models.llm.items() if model.engine not in _LAST_RESORTS]
    others = dict.fromkeys([*local, *(model.name for model in named_models(settings))])
    found: list[str] = []
    for name in named:
        found += [other for other in others if other not in named] if name == EVERY_OTHER else [name]
    return found


def _chat_models(settings: Settings, names: list[str]) -> dict[str, LlmModel]:
    """The tables of chat models, and what tables of providers offer, under these names or by their lists."""
    asked = [model for name in names if (model := find_model(settings, name))]
    offered = {
        model.name: LlmModel(engine=ENGINE, provider=model.provider, model=model.model)
        for model in [*named_models(settings), *asked]
    }
    return {**offered, **settings.models.llm}


def choose_embedder(settings: Settings, name: str = "") -> Choice:
    """The named embedding model, or the first available one of `models.embed_preference`.

    Raises:
        ModelNotFound: no model of that name is configured.
        ModelUnavailable: it, or every preferred one, cannot run here.
    """
    names = [name] if name else settings.models.embed_preference
    return _choose(settings, _embedders(settings, names), names, bool(name))


def wanted_embedder(settings: Settings) -> Choice:
    """Like `choose_embedder` without a name. When no preferred model can run here, the first of them, which is not
    usable: what needs no vectors goes on without it, and whoever loads it is told why."""
    try:
        return choose_embedder(settings)
    except ModelUnavailable as error:
        name = settings.models.embed_preference[0]
        return _unusable(name, _embedders(settings, [name])[name], error)


def choose_reranker(settings: Settings, name: str = "") -> Choice:
    """The named rerank model, or the first available one of `models.rerank_preference`, which may be empty.

    Raises:
        ModelNotFound: no model of that name is configured.
        ModelUnavailable: it, or every preferred one, cannot run here.
    """
    names = [name] if name else settings.models.rerank_preference
    offered = {
        one: RerankModel(engine=ENGINE, provider=found[0], model=found[1])
        for one in names
        if (found := offered_model(settings, one))
    }
    return _choose(settings, {**offered, **settings.models.rerank}, names, bool(name))


def _embedders(settings: Settings, names: list[str]) -> dict[str, EmbedModel]:
    """The tables of embedding models, and what tables of providers offer under these names."""
    offered = {
        name: EmbedModel(engine=ENGINE, provider=found[0], model=found[1])
        for name in names
        if (found := offered_model(settings, name))
    }
    return {**offered, **settings.models.embed}


def why_not_here(settings: Settings, name: str, model: AnyModel) -> tuple[str, str] | None:
    """Why a model cannot run on this machine, in English and Chinese; None when it can."""
    return _why_not(settings, name, model, weights_folder(settings, name, model))


def vllm_executable(settings: Settings) -> str | None:
    """The program of the setting `models.vllm.executable`; None when it is not there."""
    named = str(Path(settings.models.vllm.executable).expanduser())
    is_path = os.sep in named or "/" in named
    return shutil.which(str(PROJECT_ROOT / named) if is_path else named)


def _choose(settings: Settings, models: Mapping[str, AnyModel], names: list[str], explicit: bool) -> Choice:
    missing: list[tuple[str, str, str]] = []
    for name in names:
        if name not in models:
            raise ModelNotFound(name=name, known=", ".join(models))
        path = weights_folder(settings, name, models[name])
        reason = _why_not(settings, name, models[name], path)
        if reason is None:
            return _found(name, models[name], path, missing, explicit)
        missing.append((name, *reason))
    raise ModelUnavailable(
        name=", ".join(names),
        reason_en="; ".join(f"{name}: {en}" for name, en, _ in missing),
        reason_zh="；".join(f"{name}：{zh}" for name, _, zh in missing),
    )


def _why_not(settings: Settings, name: str, model: AnyModel, path: Path | None) -> tuple[str, str] | None:
    if model.engine == ENGINE:
        return why_not(settings, model)
    packages = ENGINE_PACKAGES.get(model.engine, ())
    absent = [package for package in packages if importlib.util.find_spec(package) is None]
    if absent:
        needs = " ".join(absent).replace("_", "-")
        return f"needs {needs} (pip install -r requirements.txt)", f"缺少 {needs}（pip install -r requirements.txt）"
    if model.engine == "vllm" and (reason := _no_vllm(settings)):
        return reason
    if model.engine in ENGINE_PACKAGES and path is None:
        return (
            f"no weights here (python startup.py --download {name})",
            f"本机没有权重（python startup.py --download {name}）",
        )
    if path is not None and model.engine in ENGINE_PACKAGES and (found := defect(path)):
        return (
            f"its weights are incomplete: {found[0]} (python startup.py --download {name})",
            f"权重不完整：{found[1]}（python startup.py --download {name}）",
        )
    return None


def _unusable(name: str, model: AnyModel, error: ModelUnavailable) -> Choice:
    return Choice(name, model, None, str(error.detail["reason_en"]), str(error.detail["reason_zh"]), usable=False)


def _no_vllm(settings: Settings) -> tuple[str, str] | None:
    if vllm_executable(settings) is not None:
        return None
    return (
        "needs vLLM, which is not here (make vllm, or set models.vllm.executable)",
        "缺少 vLLM（运行 make vllm，或设置 models.vllm.executable）",
    )


def _found(
    name: str, model: AnyModel, path: Path | None, missing: list[tuple[str, str, str]], explicit: bool
) -> Choice:
    if explicit:
        return Choice(name, model, path, "asked for by name", "按名称指定")
    if not missing:
        return Choice(name, model, path, "first preference", "首选模型")
    en = "; ".join(f"{other}: {reason}" for other, reason, _ in missing)
    zh = "；".join(f"{other}：{reason}" for other, _, reason in missing)
    return Choice(name, model, path, f"first available; {en}", f"首个可用模型；{zh}")
