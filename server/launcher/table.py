"""The console while services run: one live table on a terminal, plain lines anywhere else."""

import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from server.launcher.labels import Labels, padded
from server.launcher.runs import Run, State
from server.launcher.supervisor import View

if TYPE_CHECKING:
    from rich.table import Table

_COLOURS = {State.READY: "green", State.FAILED: "red", State.RESTARTING: "yellow", State.STARTING: "cyan"}

Banner = Callable[[Sequence[Run]], list[str]]


def view_for(labels: Labels, banner: Banner, began: float) -> View:
    """The view that suits standard output. `began` is the `time.monotonic()` of the launcher's start."""
    return LiveTable(labels, banner, began) if sys.stdout.isatty() else PlainLines(labels, banner, began)


class PlainLines:
    """A line for each change."""

    def __init__(self, labels: Labels, banner: Banner, began: float) -> None:
        self._labels = labels
        self._banner = banner
        self._began = began
        self._settled = False

    def show(self, run: Run) -> None:
        """Write the change; a failure comes with its log lines and what to do."""
        if run.state is State.STOPPING or (run.state is State.STARTING and not run.restarts):
            return
        self.write(self._line(run))
        if run.failure and run.state in (State.FAILED, State.RESTARTING):
            for line in run.failure.report(self._labels.language):
                self.write(f"    {line}")

    def settled(self, runs: Sequence[Run], *, ok: bool) -> None:
        """Write the banner, or that there is nothing to see."""
        self._settled = True
        if not ok:
            self.write(self._labels("start_failed"))
            return
        for line in self._banner(runs):
            self.write(line)
        self.write(self._labels("all_ready", time.monotonic() - self._began))
        if any(run.state is State.FAILED for run in runs):
            self.write(self._labels("some_failed"))
        page = next((run.service.address for run in runs if run.service.name == "webui"), None)
        if page:
            self.write(self._labels("open", page))
        self.write(self._labels("how_to_stop"))

    def stopping(self) -> None:
        """Say so at once: it may take seconds."""
        self.write(self._labels("stopping_all"))

    def write(self, line: str) -> None:
        """One line; a reader that has gone away (`| head`) must not end the services."""
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

    def _line(self, run: Run) -> str:
        language = self._labels.language
        words = [padded(self._labels.service(run.service.name), 24), self._labels(run.state.value)]
        if run.state is State.READY:
            words += [f"{run.seconds:.1f} s", run.service.address]
        elif run.failure and run.state in (State.FAILED, State.RESTARTING):
            words.append(run.failure.summary(language))
        if run.state is State.RESTARTING:
            words.append(self._labels("after_restart", run.pause_s))
        return "  ".join(words)


class LiveTable(PlainLines):
    """One table that follows the start; afterwards plain lines."""

    def __init__(self, labels: Labels, banner: Banner, began: float) -> None:
        super().__init__(labels, banner, began)
        from rich.live import Live

        self._shown: dict[str, Run] = {}
        self._live = Live(get_renderable=self._table, refresh_per_second=8)

    def show(self, run: Run) -> None:
        """Change the row, or write a line once the table stands still."""
        if self._settled:
            super().show(run)
            return
        self._shown[run.service.name] = run
        if not self._live.is_started:
            self._live.start()
        if run.state is State.FAILED:
            super().show(run)

    def settled(self, runs: Sequence[Run], *, ok: bool) -> None:
        """Leave the last table on the screen."""
        self._live.stop()
        super().settled(runs, ok=ok)

    def stopping(self) -> None:
        """Interrupted while starting, the table stands still here."""
        self._live.stop()
        self._settled = True
        super().stopping()

    def _table(self) -> "Table":
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for key in ("service", "state", "seconds", "address"):
            table.add_column(self._labels(key), justify="right" if key == "seconds" else "left")
        for run in list(self._shown.values()):
            state = Text(self._labels(run.state.value), style=_COLOURS.get(run.state, "dim"))
            name = Text(self._labels.service(run.service.name))
            table.add_row(name, state, f"{run.seconds:.1f}", run.service.address)
        return table
