"""The pool of parser processes: starts them when needed, watches each file, ends them when idle.

A file that takes too long or too much memory, or whose reader crashes, takes down its own process only and is told as
unreadable with the reason.
"""

import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Protocol

import psutil

from configs import PROJECT_ROOT, Settings
from server.errors import FileUnreadable, ZhiwenError, by_code
from server.knowledge_base.parse_cache import ParseCache
from server.knowledge_base.reading import Pages, Piece, Report, Task, Text, read, too_large

TICK_S = 0.25
IDLE_S = 30
RETIRE_MB = 700  # a process that has grown this large is replaced after its file
MB = 1024 * 1024

Cancelled = Callable[[], bool]


class ParsingCancelled(Exception):
    """The caller no longer wants this file."""


class Parser(Protocol):
    """Reads files. Safe for threads."""

    def parse(self, task: Task, report: Report, cancelled: Cancelled) -> Text:
        """Read one file; raises `ParsingCancelled` soon after `cancelled` turns true."""
        ...

    def close(self) -> None:
        """End what runs."""
        ...


def cache_of(settings: Settings) -> ParseCache:
    """The cache all processes of one installation share."""
    return ParseCache(settings.paths.knowledge_base / ".cache", settings.ingest.cache_mb)


class InlineParser:
    """Reads in the caller's own process: for tests, and where starting a process costs more than it protects."""

    def __init__(self, settings: Settings) -> None:
        self._cache = cache_of(settings)
        self._loaders = settings.ingest.loaders

    def parse(self, task: Task, report: Report, cancelled: Cancelled) -> Text:
        """See `Parser.parse`; it can be cancelled between pages only."""

        def checked(stage: str, page: int, pages: int) -> None:
            if cancelled():
                raise ParsingCancelled
            report(stage, page, pages)

        return read(task, self._cache, checked, self._loaders)

    def close(self) -> None:
        """Nothing runs."""


class ParserPool:
    """At most `ingest.parsers` processes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._free = threading.Semaphore(settings.ingest.parsers)
        self._lock = threading.Lock()
        self._idle: list[tuple[float, _Process]] = []
        self._closed = False

    def parse(self, task: Task, report: Report, cancelled: Cancelled) -> Text:
        """See `Parser.parse`."""
        with self._free:
            process = self._take()
            try:
                text = process.parse(task, report, cancelled)
            except BaseException:
                process.end()
                raise
            self._give_back(process)
            return text

    def _take(self) -> "_Process":
        with self._lock:
            while self._idle:
                _, process = self._idle.pop()
                if process.is_alive:
                    return process
                process.end()
        return _Process(self._settings)

    def _give_back(self, process: "_Process") -> None:
        if not process.is_alive or process.memory_mb > RETIRE_MB:
            process.end()
            return
        with self._lock:
            if not self._closed:
                self._idle.append((time.monotonic(), process))
                timer = threading.Timer(IDLE_S + 1, self._end_idle)
                timer.daemon = True
                timer.start()
                return
        process.end()

    def _end_idle(self) -> None:
        with self._lock:
            limit = time.monotonic() - IDLE_S
            old = [process for since, process in self._idle if since < limit]
            self._idle = [entry for entry in self._idle if entry[0] >= limit]
        for process in old:
            process.end()

    def close(self) -> None:
        """End all processes that are not reading."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for _, process in idle:
            process.end()


class _Process:
    """One parser process and the thread that reads its answers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        threads = max(1, (os.cpu_count() or 1) // settings.ingest.parsers)
        environment = {**os.environ, "ZHIWEN_OCR_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
        # A process that is killed tidies nothing up: its temporary files go with this folder.
        self._scratch = tempfile.mkdtemp(prefix="zhiwen-")
        self._child = subprocess.Popen(
            [sys.executable, "-m", "server.knowledge_base.parser", self._scratch],
            cwd=PROJECT_ROOT,
            env={**environment, "PYTHONUTF8": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._watch = psutil.Process(self._child.pid)
        self._answers: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._child.stdout is not None  # noqa: S101  # it is a pipe, see above
        for line in self._child.stdout:
            self._answers.put(line)
        self._answers.put(b"")

    @property
    def is_alive(self) -> bool:
        """Whether it can take another file."""
        return self._child.poll() is None

    @property
    def memory_mb(self) -> float:
        """Resident memory; 0 when it is gone."""
        try:
            return self._watch.memory_info().rss / MB
        except psutil.NoSuchProcess:
            return 0

    def parse(self, task: Task, report: Report, cancelled: Cancelled) -> Text:
        """Have it read one file while watching time, memory and the wish to cancel."""
        self._send(task)
        limits = self._settings.ingest
        deadline = time.monotonic() + limits.file_timeout_s
        pieces: list[Piece] = []
        while True:
            if cancelled():
                raise ParsingCancelled
            if time.monotonic() > deadline:
                return self._given_up(_too_slow(task.name))
            if self.memory_mb > limits.file_memory_mb:
                return self._given_up(too_large(task.name))
            answer = self._answer()
            if answer is None:
                return self._given_up(_crashed(task.name))
            if "done" in answer:
                return _text(answer["done"], pieces)
            if "stage" in answer:
                report(answer["stage"], answer["page"], answer["pages"])
            else:
                pieces += [Piece(*each) for each in answer["pieces"]]

    def _answer(self) -> dict[str, Any] | None:
        """The next answer; an empty one when there is none yet, None when the process is gone."""
        try:
            line = self._answers.get(timeout=TICK_S)
        except queue.Empty:
            return {"pieces": []}
        return json.loads(line) if line else None

    def _send(self, task: Task) -> None:
        assert self._child.stdin is not None  # noqa: S101  # it is a pipe, see above
        order = {
            "path": str(task.path),
            "name": task.name,
            "sha256": task.sha256,
            "size": task.size,
            "recipe": asdict(task.recipe),
            "cache": str(self._settings.paths.knowledge_base / ".cache"),
            "cache_mb": self._settings.ingest.cache_mb,
            "loaders": self._settings.ingest.loaders,
        }
        try:
            self._child.stdin.write(json.dumps(order).encode() + b"\n")
            self._child.stdin.flush()
        except OSError:
            pass  # it has died, which the silence of its answers tells

    def _given_up(self, error: ZhiwenError) -> Text:
        self.end()
        return Text(error=error)

    def end(self) -> None:
        """End it at once, and delete its temporary files."""
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue
        shutil.rmtree(self._scratch, ignore_errors=True)


def _text(done: dict[str, Any], pieces: list[Piece]) -> Text:
    found, with_text, empty = done["pages"]
    error = by_code(*done["error"]) if done["error"] else None
    pages = Pages(found, with_text, tuple(empty))
    return Text(tuple(pieces), done["loader"], done["splitter"], pages, error)


def _too_slow(name: str) -> FileUnreadable:
    return FileUnreadable(
        name=name,
        reason_en="reading it takes longer than ingest.file_timeout_s allows",
        reason_zh="读取它所需的时间超过设置 ingest.file_timeout_s",
    )


def _crashed(name: str) -> FileUnreadable:
    return FileUnreadable(name=name, reason_en="its reader crashed", reason_zh="读取程序崩溃")
