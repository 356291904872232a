"""One operating-system process of a service, in a process group of its own, with its output in a log file."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from configs.settings import PROJECT_ROOT

_POSIX = os.name == "posix"
_TAIL_BYTES = 16_384


class Guardian:
    """The launcher's end of `guardian.py`; on Windows it does nothing."""

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._process: subprocess.Popen[str] | None = None

    def protect(self, group: int) -> None:
        """Have the group ended should the launcher vanish."""
        self._groups.add(group)
        self._tell(f"+{group}")

    def release(self, group: int) -> None:
        """The group is gone."""
        self._groups.discard(group)
        self._tell(f"-{group}")

    def close(self) -> None:
        """End the guardian, and with it every group that was not released."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
            self._process.wait()

    def _tell(self, line: str) -> None:
        if not _POSIX:
            return
        if self._process is None or self._process.poll() is not None:
            line = "\n".join(f"+{group}" for group in self._groups)
            self._process = self._start()
        stream = self._process.stdin
        if stream is not None and line:
            with contextlib.suppress(BrokenPipeError):
                stream.write(f"{line}\n")
                stream.flush()

    @staticmethod
    def _start() -> subprocess.Popen[str]:
        script = str(Path(__file__).with_name("guardian.py"))
        return subprocess.Popen(
            [sys.executable, "-I", "-S", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )


class Process:
    """A started process. `terminate` and `kill` may be called at any time; `exit_code` reaps."""

    def __init__(
        self, argv: Sequence[str], environment: Mapping[str, str], output: IO[bytes], guardian: Guardian
    ) -> None:
        """Start it; raises `OSError` when the program cannot be run."""
        flags = 0 if _POSIX else getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        self._guardian = guardian
        self._popen = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=PROJECT_ROOT,
            # The terminal's Ctrl-C must reach the launcher only, which then ends the services in order.
            start_new_session=_POSIX,
            creationflags=flags,
        )
        self.pid = self._popen.pid
        guardian.protect(self.pid)

    def exit_code(self) -> int | None:
        """None while it runs; when it has ended, its children are ended too. Negative: the signal that ended it."""
        if self._popen.returncode is None and self._popen.poll() is not None:
            self._kill_group()
            self._guardian.release(self.pid)
        return self._popen.returncode

    def terminate(self) -> None:
        """Ask it to end."""
        if self.exit_code() is None:
            self._popen.terminate()

    def kill(self) -> None:
        """End it and its children now; returns when it is gone."""
        if self.exit_code() is None:
            self._kill_group()
            self._popen.kill()
            self._popen.wait()
            self._guardian.release(self.pid)

    def _kill_group(self) -> None:
        if _POSIX:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        elif self._popen.returncode is None:
            import psutil

            with contextlib.suppress(psutil.Error):
                for child in psutil.Process(self.pid).children(recursive=True):
                    child.kill()


def open_log(path: Path, *, keep_previous: bool) -> IO[bytes]:
    """The log file, for appending; `keep_previous` moves an older one to `<name>.log.1` first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if keep_previous and path.exists():
        with contextlib.suppress(PermissionError):  # Windows: another launcher still writes to it
            path.replace(path.with_name(path.name + ".1"))
    return path.open("ab")


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines of a log, without blank ones; nothing when there is no log."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            text = stream.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()][-count:]
