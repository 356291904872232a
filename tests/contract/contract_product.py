"""`startup.py --all-api` on free loopback ports, with a scripted model and a scripted search engine behind it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from agent_model import ScriptedServer
from api_server import serving
from free_ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "knowledge_base" / "samples" / "content"
AGENT = "scripted-tools"
FIRST, SECOND = "first", "second"
"""Two local models; only the first one runs."""
SHARED = "samples"
"""A knowledge base that is there from the beginning, as in an installation of 0.2.10."""
PATIENCE_S = 90


@dataclass
class Product:
    """Where it listens. `public` is the address that download links must have, by settings."""

    port: int
    controller: str
    server: ScriptedServer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def public(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def script(self) -> list[dict[str, Any]]:
        """What the model of the agent says, turn by turn."""
        return self.server.script


@contextmanager
def running_product(folder: Path) -> Iterator[Product]:
    """Start everything, fill the shared knowledge base, and end every process afterwards."""
    server = ScriptedServer()
    ports = {name: free_port() for name in ("WEBUI", "API", "OPENAI_API", "CONTROLLER", "CONTROL")}
    product = Product(ports["API"], f"http://127.0.0.1:{ports['CONTROLLER']}", server)
    log = folder / "console.log"
    with serving(server.app()) as port, log.open("wb") as console:
        environment = _environment(folder, ports, f"http://127.0.0.1:{port}", product.public)
        command = [sys.executable, "startup.py", "--all-api", "-n", FIRST]
        launcher = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=console, stderr=subprocess.STDOUT)
        try:
            _wait(product, launcher, log)
            _fill(product)
            yield product
        finally:
            launcher.send_signal(signal.SIGTERM)
            try:
                launcher.wait(20)
            finally:
                launcher.kill()


def _environment(folder: Path, ports: dict[str, int], fake: str, public: str) -> dict[str, str]:
    values: dict[str, Any] = {
        **{f"SERVICES__{name}__PORT": port for name, port in ports.items()},
        "SERVICES__API__PUBLIC_URL": public,
        "PATHS__KNOWLEDGE_BASE": str(folder / "kb"),
        "PATHS__LOGS": str(folder / "logs"),
        "PATHS__MODELS": str(folder / "models"),
        "MODELS__EMBED_PREFERENCE": ["builtin-ngram"],
        "MODELS__LLM_PREFERENCE": [FIRST],
        "MODELS__LLM": {
            FIRST: {"engine": "fake"},
            SECOND: {"engine": "fake"},
            AGENT: {"engine": "provider", "provider": "scripted", "tools": True},
        },
        "PROVIDERS": {"scripted": {"base_url": f"{fake}/v1", "api_key": "sk-hidden", "max_retries": 0}},
        "SEARCH__ENGINES": {"searxng": {"url": fake}},
        "SEARCH__FETCH_PAGES": False,
        "INGEST__PARSERS": 1,
    }
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ZHIWEN", "BING_", "LC_"))}
    return {**own, "ZHIWEN_CONFIG": os.devnull, **{f"ZHIWEN__{name}": text for name, text in texts.items()}}


def _wait(product: Product, launcher: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not _is_ready(product):
        assert launcher.poll() is None, log.read_text("utf-8", errors="replace")
        assert time.monotonic() < deadline, log.read_text("utf-8", errors="replace")
        time.sleep(0.1)


def _is_ready(product: Product) -> bool:
    try:
        with httpx.Client(base_url=product.url, trust_env=False) as client:
            return FIRST in client.post("/llm_model/list_running_models").json()["data"]
    except (httpx.HTTPError, KeyError, TypeError):
        return False


def _fill(product: Product) -> None:
    names = ("知问使用指南.md", "RAG入门.md", "http-api.md", "支持的文件格式.md")
    files = [("files", (name, (SAMPLES / name).read_bytes())) for name in names]
    with httpx.Client(base_url=product.url, trust_env=False, timeout=60) as client:
        created = client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": SHARED})
        assert created.json()["code"] == 200, created.text
        sent = client.post("/knowledge_base/upload_docs", data={"knowledge_base_name": SHARED}, files=files)
        assert sent.json()["data"]["failed_files"] == {}, sent.text
