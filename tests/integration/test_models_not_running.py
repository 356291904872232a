"""What a question is told whose model does not run: the reason, as the launcher or the settings know it."""

import asyncio
from typing import Any

import pytest

from configs.settings import load_settings
from server.launcher.loading import percent_loaded
from server.launcher.runs import State
from server.llm.launcher_client import by_model
from server.llm.not_running import not_running


class Launcher:
    """Tells of one service."""

    def __init__(self, **facts: Any) -> None:
        base = {"name": "worker-M", "model_name": "M", "seconds": 12.3, "percent": None, "failure": None}
        self.facts = [{**base, **facts}] if facts else []

    async def services(self) -> list[dict[str, Any]]:
        return self.facts


@pytest.fixture
def settings(monkeypatch, tmp_path):
    monkeypatch.setenv("ZHIWEN_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("ZHIWEN__PATHS__MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path))
    monkeypatch.setenv("ZHIWEN__MODELS__LLM", '{"M": {"engine": "transformers", "repo": "org/M"}}')
    return load_settings()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (
            {"state": "failed", "failure": {"en": "ended with exit code 1 after 2.0 s. Buy memory.", "zh": "退出。"}},
            "its worker is not running, because it ended with exit code 1 after 2.0 s. Buy memory; running: a, b.",
        ),
        ({"state": "starting"}, "it is still being loaded (12 s); running: a, b."),
        ({"state": "starting", "percent": 40}, "it is still being loaded (12 s, 40%); running: a, b."),
        ({"state": "restarting"}, "it broke down and is being started again; running: a, b."),
        ({"state": "stopped"}, "its worker is not running; running: a, b."),
        ({}, "its worker is not running: no weights here (python startup.py --download M); running: a, b."),
    ],
)
def test_the_reason_is_told_with_what_runs(settings, facts, said):
    error = asyncio.run(not_running(settings, Launcher(**facts), "M", "a, b"))
    assert error.message("en").endswith(said)
    assert "正在运行的有：a, b" in error.message("zh")


@pytest.mark.parametrize(
    ("log", "percent"),
    [
        ("starting\n", None),
        ("INFO loading weights: 20%\nINFO loading weights: 45%\nINFO something else\n", 45),
        ("Loading safetensors checkpoint shards:  33% Completed | 1/3\rLoading: 67% Completed | 2/3\r", 67),
    ],
)
def test_the_share_of_weights_that_is_loaded_is_read_from_the_log(tmp_path, log, percent):
    class Loading:
        state = State.STARTING
        log = tmp_path / "log"

        class service:  # noqa: N801  # stands for an attribute
            model = "M"

    (tmp_path / "log").write_text(log)
    assert percent_loaded(Loading) == percent
    Loading.state = State.READY
    assert percent_loaded(Loading) is None


def test_a_vllm_whose_server_has_failed_is_told_by_its_server():
    server = {"name": "vllm-M", "model_name": "M", "state": "failed"}
    worker = {"name": "worker-M", "model_name": "M", "state": "failed"}
    assert by_model([server, worker])["M"] is server
