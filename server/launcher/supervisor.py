"""Runs the services: starts what may start, watches, restarts, and ends everything in order.

One thread, one loop. Signals, probe threads and the control endpoint put what they want into a queue, so nothing here
needs a lock. The loop never waits for a single service.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Protocol

from configs.sections.services import Launcher as Patience
from server.launcher.environment import for_services
from server.launcher.errors import ModelNotRunning, ModelRunning, ShuttingDown
from server.launcher.process import Guardian
from server.launcher.runs import SETTLED, Run, State, Surroundings
from server.launcher.services import Service

TICK_S = 0.05
IDLE_TICK_S = 0.2
GONE = frozenset({State.STOPPING, State.STOPPED, State.FAILED})


class View(Protocol):
    """Shows what happens."""

    def show(self, run: Run) -> None:
        """A service has changed its state."""
        ...

    def settled(self, runs: Sequence[Run], *, ok: bool) -> None:
        """Every service is ready or has failed; `ok` unless a critical one failed."""
        ...

    def stopping(self) -> None:
        """Everything is being stopped."""
        ...


class Supervisor:
    """Owner of all processes, inside a `with` block.

    `start` and `run` belong to the main thread; `add`, `remove` and `runs` to anyone.
    """

    def __init__(
        self,
        services: Sequence[Service],
        logs: Path,
        patience: Patience,
        stand_ins: Sequence[Sequence[Service]] = (),
        *,
        needs_model: bool = False,
    ) -> None:
        """See `Plan` for `stand_ins` and `needs_model`."""
        self._guardian = Guardian()
        self._wishes: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._around = Surroundings(
            for_services(os.environ), logs, patience, self._guardian, self._answered, self._changed
        )
        self._runs = {service.name: Run(service, self._around) for service in services}
        self._stand_ins = list(stand_ins)
        self._needs_model = needs_model
        self._waiting: dict[str, list[Future[Run]]] = {}
        self._early: list[Run] = []
        self._view: View | None = None
        self._starting = True
        self._ending = False
        self._code = 0

    def __enter__(self) -> "Supervisor":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Whatever happened, no process is left."""
        for run in self.runs():
            run.kill()
        for futures in self._waiting.values():
            for future in futures:
                future.set_exception(ShuttingDown())
        self._guardian.close()

    def runs(self) -> list[Run]:
        """All services, in the order of the plan."""
        return list(self._runs.values())

    def start(self) -> None:
        """Start what needs to wait for nothing. Signals are ours from here on."""
        for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._on_signal)
        # Under nohup the hang-up is ignored, and stays so.
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
            signal.signal(signal.SIGHUP, self._on_signal)
        self._start_due()

    def run(self, view: View) -> int:
        """Keep the services running until a signal or a critical failure; returns the exit code."""
        self._view = view
        for run in self._early:
            view.show(run)
        while not self._finished():
            self._turn()
        return self._code

    def add(self, service: Service) -> "Future[Run]":
        """Start one more service; the result is its run once it is ready or has failed.

        The future raises `ModelRunning` when it is there already and `ShuttingDown` at the end.
        """
        result: Future[Run] = Future()
        self._wishes.put(lambda: self._add(service, result))
        return result

    def remove(self, name: str) -> "Future[Run]":
        """Stop one service for good, also one that is loading; the result is its run once its process is gone.

        The future raises `ModelNotRunning` when there is none and `ShuttingDown` at the end.
        """
        result: Future[Run] = Future()
        self._wishes.put(lambda: self._remove(name, result))
        return result

    def end(self, code: int = 0) -> None:
        """Stop everything in reverse order and leave `run` with this code; a second call kills."""
        if self._ending:
            for run in self.runs():
                run.kill()
            return
        self._ending = True
        self._code = code
        if self._view:
            self._view.stopping()
        for run in reversed(self.runs()):
            if run.state is not State.FAILED:
                run.stop()

    def _turn(self) -> None:
        busy = self._starting or self._ending or bool(self._waiting)
        with contextlib.suppress(Empty):
            self._wishes.get(timeout=TICK_S if busy else IDLE_TICK_S)()
        for run in self.runs():
            run.check()
        if self._ending:
            return
        if self._starting:
            self._bring_in_stand_in()
        self._start_due()
        if self._starting:
            self._see_whether_settled()
        elif all(run.state is State.FAILED for run in self.runs()):
            self.end(code=1)

    def _see_whether_settled(self) -> None:
        failed = [run for run in self.runs() if run.state is State.FAILED]
        lost = len(failed) == len(self._runs) or any(run.service.critical for run in failed)
        lost = lost or (self._needs_model and self._no_model_loads())
        if not lost and not all(run.state in SETTLED for run in self.runs()):
            return
        self._starting = False
        if self._view:
            self._view.settled(self.runs(), ok=not lost)
        if lost:
            self.end(code=1)

    def _bring_in_stand_in(self) -> None:
        if self._stand_ins and self._no_model_loads():
            for service in self._stand_ins.pop(0):
                self._runs[service.name] = Run(service, self._around)

    def _no_model_loads(self) -> bool:
        """Whether there are models, and every process of theirs has failed."""
        models = [run for run in self.runs() if run.service.model]
        return bool(models) and all(run.state is State.FAILED for run in models)

    def _start_due(self) -> None:
        """Start what has waited long enough, and end what cannot work any more."""
        for run in self.runs():
            needed = [self._runs[name] for name in run.service.after if name in self._runs]
            failed = [other.service.name for other in needed if other.state is State.FAILED]
            if failed and run.state not in GONE:
                run.give_up(failed[0])
            elif run.state is State.WAITING and all(other.state is State.READY for other in needed):
                run.start()

    def _finished(self) -> bool:
        return self._ending and all(run.state in (State.STOPPED, State.FAILED) for run in self.runs())

    def _answered(self, run: Run, attempt: int) -> None:
        self._wishes.put(lambda: run.answer_came(attempt))

    def _changed(self, run: Run) -> None:
        if self._view:
            self._view.show(run)
        else:
            self._early.append(run)
        if run.state in SETTLED:
            for future in self._waiting.pop(run.service.name, ()):
                future.set_result(run)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._wishes.put(self.end)

    def _add(self, service: Service, result: "Future[Run]") -> None:
        present = self._runs.get(service.name)
        if self._ending:
            result.set_exception(ShuttingDown())
        elif present and present.state not in (State.FAILED, State.STOPPED):
            result.set_exception(ModelRunning(name=service.model or service.name))
        else:
            self._waiting[service.name] = [result]
            run = self._runs[service.name] = Run(service, self._around)
            run.start()

    def _remove(self, name: str, result: "Future[Run]") -> None:
        run = self._runs.get(name)
        if self._ending:
            result.set_exception(ShuttingDown())
        elif run is None or run.state is State.STOPPED:
            running = ", ".join(other.service.model for other in self.runs() if other.service.model)
            result.set_exception(ModelNotRunning(name=name, running=running))
        else:
            self._waiting.setdefault(name, []).append(result)
            if run.state is not State.STOPPING:
                run.stop()
