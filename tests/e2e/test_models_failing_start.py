"""A chat model that fails to load stops nothing else: the start goes on, and everybody is told why it does not run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from free_ports import free_ports
from models_stand import PATIENCE_S, ROOT, Stand, stand

pytestmark = pytest.mark.e2e

TORN = """
[models]
llm_preference = ["torn", "builtin-extractive"]
embed_preference = ["builtin-ngram"]
[models.llm.torn]
engine = "transformers"
path = "{path}"
"""


@pytest.fixture
def torn(tmp_path: Path) -> str:
    """Settings with a model whose weights look whole and are not."""
    folder = tmp_path / "torn"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "from-the-future"}))
    return TORN.format(path=folder.as_posix())


def reason_of(started: Stand) -> str:
    return started.chat("api", "torn").error


def test_the_others_start_and_everybody_is_told(tmp_path: Path, torn: str) -> None:
    with stand(tmp_path, torn) as started:
        assert "model torn                failed" in started.console
        assert "newer transformers" in started.console
        assert "builtin-extractive (stands in for it)" in started.console
        assert "Some models are not running" in started.console
        state = started.states()["torn"]
        assert (state["state"], state["default"], state["can_start"]) == ("failed", True, True)
        assert "newer transformers" in state["reason"]
        assert set(started.post("/llm_model/list_running_models")[1]["data"]) == {"builtin-extractive"}
        said = reason_of(started)
        assert "its worker is not running, because it ended with exit code 1" in said
        assert "newer transformers" in said
        assert said.endswith("running: builtin-extractive.")
        status, answer = started.post("/chat/chat", query="你好", stream=False)
        assert (status, "newer transformers" in answer["msg"]) == (503, True), "no silent fallback"
        assert started.chat("api", "builtin-extractive").status == 200
        status, answer = started.post("/llm_model/start", model_name="torn")
        assert (status, "newer transformers" in answer["msg"]) == (502, True)
        assert started.chat("api", "builtin-extractive").status == 200


def test_a_model_that_is_not_here_and_has_no_other_behind_it_stops_nothing_but_chatting(tmp_path: Path) -> None:
    settings = """
[models]
llm_preference = ["absent"]
embed_preference = ["absent-vectors"]
[models.llm.absent]
engine = "transformers"
repo = "org/absent"
[models.embed.absent-vectors]
engine = "sentence-transformers"
repo = "org/absent-vectors"
"""
    with stand(tmp_path, settings) as started:
        assert "not usable: absent: no weights here (python startup.py --download absent)" in started.console
        assert started.states()["absent"]["state"] == "unavailable"
        said = started.chat("api", "absent").error
        assert "no weights here (python startup.py --download absent); running: none" in said
        status, answer = started.post("/knowledge_base/create_knowledge_base", knowledge_base_name="kb")
        assert (status, "--download absent-vectors" in answer["msg"]) == (503, True), answer
        body = {"knowledge_base_name": "kb", "embed_model": "builtin-ngram"}
        assert started.post("/knowledge_base/create_knowledge_base", **body)[0] == 200
        started.api.post("/llm_model/start", json={"model_name": "builtin-extractive"})
        assert started.chat("api", "builtin-extractive").status == 200


@pytest.mark.parametrize("options", [("--llm-api",), ("--llm-api", "-n", "torn")])
def test_without_the_api_a_start_without_a_model_ends(tmp_path: Path, torn: str, options: tuple[str, ...]) -> None:
    torn = torn.replace(', "builtin-extractive"', "")
    ports = [
        f"[services.{name}]\nport = {port}"
        for name, port in zip(("openai_api", "controller", "control"), free_ports(3), strict=True)
    ]
    (tmp_path / "local.toml").write_text("\n".join([f'[paths]\nlogs = "{tmp_path / "logs"}"', *ports, torn]), "utf-8")
    environment = {**os.environ, "ZHIWEN_CONFIG": str(tmp_path / "local.toml"), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "startup.py", *options]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 1
    assert "newer transformers" in done.stdout
    assert "Zhiwen was not started" in done.stdout
