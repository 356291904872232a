"""What is running here: versions, models and why these. Versions are looked up, packages are not imported."""

import platform
from collections.abc import Callable, Sequence, Set
from importlib.metadata import PackageNotFoundError, version

from configs.settings import Settings, local_file
from configs.version import VERSION
from server.errors import ModelUnavailable
from server.launcher.labels import Labels, padded
from server.launcher.runs import Run, State
from server.launcher.worker_plan import device
from server.llm.catalog import Choice, choose_embedder, choose_llm
from server.masking import masked_url


def banner(settings: Settings, runs: Sequence[Run], llms: Sequence[Choice], labels: Labels) -> list[str]:
    """Lines for the console; `llms` are the chat models that should run here."""
    rows = _system(settings, labels)
    failed = {run.service.model for run in runs if run.state is State.FAILED}
    failed -= {run.service.model for run in runs if run.state is State.READY}
    rows += [(labels("llm"), _llm(settings, choice, failed, labels)) for choice in llms]
    instead = {run.service.model for run in runs if run.service.model} - failed - {choice.name for choice in llms}
    rows += [(labels("llm"), f"{name} ({labels('stands_in')})") for name in instead]
    rows.append((labels("embed"), _chosen(settings, choose_embedder, labels)))
    rows += [(labels(run.service.name), run.service.address) for run in runs if not run.service.model]
    return ["", *_aligned(rows), ""]


def summary(settings: Settings, labels: Labels) -> list[str]:
    """What would run here, for a command line that asks for nothing."""
    file = local_file()
    rows = _system(settings, labels)
    rows.append((labels("settings"), str(file) if file.is_file() else labels("none_yet")))
    rows.append((labels("database"), masked_url(settings.database_url)))
    rows.append((labels("llm"), _chosen(settings, choose_llm, labels)))
    rows.append((labels("embed"), _chosen(settings, choose_embedder, labels)))
    for name in ("webui", "api", "openai_api", "controller"):
        rows.append((labels(name), getattr(settings.services, name).url))
    return ["", *_aligned(rows), ""]


def _system(settings: Settings, labels: Labels) -> list[tuple[str, str]]:
    return [
        (labels("system"), platform.platform(terse=True)),
        (labels("python"), platform.python_version()),
        (labels("versions"), _versions()),
        (labels("splitter"), settings.knowledge_base.splitter),
    ]


def _versions() -> str:
    names = {"langchain-core": "langchain-core", "fastchat": "fschat"}
    return ", ".join([f"zhiwen {VERSION}", *(f"{shown} {_version(package)}" for shown, package in names.items())])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


def _described(settings: Settings, choice: Choice, labels: Labels) -> str:
    reason = choice.reason_zh if labels.language == "zh" else choice.reason_en
    return f"{choice.name} @ {device(settings, choice)} ({reason})"


def _llm(settings: Settings, choice: Choice, failed: Set[str], labels: Labels) -> str:
    if choice.usable:
        return (
            f"{choice.name}: {labels('see_above')}" if choice.name in failed else _described(settings, choice, labels)
        )
    return f"{labels('missing')}: {choice.reason_zh if labels.language == 'zh' else choice.reason_en}"


def _chosen(settings: Settings, choose: Callable[[Settings], Choice], labels: Labels) -> str:
    try:
        return _described(settings, choose(settings), labels)
    except ModelUnavailable as error:
        return f"{labels('missing')}: {error.message(labels.language)}"


def _aligned(rows: Sequence[tuple[str, str]]) -> list[str]:
    return [f"  {padded(name, 18)}{value}" for name, value in rows]
