"""`startup.py --all-api` as a person starts it: with a settings file of its own, on free loopback ports."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
from free_ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("webui", "api", "openai_api", "controller", "control")
PATIENCE_S = 120


class Stand:
    """A running Zhiwen: its two HTTP APIs and its processes."""

    def __init__(self, folder: Path, ports: dict[str, int], launcher: "subprocess.Popen[bytes]") -> None:
        self.folder = folder
        self.launcher = launcher
        self.openai = f"http://127.0.0.1:{ports['openai_api']}"
        self.api = httpx.Client(base_url=f"http://127.0.0.1:{ports['api']}", trust_env=False, timeout=PATIENCE_S)
        self.api.headers["Accept-Language"] = "en"
        self.seen: dict[int, psutil.Process] = {}

    @property
    def console(self) -> str:
        return (self.folder / "console.log").read_text("utf-8", errors="replace")

    def wait_until(self, holds, *, seconds: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert self.launcher.poll() is None, self.console
            assert time.monotonic() < deadline, self.console
            time.sleep(0.1)

    def post(self, path: str, **body) -> tuple[int, dict]:
        answer = self.api.post(path, json=body)
        return answer.status_code, answer.json()

    def states(self) -> dict[str, dict]:
        return {one["name"]: one for one in self.api.get("/llm_model/states").json()["data"]}

    def fastchat_models(self) -> set[str]:
        listed = httpx.get(f"{self.openai}/v1/models", trust_env=False, timeout=PATIENCE_S).json()["data"]
        return {model["id"] for model in listed}

    def chat(self, base: str, model: str, text: str = "你好", **options) -> "Said":
        """One question to `/v1` of the knowledge API ("api") or of FastChat ("openai")."""
        url = self.openai if base == "openai" else str(self.api.base_url)
        body = {"model": model, "messages": [{"role": "user", "content": text}], "max_tokens": 8, **options}
        began = time.monotonic()
        headers = {"Accept-Language": "en"}
        answer = httpx.post(
            f"{url}/v1/chat/completions", json=body, headers=headers, trust_env=False, timeout=PATIENCE_S
        )
        return Said(answer.status_code, answer.text, time.monotonic() - began)

    def processes(self) -> dict[str, psutil.Process]:
        """The workers by model, and all others by their process id."""
        found = {}
        for child in psutil.Process(self.launcher.pid).children(recursive=True):
            self.seen[child.pid] = child
            words = child.cmdline()
            name = words[words.index("--model-name") + 1] if "--model-name" in words else str(child.pid)
            found[name] = child
        return found

    def workers(self, model: str) -> list[psutil.Process]:
        """The processes of one model."""
        children = psutil.Process(self.launcher.pid).children(recursive=True)
        return [child for child in children if {"--model-name", model} <= set(child.cmdline())]

    def memory(self) -> int:
        """Bytes that all processes hold."""
        return sum(process.memory_info().rss for process in self.processes().values())

    def left(self) -> list[psutil.Process]:
        """Processes of this run that are alive."""
        _, alive = psutil.wait_procs(self.seen.values(), timeout=30)
        return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


class Said:
    """An answer of `/v1/chat/completions`."""

    def __init__(self, status: int, body: str, seconds: float) -> None:
        self.status = status
        self.body = body
        self.seconds = seconds

    @property
    def text(self) -> str:
        """The words of the answer, streamed or not."""
        if not self.body.startswith(("data:", ":")):
            return json.loads(self.body)["choices"][0]["message"]["content"]
        choices = [choice for event in self.events for choice in event.get("choices") or ()]
        return "".join(choice["delta"].get("content") or "" for choice in choices)

    @property
    def events(self) -> list[dict]:
        lines = [line.removeprefix("data:").strip() for line in self.body.splitlines() if line.startswith("data:")]
        return [json.loads(line) for line in lines if line != "[DONE]"]

    @property
    def error(self) -> str:
        """The reason of a refusal: of an HTTP error, or of an error event."""
        told = self.events[-1] if self.body.startswith(("data:", ":")) else json.loads(self.body)
        error = told.get("error", told)
        return error["message"] if "message" in error else error["msg"]


@contextmanager
def stand(folder: Path, toml: str, *options: str, variables: dict[str, str] | None = None) -> Iterator[Stand]:
    """Start with these settings and options, wait until all is ready or has failed, end everything afterwards."""
    ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
    paths = [f'{name} = "{(folder / name).as_posix()}"' for name in ("knowledge_base", "logs", "models")]
    places = [f"[services.{name}]\nport = {port}" for name, port in ports.items()]
    (folder / "local.toml").write_text("\n".join(["[paths]", *paths, *places, toml]), "utf-8")
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ZHIWEN", "LC_"))}
    environment = {**own, "LANG": "C.UTF-8", "ZHIWEN_CONFIG": str(folder / "local.toml"), **(variables or {})}
    command = [sys.executable, "startup.py", "--all-api", *options]
    with (folder / "console.log").open("wb") as console:
        launcher = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=console, stderr=subprocess.STDOUT)
    running = Stand(folder, ports, launcher)
    try:
        running.wait_until(lambda: "Ready in" in running.console or "Some models" in running.console)
        running.processes()
        yield running
    finally:
        running.api.close()
        if launcher.poll() is None:
            running.processes()
            launcher.send_signal(signal.SIGTERM)
            launcher.wait(PATIENCE_S)
