"""`python startup.py` with the real services on free ports."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest
from free_ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120
NAMES = ("WEBUI", "API", "OPENAI_API", "CONTROLLER", "CONTROL")
MODELS = {"script": {"engine": "fake"}, "torn": {"engine": "fastchat", "path": "torn"}}
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))

pytestmark = pytest.mark.e2e


class Started:
    """A running startup.py."""

    def __init__(self, folder, *arguments, **variables):
        self.ports = dict(zip(NAMES, free_ports(len(NAMES)), strict=True))
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("ZHIWEN", "LC_"))}
        environment |= {f"ZHIWEN__SERVICES__{name}__PORT": str(port) for name, port in self.ports.items()}
        environment |= {
            "LANG": "C.UTF-8",
            "ZHIWEN_CONFIG": os.devnull,
            "ZHIWEN__PATHS__LOGS": str(folder / "logs"),
            "ZHIWEN__PATHS__KNOWLEDGE_BASE": str(folder / "knowledge_base"),
            "ZHIWEN__MODELS__LLM": json.dumps(MODELS),
            **variables,
        }
        self.output = folder / "output"
        with self.output.open("wb") as stream:
            self.process = subprocess.Popen(
                [sys.executable, ROOT / "startup.py", *arguments],
                stdout=stream,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=folder,
            )

    @property
    def text(self):
        return self.output.read_text("utf-8")

    def wait_until_ready(self):
        deadline = time.monotonic() + PATIENCE_S
        while "Ready in" not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.05)
        self.tree = psutil.Process(self.process.pid).children(recursive=True)

    def ask(self, name, path, body=None, token=""):
        request = urllib.request.Request(f"http://127.0.0.1:{self.ports[name]}{path}")
        request.add_header("Authorization", f"Bearer {token}")
        request.data = None if body is None else json.dumps(body).encode()
        try:
            with OPENER.open(request, timeout=PATIENCE_S) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def left(self):
        _, alive = psutil.wait_procs(self.tree, timeout=30)
        return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def start(tmp_path):
    started = []

    def begin(*arguments, **variables):
        started.append(Started(tmp_path, *arguments, **variables))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.end()


def test_one_command_starts_all_and_one_signal_ends_all(start):
    zhiwen = start("-a")
    zhiwen.wait_until_ready()
    for line in ("controller", "OpenAI API", "knowledge API", "web page", "model builtin-extractive"):
        assert f"{line:<24}  ready" in zhiwen.text
    assert f"Open http://127.0.0.1:{zhiwen.ports['WEBUI']} in a browser" in zhiwen.text
    assert zhiwen.ask("OPENAI_API", "/v1/models")[1]["data"][0]["id"] == "builtin-extractive"
    assert zhiwen.ask("API", "/health")[0] == 200
    assert len(zhiwen.tree) == 6, "five services and the guardian, no grandchildren"
    began = time.monotonic()
    assert zhiwen.end(signal.SIGINT) == 0
    assert time.monotonic() - began < 15
    assert zhiwen.left() == []
    assert "Traceback" not in zhiwen.text


def test_kill_9_leaves_nothing(start):
    zhiwen = start("-a")
    zhiwen.wait_until_ready()
    zhiwen.end(signal.SIGKILL)
    assert zhiwen.left() == []


def test_models_are_started_replaced_and_stopped_while_running(start):
    zhiwen = start("--all-api")
    zhiwen.wait_until_ready()
    api = next(child for child in zhiwen.tree if "server.api" in child.cmdline())
    token = api.environ()["ZHIWEN_CONTROL_TOKEN"]
    others = [child.environ() for child in zhiwen.tree if child.pid != api.pid]
    assert not any("ZHIWEN_CONTROL_TOKEN" in environment for environment in others)

    def models():
        return {model["id"] for model in zhiwen.ask("OPENAI_API", "/v1/models")[1]["data"]}

    def control(path, token=token, **body):
        status, answer = zhiwen.ask("CONTROL", path, body or None, token)
        assert answer["code"] == status
        return status, answer

    assert control("/services", token="wrong")[0] == 401
    assert control("/models/stop", token="", model_name="builtin-extractive")[0] == 401
    states = {one["name"]: one["state"] for one in control("/services")[1]["data"]}
    assert states == dict.fromkeys(("api", "controller", "openai_api", "worker-builtin-extractive"), "ready")

    assert control("/models/start", model_name="builtin-extractive")[1]["data"]["code"] == "model_running"
    assert control("/models/start", model_name="nope")[0] == 404
    assert control("/models/start", model_name=7)[0] == 422
    assert control("/models/start")[0] == 404, "GET"
    assert control("/models/start", model_name="torn")[1]["data"]["code"] == "model_unavailable"

    status, answer = control("/models/start", model_name="script")
    assert (status, answer["data"]["state"]) == (200, "ready")
    assert models() == {"builtin-extractive", "script"}
    status, answer = control("/models/stop", model_name="script")
    assert (status, answer["data"]["state"]) == (200, "stopped")
    assert models() == {"builtin-extractive"}
    assert control("/models/stop", model_name="script")[0] == 409

    assert control("/models/replace", model_name="builtin-extractive", new_model_name="nope")[0] == 404
    assert models() == {"builtin-extractive"}, "the old one is still there"
    assert control("/models/replace", model_name="builtin-extractive", new_model_name="script")[0] == 200
    assert models() == {"script"}
    assert zhiwen.end() == 0
    assert zhiwen.left() == []


def test_a_model_that_fails_to_load_is_told_and_the_old_one_comes_back(start, tmp_path):
    torn = tmp_path / "torn"
    torn.mkdir()
    (torn / "config.json").write_text("{")
    models = {**MODELS, "torn": {"engine": "fastchat", "path": str(torn)}}
    preference = json.dumps(["builtin-extractive"])
    zhiwen = start("--all-api", ZHIWEN__MODELS__LLM=json.dumps(models), ZHIWEN__MODELS__LLM_PREFERENCE=preference)
    zhiwen.wait_until_ready()
    api = next(child for child in zhiwen.tree if "server.api" in child.cmdline())
    token = api.environ()["ZHIWEN_CONTROL_TOKEN"]
    body = {"model_name": "builtin-extractive", "new_model_name": "torn"}
    status, answer = zhiwen.ask("CONTROL", "/models/replace", body, token)
    assert (status, answer["data"]["code"]) == (502, "model_not_started")
    states = {one["name"]: one["state"] for one in zhiwen.ask("CONTROL", "/services", token=token)[1]["data"]}
    assert states["worker-builtin-extractive"] == "ready"
    assert states["worker-torn"] == "failed"
    assert "last lines of" in zhiwen.text
