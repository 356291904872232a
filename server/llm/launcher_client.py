"""The knowledge API's side of the launcher's control endpoint: which services run; start, stop and replace models."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from configs.sections.services import CONTROL_TOKEN
from configs.settings import Settings
from server.errors import ModelChangeRefused, ModelStartFailed, ServiceUnavailable, ZhiwenError
from server.llm.catalog import LOADING_S
from server.llm.openai_stream import Refused, Silent, Unreachable
from server.llm.provider_calls import called
from server.llm.provider_connections import Connections
from server.llm.providers import Endpoint

LOOK_S = 5.0

_WORST_LAST = ("ready", "waiting", "starting", "restarting", "stopping", "stopped", "failed")
_BEST_FIRST = ("ready", "waiting", "starting", "restarting", "stopping", "failed", "stopped")


class LauncherClient:
    """Asks the launcher that started this process."""

    def __init__(self, settings: Settings, connections: Connections) -> None:
        self._settings = settings
        self._connections = connections
        self._token = os.environ.get(CONTROL_TOKEN, "")

    async def services(self) -> list[dict[str, Any]]:
        """Every service of the launcher with its state; none when this process was started without a launcher.

        Raises:
            ServiceUnavailable: the launcher does not answer.
        """
        return await self._call("/services", None, LOOK_S) if self._token else []

    async def start(self, name: str) -> None:
        """Start a model and wait until it can be asked.

        Raises:
            ModelChangeRefused: it runs already, or cannot run here.
            ModelStartFailed: it died while loading, or took too long.
            ServiceUnavailable: there is no launcher.
        """
        await self._change("/models/start", {"model_name": name})

    async def stop(self, name: str) -> None:
        """Stop a model and wait until its process is gone. Raises like `start`."""
        await self._change("/models/stop", {"model_name": name})

    async def replace(self, name: str, new_name: str) -> None:
        """Stop a model and start another; if that fails, the old one is started again. Raises like `start`."""
        await self._change("/models/replace", {"model_name": name, "new_model_name": new_name})

    async def _change(self, path: str, body: dict[str, str]) -> None:
        patience = self._settings.launcher
        loading_s = max(patience.start_timeout_s, *LOADING_S.values())
        # Stopping the old one, starting the new one, and perhaps the old one again.
        await self._call(path, body, 2 * loading_s + patience.stop_timeout_s + LOOK_S)

    async def _call(self, path: str, body: dict[str, str] | None, patience_s: float) -> Any:
        url = self._settings.services.control.url
        missing = ServiceUnavailable(name="The launcher", url=url, log="startup.py")
        if not self._token:
            raise missing
        headers = {"Authorization": f"Bearer {self._token}"}
        endpoint = Endpoint("launcher", url, headers=headers, key=self._token, timeout_s=patience_s)
        try:
            return (await called(self._connections, endpoint, path, body))["data"]
        except Refused as refused:
            raise _as_error(refused) from None
        except (Silent, Unreachable):
            raise missing from None


def _as_error(refused: Refused) -> ZhiwenError:
    """The launcher's errors are its own; their texts say all there is."""
    data = refused.body.get("data")
    told = {"reason_en": str(refused), "reason_zh": str((data or {}).get("msg_zh") or refused)}
    return ModelStartFailed(**told) if refused.status >= 500 else ModelChangeRefused(**told)


def by_model(services: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The service that tells the state of each model. One replica that is ready is enough; a replica is as well as
    the worst of its processes, of which vLLM's server is named before the worker that waits for it."""
    replicas: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for service in services:
        replica = service["name"].partition("-")[2]
        replicas.setdefault((service["model_name"], replica), []).append(service)
    told: dict[str, Mapping[str, Any]] = {}
    for (model, _), processes in replicas.items():
        mine = max(processes, key=lambda process: _WORST_LAST.index(process["state"]))
        told[model] = min(told.get(model, mine), mine, key=lambda process: _BEST_FIRST.index(process["state"]))
    return told
