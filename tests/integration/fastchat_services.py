"""Start FastChat's processes on free loopback ports, for tests."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from free_ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 240


def wait_until(condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, f"not within {patience_s} s: {what}"
        time.sleep(0.03)


@dataclass
class Process:
    popen: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def listens(self) -> bool:
        assert self.popen.poll() is None, self.log.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def end(self, how: int = signal.SIGTERM) -> float:
        """Seconds until the process is gone."""
        start = time.monotonic()
        self.popen.send_signal(how)
        self.popen.wait(PATIENCE_S)
        return time.monotonic() - start


@dataclass
class Fabric:
    """A controller, an OpenAI API and workers. The address of the controller is known before it runs."""

    folder: Path
    controller_port: int = field(default_factory=free_port)
    processes: list[Process] = field(default_factory=list)
    key: str = ""

    @property
    def controller_url(self) -> str:
        return f"http://127.0.0.1:{self.controller_port}"

    def start(self, module: str, *flags: str, port: int = 0) -> Process:
        port = port or free_port()
        log = self.folder / f"{len(self.processes)}.log"
        environment = {**os.environ, "HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
        if self.key:
            environment["ZHIWEN_OPENAI_API_KEY"] = self.key
        with log.open("wb") as output:
            command = [sys.executable, "-m", module, "--port", str(port), *flags]
            popen = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        self.processes.append(Process(popen, port, log))
        return self.processes[-1]

    def controller(self) -> Process:
        return self.start("server.llm.fastchat.controller", port=self.controller_port)

    def openai_api(self) -> Process:
        return self.start("server.llm.fastchat.openai_api", "--controller-address", self.controller_url)

    def worker(self, kind: str, name: str, *flags: str) -> Process:
        flags = ("--controller-address", self.controller_url, "--model-name", name, *flags)
        return self.start(f"server.llm.workers.{kind}", *flags)

    def models(self) -> list[str]:
        try:
            with httpx.Client(trust_env=False, timeout=60) as client:
                return sorted(client.post(f"{self.controller_url}/list_models").json()["models"])
        except httpx.HTTPError:
            return []

    def wait_for(self, *names: str) -> None:
        def ready() -> bool:
            return set(names) <= set(self.models()) and all(process.listens() for process in self.processes)

        wait_until(ready, f"running models {names}")

    def close(self) -> None:
        for process in self.processes:
            if process.popen.poll() is None:
                process.popen.kill()
                process.popen.wait()
