"""Which of the configured models this machine can run, and why. Looks at folders and packages, loads nothing."""

import importlib.util
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from configs.sections.base import PROJECT_ROOT
from configs.sections.models import EmbedModel, LlmModel
from configs.settings import Settings
from server.errors import ModelNotFound, ModelUnavailable
from server.llm.providers import ENGINE, why_not

ENGINE_PACKAGES = {
    "fastchat": ("torch", "transformers", "accelerate"),
    "transformers": ("torch", "transformers", "accelerate"),
    "vllm": (),  # it lives in an environment of its own
    "sentence-transformers": ("sentence_transformers",),
}


@dataclass(frozen=True)
class Choice:
    """A model that can run here. `path` is its folder of weights, None when it needs none."""

    name: str
    model: LlmModel | EmbedModel
    path: Path | None
    reason_en: str
    reason_zh: str


def choose_llm(settings: Settings, name: str = "") -> Choice:
    """The named chat model, or the first available one of `models.llm_preference`.

    Raises:
        ModelNotFound: no model of that name is configured.
        ModelUnavailable: it, or every preferred one, cannot run here.
    """
    return _choose(settings, settings.models.llm, [name] if name else settings.models.llm_preference, bool(name))


def choose_embedder(settings: Settings, name: str = "") -> Choice:
    """The named embedding model, or the first available one of `models.embed_preference`.

    Raises:
        ModelNotFound: no model of that name is configured.
        ModelUnavailable: it, or every preferred one, cannot run here.
    """
    return _choose(settings, settings.models.embed, [name] if name else settings.models.embed_preference, bool(name))


def weights_folder(settings: Settings, name: str, model: LlmModel | EmbedModel) -> Path | None:
    """Where the weights of a model lie: its `path`, `<paths.models>/<name>`, or the Hugging Face cache."""
    candidates = [Path(model.path).expanduser()] if model.path else [settings.paths.models / name]
    if model.repo and not model.path:
        candidates += [settings.paths.models / model.repo.rsplit("/", 1)[-1], *_cached_snapshots(model.repo)]
    return next((folder for folder in candidates if (folder / "config.json").is_file()), None)


def vllm_executable(settings: Settings) -> str | None:
    """The program of the setting `models.vllm.executable`; None when it is not there."""
    named = str(Path(settings.models.vllm.executable).expanduser())
    is_path = os.sep in named or "/" in named
    return shutil.which(str(PROJECT_ROOT / named) if is_path else named)


def _cached_snapshots(repo: str) -> list[Path]:
    home = os.environ.get("HF_HOME") or Path("~/.cache/huggingface").expanduser()
    hub = Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub")
    snapshots = hub / f"models--{repo.replace('/', '--')}" / "snapshots"
    return sorted(snapshots.iterdir(), reverse=True) if snapshots.is_dir() else []


def _choose(
    settings: Settings, models: Mapping[str, LlmModel | EmbedModel], names: list[str], explicit: bool
) -> Choice:
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


def _why_not(settings: Settings, name: str, model: LlmModel | EmbedModel, path: Path | None) -> tuple[str, str] | None:
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
    return None


def _no_vllm(settings: Settings) -> tuple[str, str] | None:
    if vllm_executable(settings) is not None:
        return None
    named = settings.models.vllm.executable
    return (
        f"needs vLLM, which is not at {named} (make vllm, or set models.vllm.executable)",
        f"缺少 vLLM：{named} 不存在（运行 make vllm，或设置 models.vllm.executable）",
    )


def _found(
    name: str, model: LlmModel | EmbedModel, path: Path | None, missing: list[tuple[str, str, str]], explicit: bool
) -> Choice:
    if explicit:
        return Choice(name, model, path, "asked for by name", "按名称指定")
    if not missing:
        return Choice(name, model, path, "first preference", "首选模型")
    en = "; ".join(f"{other}: {reason}" for other, reason, _ in missing)
    zh = "；".join(f"{other}：{reason}" for other, _, reason in missing)
    return Choice(name, model, path, f"first available; {en}", f"首个可用模型；{zh}")
