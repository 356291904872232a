"""Which chat models there are, in which state, and changing that: from launcher, controller and settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from configs.settings import Settings
from server.errors import ModelNotFound, ModelUnavailable
from server.llm.catalog import choose_llm
from server.llm.chat_models import ChatModels
from server.llm.launcher_client import LauncherClient, by_model
from server.llm.provider_trial import Tried, try_provider
from server.llm.providers import ENGINE, endpoint_of, find_model, named_models

State = Literal["running", "loading", "stopping", "failed", "stopped", "unavailable"]
_STATES: Mapping[str, State] = {
    "starting": "loading",
    "restarting": "loading",
    "waiting": "loading",
    "ready": "running",
    "stopping": "stopping",
    "failed": "failed",
}
"""States of the launcher's services; others mean that nothing runs."""


@dataclass(frozen=True)
class ModelState:
    """One chat model. `reason_en` and `reason_zh` say why it failed or cannot start; `seconds` is its loading time,
    `percent` how much of its weights is loaded, where that is known."""

    name: str
    kind: Literal["local", "online"]
    engine: str
    state: State
    address: str = ""
    seconds: float = 0.0
    percent: int | None = None
    restarts: int = 0
    log: str = ""
    reason_en: str = ""
    reason_zh: str = ""
    can_start: bool = False
    can_stop: bool = False


class ModelStates:
    """Looks at models and changes them."""

    def __init__(self, settings: Settings, models: ChatModels) -> None:
        self._settings = settings
        self._models = models
        self._launcher = LauncherClient(settings, models.connections)

    async def all(self) -> list[ModelState]:
        """Every configured chat model, and those that run without being configured here.

        Raises:
            ServiceUnavailable: launcher or controller do not answer.
        """
        running = set(await self._models.running())
        services = by_model(await self._launcher.services())
        configured = [self._local(name, services.get(name), running) for name in self._local_names()]
        online = {model.name: self._online(model.name) for model in named_models(self._settings)}
        others = running.difference(online, (state.name for state in configured))
        return [*configured, *online.values(), *(self._other(name) for name in sorted(others))]

    async def services(self) -> list[dict[str, Any]]:
        """See `LauncherClient.services`."""
        return await self._launcher.services()

    async def start(self, name: str) -> None:
        """See `LauncherClient.start`; raises also `ModelNotFound`."""
        self._check_known(name)
        await self._launcher.start(name)

    async def stop(self, name: str) -> None:
        """See `LauncherClient.stop`; raises also `ModelNotFound`."""
        self._check_known(name)
        await self._launcher.stop(name)

    async def replace(self, name: str, new_name: str) -> None:
        """See `LauncherClient.replace`; raises also `ModelNotFound`."""
        self._check_known(name)
        self._check_known(new_name)
        await self._launcher.replace(name, new_name)

    async def try_provider(self, provider: str, model: str = "") -> Tried:
        """See `provider_trial.try_provider`."""
        return await try_provider(self._settings, self._models, provider, model)

    def _local_names(self) -> list[str]:
        return [name for name, model in self._settings.models.llm.items() if model.engine != ENGINE]

    def _local(self, name: str, service: Mapping[str, Any] | None, running: set[str]) -> ModelState:
        engine = self._settings.models.llm[name].engine
        if service is None:
            # A worker that somebody else started, maybe on another machine, is none of this launcher's.
            why = None if name in running else self._why_not(name)
            state: State = "running" if name in running else "unavailable" if why else "stopped"
            en, zh = why or ("", "")
            return ModelState(name, "local", engine, state, reason_en=en, reason_zh=zh, can_start=state == "stopped")
        state, failure = _STATES.get(service["state"], "stopped"), service.get("failure") or {}
        return ModelState(
            name,
            "local",
            engine,
            state,
            address=service["address"],
            seconds=service["seconds"],
            percent=service.get("percent"),
            restarts=service["restarts"],
            log=service["log"],
            reason_en=failure.get("en", ""),
            reason_zh=failure.get("zh", ""),
            can_start=state in ("failed", "stopped"),
            can_stop=state in ("running", "loading"),
        )

    def _why_not(self, name: str) -> tuple[str, str] | None:
        try:
            choose_llm(self._settings, name)
        except ModelUnavailable as error:
            return str(error.detail["reason_en"]), str(error.detail["reason_zh"])
        return None

    def _online(self, name: str) -> ModelState:
        found = find_model(self._settings, name)
        provider = found.provider if found else ""
        try:
            host = endpoint_of(self._settings, provider).host
        except ModelUnavailable as error:
            en, zh = str(error.detail["reason_en"]), str(error.detail["reason_zh"])
            return ModelState(name, "online", provider, "unavailable", reason_en=en, reason_zh=zh)
        return ModelState(name, "online", provider, "running", address=host)

    def _other(self, name: str) -> ModelState:
        return self._online(name) if find_model(self._settings, name) else ModelState(name, "local", "", "running")

    def _check_known(self, name: str) -> None:
        if name not in self._settings.models.llm and find_model(self._settings, name) is None:
            raise ModelNotFound(name=name, known=", ".join(self._settings.models.llm))
