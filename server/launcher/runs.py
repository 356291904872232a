"""One service and what becomes of it: started, watched until it is ready, restarted when it dies, stopped.

Everything here runs in the supervisor's thread except the small thread that asks the probe.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from configs.sections.services import Launcher as Patience
from configs.settings import PROJECT_ROOT
from server.launcher.environment import for_service
from server.launcher.failures import SHOWN_LINES, Failure
from server.launcher.probes import Listens, Registered
from server.launcher.process import Guardian, Process, last_lines, open_log
from server.launcher.services import Service

PROBE_EVERY_S = 0.05
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0


class State(str, Enum):
    """Where a service stands."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


SETTLED = frozenset({State.READY, State.FAILED, State.STOPPED})


@dataclass(frozen=True)
class Surroundings:
    """What every service is run with. `answered` is called from probe threads, `changed` from the supervisor's."""

    environment: Mapping[str, str]
    logs: Path
    patience: Patience
    guardian: Guardian
    answered: Callable[["Run", int], None]
    changed: Callable[["Run"], None]


class Run:
    """One service."""

    def __init__(self, service: Service, surroundings: Surroundings) -> None:
        self.service = service
        self.state = State.WAITING
        self.failure: Failure | None = None
        self.restarts = 0
        self.pause_s = 0.0
        self.ready_after_s: float | None = None
        self._around = surroundings
        self._process: Process | None = None
        self._began = time.monotonic()
        self._deadline = 0.0
        self._attempt = 0
        self._was_ready = False
        self._deaths: deque[float] = deque()
        self._watching = threading.Event()

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process else None

    @property
    def log(self) -> Path:
        """Its log file."""
        return self._around.logs / self.service.log_name

    @property
    def seconds(self) -> float:
        """How long it took to get ready, or has been loading."""
        return self.ready_after_s if self.ready_after_s is not None else time.monotonic() - self._began

    def start(self) -> None:
        """Start the process and the thread that asks whether it is ready."""
        self._began = time.monotonic()
        self._deadline = self._began + self.service.start_timeout_s
        self._attempt += 1
        self.ready_after_s = None
        environment = for_service(self._around.environment, light=self.service.light, extra=self.service.env)
        try:
            with open_log(self.log, keep_previous=self._attempt == 1) as output:
                self._process = Process(self.service.argv, environment, output, self._around.guardian)
        except OSError as error:
            self._fail(Failure("not_started", 0, self._log_shown, detail=error.strerror or str(error)))
            return
        self._watching = threading.Event()
        name = f"probe-{self.service.name}"
        threading.Thread(target=self._ask, args=(self._watching, self._attempt), name=name, daemon=True).start()
        self._become(State.STARTING)

    def give_up(self, needed: str) -> None:
        """End it, or never start it: the service it needs has failed."""
        self._end()
        self._fail(Failure("held_back", 0, self._log_shown, detail=needed))

    def answer_came(self, attempt: int) -> None:
        """The probe of that attempt succeeded."""
        if attempt == self._attempt and self.state is State.STARTING:
            self.ready_after_s = time.monotonic() - self._began
            self._was_ready = True
            self.failure = None
            self._become(State.READY)

    def check(self) -> None:
        """Look at the process and the clock, and act; to be called every now and then."""
        now = time.monotonic()
        ended = self._process is not None and self._process.exit_code() is not None
        if self.state is State.STOPPING and (ended or now >= self._deadline):
            self._end()
            self._become(State.STOPPED)
        elif self.state in (State.STARTING, State.READY) and ended:
            self._died(now)
        elif self.state is State.STARTING and now >= self._deadline:
            self._end()
            self._gone(now, self._describe("timeout"))
        elif self.state is State.RESTARTING and now >= self._deadline:
            self.restarts += 1
            self.start()

    def stop(self) -> None:
        """Ask it to end; `check` kills it when it takes longer than `launcher.stop_timeout_s`."""
        self._watching.set()
        self.failure = None
        if self._process is None or self._process.exit_code() is not None:
            self._become(State.STOPPED)
            return
        self._process.terminate()
        self._deadline = time.monotonic() + self._around.patience.stop_timeout_s
        self._become(State.STOPPING)

    def kill(self) -> None:
        """End it now."""
        if self._process is not None:
            self._end()
            self._become(State.STOPPED)

    @property
    def _log_shown(self) -> str:
        return str(self.log.relative_to(PROJECT_ROOT) if self.log.is_relative_to(PROJECT_ROOT) else self.log)

    def _ask(self, watching: threading.Event, attempt: int) -> None:
        while not watching.is_set():
            if self.service.ready.answers():
                self._around.answered(self, attempt)
                return
            watching.wait(PROBE_EVERY_S)

    def _end(self) -> None:
        self._watching.set()
        if self._process is not None:
            self._process.kill()

    def _died(self, now: float) -> None:
        self._watching.set()
        self._gone(now, self._describe("died"))

    def _gone(self, now: float, failure: Failure) -> None:
        """Restart what has worked before, as often as the settings allow; a first start that fails is final."""
        patience = self._around.patience
        self._deaths.append(now)
        while now - self._deaths[0] > patience.restart_window_s:
            self._deaths.popleft()
        if not self._was_ready or len(self._deaths) > patience.restart_limit:
            self._fail(replace(failure, given_up=self.restarts))
            return
        self.failure = failure
        self.pause_s = min(FIRST_PAUSE_S * 2 ** (len(self._deaths) - 1), LONGEST_PAUSE_S)
        self._deadline = now + self.pause_s
        self._become(State.RESTARTING)

    def _describe(self, kind: str) -> Failure:
        code = self._process.exit_code() if self._process else None
        seconds = time.monotonic() - self._began
        lines = tuple(last_lines(self.log, SHOWN_LINES))
        if kind == "timeout":
            return Failure("timeout", seconds, self._log_shown, lines=lines, detail=_silent_controller(self.service))
        return Failure("died", seconds, self._log_shown, exit_code=code, lines=lines)

    def _fail(self, failure: Failure) -> None:
        self.failure = failure
        self._become(State.FAILED)

    def _become(self, state: State) -> None:
        self.state = state
        if state in (State.FAILED, State.STOPPED, State.RESTARTING):
            self._process = None
            self._tell_controller()
        self._around.changed(self)

    def _tell_controller(self) -> None:
        """A worker that was killed could not say goodbye, and would be sent questions that others can answer."""
        if self._was_ready and isinstance(self.service.ready, Registered):
            threading.Thread(target=self.service.ready.forget, name=f"forget-{self.service.name}", daemon=True).start()


def _silent_controller(service: Service) -> str:
    """The controller a worker could not register with, if that is why it is not ready."""
    probe = service.ready
    return probe.controller if isinstance(probe, Registered) and not Listens(probe.controller).answers() else ""
