"""Downloads of weights that people ask for while everything runs, each in a process of its own.

A process can be ended at any moment, which the libraries of the hubs do not offer, and its memory goes back to the
system. It says on its standard output, in lines of JSON, how many bytes there are and how it ended.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from configs.settings import PROJECT_ROOT, Settings
from server.errors import (
    DownloadFailed,
    DownloadNotFound,
    DownloadRunning,
    Language,
    ModelNotFound,
    ZhiwenError,
    by_code,
)
from server.llm.downloading import Wanted, fetch, wanted

State = Literal["running", "done", "failed", "cancelled"]
END_S = 5.0


@dataclass(frozen=True)
class Download:
    """One download. `total` is 0 until the hub has told it; `error` says why it failed."""

    name: str
    state: State = "running"
    total: int = 0
    arrived: int = 0
    began: float = field(default_factory=time.time)
    error: ZhiwenError | None = None

    def reason(self, language: Language) -> str:
        """Why it failed; "" when it did not."""
        return self.error.message(language) if self.error else ""


class Downloads:
    """The downloads since the start of this process. Every method may be called from any thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._known: dict[str, Download] = {}
        self._processes: dict[str, subprocess.Popen[str]] = {}

    def start(self, name: str) -> Download:
        """Fetch the weights of a configured model in the background.

        Raises:
            ModelNotFound: no such model is configured.
            NothingToDownload: it has no repository.
            DownloadRunning: that is being done already.
        """
        what = wanted(self._settings, name)
        if not what.configured:
            raise ModelNotFound(name=name, known=", ".join(self._configured()))
        with self._lock:
            if name in self._processes:
                raise DownloadRunning(name=name)
            if what.state != "missing":
                self._known[name] = Download(name, "done")
                return self._known[name]
            self._known[name] = Download(name)
            process = self._processes[name] = self._spawn(name)
        threading.Thread(target=self._follow, args=(what, process), name=f"download-{name}", daemon=True).start()
        return self._known[name]

    def cancel(self, name: str) -> Download:
        """End a download; what has arrived is kept for the next one. Raises `DownloadNotFound`."""
        with self._lock:
            process = self._processes.pop(name, None)
            if process is None:
                raise DownloadNotFound(name=name)
            self._known[name] = replace(self._known[name], state="cancelled")
        _end(process)
        return self._known[name]

    def all(self) -> list[Download]:
        """Newest first, with the bytes that are there by now."""
        with self._lock:
            found = sorted(self._known.values(), key=lambda one: one.began, reverse=True)
        return [self._measured(one) if one.state == "running" else one for one in found]

    def close(self) -> None:
        """End those that run."""
        with self._lock:
            running, self._processes = list(self._processes.values()), {}
        for process in running:
            _end(process)

    def _configured(self) -> Sequence[str]:
        models = self._settings.models
        return [*models.llm, *models.embed, *models.rerank]

    def _measured(self, one: Download) -> Download:
        arrived = wanted(self._settings, one.name).arrived
        return replace(one, arrived=min(arrived, one.total) if one.total else arrived)

    def _spawn(self, name: str) -> "subprocess.Popen[str]":
        self._settings.paths.logs.mkdir(parents=True, exist_ok=True)
        argv = [sys.executable, "-m", "server.llm.downloads", name]
        with (self._settings.paths.logs / "download.log").open("ab") as log:
            return subprocess.Popen(
                argv, cwd=PROJECT_ROOT, env=dict(os.environ), stdout=subprocess.PIPE, stderr=log, text=True
            )

    def _follow(self, what: Wanted, process: "subprocess.Popen[str]") -> None:
        said: dict[str, Any] = {}
        for line in process.stdout or ():
            said = json.loads(line)
            if "total" in said:
                self._change(what.name, process, total=said["total"])
        process.wait()
        if process.returncode == 0:
            self._change(what.name, process, state="done", over=True)
            return
        error = by_code(said["error"], said["detail"]) if "error" in said else _died(what, process.returncode)
        self._change(what.name, process, state="failed", error=error, over=True)

    def _change(self, name: str, process: "subprocess.Popen[str]", *, over: bool = False, **values: Any) -> None:
        with self._lock:
            if self._processes.get(name) is process:
                self._known[name] = replace(self._known[name], **values)
                if over:
                    del self._processes[name]


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _died(what: Wanted, code: int) -> ZhiwenError:
    place = {"repo": what.repo, "endpoint": what.repo, "folder": _place(what.target)}
    reasons = {"reason_en": f"its process ended with code {code}", "reason_zh": f"下载进程退出，代码 {code}"}
    return DownloadFailed(name=what.name, **place, **reasons)


def _place(target: Path) -> str:
    """Where the weights belong, as people of other machines may know it."""
    return f"{target.parent.name}/{target.name}"


def main(name: str) -> int:
    """What the process of one download does; its exit code."""
    from configs.settings import load_settings

    def say(**values: Any) -> None:
        sys.stdout.write(json.dumps(values, default=str) + "\n")
        sys.stdout.flush()

    try:
        settings = load_settings()
        what = wanted(settings, name)
        fetch(settings, what, lambda total: say(total=total))
    except ZhiwenError as error:
        detail = error.detail | ({"folder": _place(Path(error.detail["folder"]))} if "folder" in error.detail else {})
        say(error=error.code, detail=detail)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
