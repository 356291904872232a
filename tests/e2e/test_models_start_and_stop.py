"""Starting and stopping while a model loads, one that keeps dying, and a vLLM that does."""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from models_stand import Stand, stand

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(os.name == "nt", reason="the stand-in for vLLM is a POSIX script"),
]

STAND_IN = Path(__file__).with_name("vllm_stand_in.py")
SETTINGS = """
[launcher]
restart_limit = 1
[models]
llm_preference = ["builtin-extractive"]
embed_preference = ["builtin-ngram"]
[models.vllm]
executable = "{program}"
[models.llm.slow]
engine = "vllm"
path = "{weights}"
extra_args = ["--slow"]
[models.llm.quick]
engine = "vllm"
path = "{weights}"
num_gpus = 2
quantization = "awq"
gpu_memory_utilization = 0.7
window = 4096
extra_args = ["--enable-prefix-caching"]
[models.llm.frail]
engine = "fake"
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("models")
    program = folder / "vllm"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -S {STAND_IN} "$@"\n')
    program.chmod(0o755)
    (folder / "weights").mkdir()
    (folder / "weights" / "config.json").write_text("{}")
    settings = SETTINGS.format(program=program.as_posix(), weights=(folder / "weights").as_posix())
    with stand(folder, settings) as started:
        yield started
    assert started.left() == []


def server_of(running: Stand, model: str) -> psutil.Process:
    """vLLM's own process."""
    children = psutil.Process(running.launcher.pid).children(recursive=True)
    return next(one for one in children if {"serve", "--served-model-name", model} <= set(one.cmdline()))


def state(running: Stand, model: str) -> dict:
    return running.states()[model]


def test_a_model_can_be_stopped_while_it_loads(running: Stand) -> None:
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(running.post, "/llm_model/start", model_name="slow")
        running.wait_until(lambda: state(running, "slow")["percent"] == 33)
        assert state(running, "slow")["state"] == "loading"
        said = running.chat("api", "slow").error
        assert "it is still being loaded" in said
        assert "33%); running: builtin-extractive" in said
        assert running.post("/llm_model/start", model_name="slow")[0] == 409, "at once, not when it has loaded"
        status, _ = running.post("/llm_model/stop", model_name="slow")
        assert status == 200
        status, answer = starting.result()
    assert (status, "was stopped before it had loaded" in answer["msg"]) == (409, True)
    assert state(running, "slow")["state"] == "stopped"
    assert running.post("/llm_model/stop", model_name="slow")[0] == 409


def test_vllm_gets_its_settings_and_its_end_is_the_end_of_its_worker(running: Stand) -> None:
    assert running.post("/llm_model/start", model_name="quick")[0] == 200
    server = server_of(running, "quick")
    words = server.cmdline()
    for flag, value in {
        "--tensor-parallel-size": "2",
        "--quantization": "awq",
        "--gpu-memory-utilization": "0.7",
        "--max-model-len": "4096",
        "--served-model-name": "quick",
    }.items():
        assert words[words.index(flag) + 1] == value
    assert words[-1] == "--enable-prefix-caching"
    assert running.chat("api", "quick", "hello").text == "quick heard: hello"
    for _ in range(2):
        server_of(running, "quick").kill()
        running.wait_until(lambda: state(running, "quick")["state"] in ("loading", "failed"))
        running.wait_until(lambda: state(running, "quick")["state"] in ("running", "failed"))
    assert state(running, "quick")["state"] == "failed"
    assert "restarted 1 times and is not started again" in state(running, "quick")["reason"]
    running.wait_until(lambda: running.fastchat_models() == {"builtin-extractive"})
    assert running.post("/llm_model/start", model_name="quick")[0] == 200
    assert running.chat("api", "quick", "again").text == "quick heard: again"
    assert running.post("/llm_model/stop", model_name="quick")[0] == 200
    assert running.workers("quick") == []


def test_a_model_that_keeps_dying_is_given_up_and_can_be_started_by_hand(running: Stand) -> None:
    assert running.post("/llm_model/start", model_name="frail")[0] == 200
    for _ in range(2):
        (worker,) = running.workers("frail")
        worker.kill()
        running.wait_until(lambda: state(running, "frail")["state"] in ("loading", "failed"))
        running.wait_until(lambda: state(running, "frail")["state"] in ("running", "failed"))
    assert state(running, "frail")["state"] == "failed"
    said = running.chat("api", "frail").error
    assert "it was ended by SIGKILL" in said
    assert "is not started again by itself" in said
    assert running.chat("api", "builtin-extractive").status == 200
    assert running.post("/llm_model/start", model_name="frail")[0] == 200
    assert running.chat("api", "frail", "hello").text == "You asked: hello"
    assert running.post("/llm_model/stop", model_name="frail")[0] == 200


def test_two_models_are_started_and_stopped_side_by_side(running: Stand) -> None:
    def change(what: str, name: str) -> int:
        return running.post(f"/llm_model/{what}", model_name=name)[0]

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda name: change("start", name), ("frail", "quick"))) == [200, 200]
        assert {"frail", "quick"} <= running.fastchat_models()
        assert list(pool.map(lambda name: change("stop", name), ("frail", "quick"))) == [200, 200]
    assert running.fastchat_models() == {"builtin-extractive"}
