"""Start, stop and replace chat models while everything runs. Safe to call from any thread.

A model has one start at a time. Stopping it calls off a start that is under way, which may take minutes.
"""

import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from configs.settings import Settings
from server.launcher.arguments import Options
from server.launcher.errors import ModelNotRunning, ModelNotStarted, ModelRunning, StoppedWhileLoading
from server.launcher.failures import Failure
from server.launcher.loading import percent_loaded
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
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._called_off: set[str] = set()
        self._planning = threading.Lock()  # two threads cannot ask an iterator for ports at a time

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
            StoppedWhileLoading: somebody stopped it meanwhile.
        """
        services = self._services(name)
        if self._running(name):
            raise ModelRunning(name=name)
        with self._turns[name]:
            self._called_off.discard(name)
            return self._start(name, services)

    def stop(self, name: str) -> dict[str, Any]:
        """Stop a model, also one that is loading, and wait until its process is gone. Raises `ModelNotRunning`."""
        self._called_off.add(name)
        stopped = self._end(name)
        # A start that was called off may have brought one more process up in the meantime.
        with self._turns[name]:
            stopped += self._end(name)
        if not stopped:
            running = ", ".join(dict.fromkeys(run.service.model for run in self._running()))
            raise ModelNotRunning(name=name, running=running or "-")
        return _described(stopped[-1])

    def replace(self, name: str, new_name: str) -> dict[str, Any]:
        """Stop a model, then start another: both may not fit into memory together.

        Raises the errors of `start` and `stop`. What can be known before is checked before the old one is stopped; if
        the new one then fails, the old one is started again.
        """
        self._services(new_name)
        if self._running(new_name):
            raise ModelRunning(name=new_name)
        self._services(name)
        self.stop(name)
        try:
            return self.start(new_name)
        except ModelNotStarted:
            with contextlib.suppress(ModelRunning):  # somebody else was faster
                self.start(name)
            raise

    def _services(self, name: str) -> list[Service]:
        options = Options(model_names=(name,), lite=self._options.lite)
        settings = with_options(self._settings, options)
        choice = choose_llm(settings, name)
        with self._planning:
            services = model_services(worker_place(settings, self._options, self._free), choice)
        if not services:  # a provider's model runs elsewhere, always
            raise ModelRunning(name=name)
        return services

    def _start(self, name: str, services: list[Service]) -> dict[str, Any]:
        """Start the processes of a model one after another; should one fail, none is left."""
        runs: list[Run] = []
        for service in services:
            runs.append(self._supervisor.add(service).result())
            try:
                self._check(name, runs[-1])
            except ModelNotStarted:
                for started in reversed(runs[:-1]):
                    self._supervisor.remove(started.service.name).result()
                raise
        return _described(runs[-1])

    def _check(self, name: str, run: Run) -> None:
        if failure := _failure(run):
            raise ModelNotStarted(
                name=run.service.model,
                reason_en=failure.summary("en"),
                reason_zh=failure.summary("zh"),
                advice_en=failure.advice("en"),
                advice_zh=failure.advice("zh"),
            )
        if run.state is not State.READY or name in self._called_off:
            raise StoppedWhileLoading(name=name)

    def _end(self, name: str) -> list[Run]:
        """Stop every process of a model that is there."""
        return [self._supervisor.remove(run.service.name).result() for run in reversed(self._running(name))]

    def _running(self, name: str = "") -> list[Run]:
        """The processes of a model, or of all, that are there or coming."""
        gone = (State.STOPPED, State.FAILED)
        present = [run for run in self._supervisor.runs() if run.service.model and run.state not in gone]
        return [run for run in present if name in ("", run.service.model)]


def _failure(run: Run) -> Failure | None:
    """Why it failed, for people of other machines, who have no use for the place of its log."""
    return run.failure and replace(run.failure, log=run.service.log_name)


def _described(run: Run) -> dict[str, Any]:
    failure = _failure(run)
    return {
        "name": run.service.name,
        "model_name": run.service.model,
        "state": run.state.value,
        "address": run.service.address,
        "pid": run.pid,
        "seconds": round(run.seconds, 1),
        "percent": percent_loaded(run),
        "restarts": run.restarts,
        "log": run.service.log_name,
        "failure": failure
        and {
            "en": f"{failure.summary('en')}. {failure.advice('en')}",
            "zh": f"{failure.summary('zh')}。{failure.advice('zh')}",
        },
    }
