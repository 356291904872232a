"""Start, stop and replace chat models while everything runs. Safe to call from any thread; one change at a time."""

import threading
from collections.abc import Iterator
from typing import Any

from configs.settings import Settings
from server.launcher.arguments import Options
from server.launcher.errors import ModelNotRunning, ModelNotStarted, ModelRunning, ShuttingDown
from server.launcher.plan import with_options, worker_place
from server.launcher.runs import Run, State
from server.launcher.services import Service
from server.launcher.supervisor import Supervisor
from server.launcher.worker_plan import model_services
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
            return self._start(self._services(name))

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
            services = self._services(new_name)
            if self._is_running(new_name):
                raise ModelRunning(name=new_name)
            old = self._services(name)
            self._stop(name)
            try:
                return self._start(services)
            except ModelNotStarted:
                self._start(old)
                raise

    def _services(self, name: str) -> list[Service]:
        options = Options(model_names=(name,), lite=self._options.lite)
        settings = with_options(self._settings, options)
        services = model_services(worker_place(settings, self._options, self._free), choose_llm(settings, name))
        if not services:  # a provider's model runs elsewhere, always
            raise ModelRunning(name=name)
        return services

    def _start(self, services: list[Service]) -> dict[str, Any]:
        """Start the processes of a model one after another; should one fail, none is left."""
        runs: list[Run] = []
        for service in services:
            runs.append(self._supervisor.add(service).result())
            try:
                self._check(runs[-1])
            except ModelNotStarted:
                for started in reversed(runs[:-1]):
                    self._supervisor.remove(started.service.name).result()
                raise
        return _described(runs[-1])

    @staticmethod
    def _check(run: Run) -> None:
        service = run.service
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

    def _stop(self, name: str) -> dict[str, Any]:
        if not self._is_running(name):
            running = ", ".join(run.service.model for run in self._running())
            raise ModelNotRunning(name=name, running=running or "-")
        mine = [run for run in self._running() if run.service.model == name]
        return [_described(self._supervisor.remove(run.service.name).result()) for run in reversed(mine)][-1]

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
        "failure": failure
        and {
            "en": f"{failure.summary('en')}. {failure.advice('en')}",
            "zh": f"{failure.summary('zh')}。{failure.advice('zh')}",
        },
    }
