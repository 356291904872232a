"""Start, stop and replace chat models while everything runs. Safe to call from any thread; one change at a time."""

import threading
from collections.abc import Iterator
from typing import Any

from configs.settings import Settings
from server.launcher.arguments import Options
from server.launcher.errors import ModelNotRunning, ModelNotStarted, ModelRunning, ShuttingDown
from server.launcher.plan import Service, with_options, worker
from server.launcher.runs import Run, State
from server.launcher.supervisor import Supervisor
from server.llm.catalog import choose_llm


class Models:
    """The chat models this launcher owns."""

    def __init__(self, settings: Settings, options: Options, supervisor: Supervisor, free: Iterator[int]) -> None:
        self._settings = settings
        self._options = options
        self._supervisor = supervisor
        self._free = free
        self._change = threading.Lock()

    def services(self) -> list[dict[str, Any]]:
        """Every service with its state, as JSON."""
        return [_described(run) for run in self._supervisor.runs()]

    def start(self, name: str) -> dict[str, Any]:
        """Start a model and wait until it can be asked.

        Raises:
            ModelNotFound: it is not configured.
            ModelUnavailable: it cannot run here; NeedsWeights: not under `--lite`.
            ModelRunning: it is there already.
            ModelNotStarted: it died while loading, or took too long.
        """
        with self._change:
            return self._start(self._service(name))

    def stop(self, name: str) -> dict[str, Any]:
        """Stop a model and wait until its process is gone. Raises `ModelNotRunning`."""
        with self._change:
            return self._stop(name)

    def replace(self, name: str, new_name: str) -> dict[str, Any]:
        """Stop a model, then start another: both may not fit into memory together.

        Raises the errors of `start` and `stop`. What can be known before is checked before the old one is stopped; if
        the new one then fails, the old one is started again.
        """
        with self._change:
            service = self._service(new_name)
            if self._is_running(new_name):
                raise ModelRunning(name=new_name)
            old = self._service(name)
            self._stop(name)
            try:
                return self._start(service)
            except ModelNotStarted:
                self._start(old)
                raise

    def _service(self, name: str) -> Service:
        options = Options(model_names=(name,), lite=self._options.lite)
        settings = with_options(self._settings, options)
        return worker(settings, self._options, choose_llm(settings, name), free=self._free)

    def _start(self, service: Service) -> dict[str, Any]:
        run = self._supervisor.add(service).result()
        if run.failure is not None:
            raise ModelNotStarted(
                name=service.model,
                reason_en=run.failure.summary("en"),
                reason_zh=run.failure.summary("zh"),
                advice_en=run.failure.advice("en"),
                advice_zh=run.failure.advice("zh"),
            )
        if run.state is not State.READY:
            raise ShuttingDown
        return _described(run)

    def _stop(self, name: str) -> dict[str, Any]:
        if not self._is_running(name):
            running = ", ".join(run.service.model for run in self._running())
            raise ModelNotRunning(name=name, running=running or "-")
        return _described(self._supervisor.remove(f"worker-{name}").result())

    def _is_running(self, name: str) -> bool:
        return any(run.service.model == name for run in self._running())

    def _running(self) -> list[Run]:
        gone = (State.STOPPED, State.FAILED)
        return [run for run in self._supervisor.runs() if run.service.model and run.state not in gone]


def _described(run: Run) -> dict[str, Any]:
    failure = run.failure
    return {
        "name": run.service.name,
        "model_name": run.service.model,
        "state": run.state.value,
        "address": run.service.address,
        "pid": run.pid,
        "seconds": round(run.seconds, 1),
        "restarts": run.restarts,
        "log": run.service.log_name,
        "failure": failure and {"en": failure.summary("en"), "zh": failure.summary("zh")},
    }
