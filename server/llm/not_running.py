"""Why a chat model of ours does not answer: as the launcher tells, which watches its worker, or as the settings do."""

from collections.abc import Mapping
from typing import Any

from configs.settings import Settings
from server.errors import ModelUnavailable, ServiceUnavailable
from server.llm.catalog import why_not_here
from server.llm.launcher_client import LauncherClient, by_model

Reasons = tuple[str, str]
_DOWN: Reasons = ("its worker is not running", "它的模型进程没有运行")


async def not_running(settings: Settings, launcher: LauncherClient, name: str, running: str) -> ModelUnavailable:
    """The error for a configured model without a worker; `running` are the names of those that can be asked."""
    en, zh = await _reasons(settings, launcher, name)
    return ModelUnavailable(
        name=name,
        reason_en=f"{en}; running: {running or 'none'}",
        reason_zh=f"{zh}；正在运行的有：{running or '无'}",
    )


async def _reasons(settings: Settings, launcher: LauncherClient, name: str) -> Reasons:
    try:
        service = by_model(await launcher.services()).get(name)
    except ServiceUnavailable:
        service = None
    if service is not None:
        return _of_service(service)
    why = why_not_here(settings, name, settings.models.llm[name])
    return _DOWN if why is None else (f"{_DOWN[0]}: {why[0]}", f"{_DOWN[1]}：{why[1]}")


def _of_service(service: Mapping[str, Any]) -> Reasons:
    state, failure = service["state"], service.get("failure")
    if state == "failed" and failure:
        return (
            f"{_DOWN[0]}, because it {failure['en'].rstrip('.')}",
            f"{_DOWN[1]}，原因：{failure['zh'].rstrip('。')}",
        )
    if state in ("waiting", "starting"):
        percent = service.get("percent")
        so_far = f"{service['seconds']:.0f} s" + ("" if percent is None else f", {percent}%")
        return f"it is still being loaded ({so_far})", f"正在加载（{so_far}）"
    if state == "restarting":
        return f"{_DOWN[0]}; it broke down and is being started again", f"{_DOWN[1]}，正在自动重启"
    return _DOWN
