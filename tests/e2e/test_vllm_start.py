"""`engine = "vllm"` from the settings to an answer, with a stand-in for vLLM's program."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import openai
import pytest
from free_ports import free_port

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = Path(__file__).with_name("vllm_stand_in.py")

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(os.name == "nt", reason="the stand-in is a POSIX script")]


@pytest.fixture
def launch(tmp_path):
    program = tmp_path / "vllm"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -S {STAND_IN} "$@"\n')
    program.chmod(0o755)
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "config.json").write_text("{}")
    started = []

    def start(*extra, names=("M",)):
        ports = {name: free_port() for name in ("OPENAI_API", "CONTROLLER", "CONTROL")}
        model = {"engine": "vllm", "path": str(tmp_path / "weights"), "extra_args": list(extra)}
        environment = {
            **os.environ,
            **{f"ZHIWEN__SERVICES__{name}__PORT": str(port) for name, port in ports.items()},
            "ZHIWEN__PATHS__LOGS": str(tmp_path / "logs"),
            "ZHIWEN__MODELS__LLM": json.dumps({"M": model}),
            "ZHIWEN__MODELS__VLLM__EXECUTABLE": str(program),
            "LANG": "en_US.UTF-8",
        }
        output = (tmp_path / "output").open("wb")
        command = [sys.executable, "startup.py", "--llm-api", "-n", *names]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        started.append(process)
        return process, f"http://127.0.0.1:{ports['OPENAI_API']}/v1"

    yield start
    for process in started:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def wait_for(folder, *texts, seconds=120):
    deadline = time.monotonic() + seconds
    while not all(text in shown(folder) for text in texts):
        assert time.monotonic() < deadline, shown(folder)
        time.sleep(0.05)
    return shown(folder)


def shown(folder):
    return (folder / "output").read_text("utf-8", "replace")


def test_a_question_goes_through_the_worker_to_vllm(launch, tmp_path):
    _, url = launch()
    wait_for(tmp_path, "Ready in")
    server, worker = (tmp_path / "logs" / f"{name}-M.log" for name in ("vllm", "worker"))
    assert worker.stat().st_ctime >= server.stat().st_ctime
    with openai.OpenAI(base_url=url, api_key="x", max_retries=0, timeout=60) as client:
        assert [model.id for model in client.models.list()] == ["M"]
        messages = [{"role": "user", "content": "hello there"}]
        answer = client.chat.completions.create(model="M", messages=messages)
        assert answer.choices[0].message.content == "M heard: hello there"
        assert answer.usage.total_tokens == 7
        chunks = client.chat.completions.create(model="M", messages=messages, stream=True)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "M heard: hello there"


def test_when_vllm_fails_its_worker_is_not_started_and_others_run(launch, tmp_path):
    _, url = launch("--fail", names=("M", "builtin-extractive"))
    wait_for(tmp_path, "Some models are not running", "not enough memory", "because vllm-M has failed")
    with openai.OpenAI(base_url=url, api_key="x", max_retries=0, timeout=60) as client:
        assert [model.id for model in client.models.list()] == ["builtin-extractive"]
