"""What an embedding model needs once is made before anybody asks; who asks meanwhile waits for it."""

import json
import logging
import os
import threading
import time
from pathlib import Path

import pytest

from configs import Settings, load_settings
from server.knowledge_base.embedders import Embedders
from server.llm import onnx_cache
from server.llm.catalog import choose_embedder


class Exporter:
    """In the place of the process that exports."""

    def __init__(self) -> None:
        self.calls = 0
        self.reason = ""
        self.seconds = 0.0

    def __call__(self, weights: Path, part: Path, quantize: str) -> str:
        self.calls += 1
        time.sleep(self.seconds)
        (part / "model.onnx").write_bytes(b"x")
        return self.reason


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> Exporter:
    made = Exporter()
    monkeypatch.setattr(onnx_cache, "_export", made)
    monkeypatch.setattr(onnx_cache, "NEEDED", ())
    return made


@pytest.fixture
def embedders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Embedders:
    return made_with(tmp_path, monkeypatch)


def made_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **table: str) -> Embedders:
    weights = tmp_path / "weights"
    weights.mkdir(exist_ok=True)
    (weights / "config.json").write_text("{}")
    model = {"engine": "sentence-transformers", "path": str(weights), "device": "cpu", **table}
    monkeypatch.setenv("ZHIWEN__PATHS__MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ZHIWEN__MODELS__EMBED", json.dumps({"mine": model}))
    monkeypatch.setenv("ZHIWEN__MODELS__EMBED_PREFERENCE", '["mine"]')
    settings: Settings = load_settings()
    return Embedders(settings, choose_embedder(settings))


def forms(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "models" / ".onnx" / "mine").glob("*/model.onnx"))


def test_the_form_is_made_once(embedders: Embedders, exporter: Exporter, tmp_path: Path) -> None:
    assert embedders.prepare() == "mine"
    assert embedders.prepare() == "mine"
    assert exporter.calls == 1
    assert len(forms(tmp_path)) == 1


def test_it_is_said_when_it_begins_and_when_it_is_there(
    embedders: Embedders, exporter: Exporter, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        embedders.prepare()
    said = [record.getMessage() for record in caplog.records]
    assert [line for line in said if "once" in line]
    assert [line for line in said if "is in ONNX form, after" in line]


def test_what_runs_with_torch_is_left_alone(
    exporter: Exporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_with(tmp_path, monkeypatch, backend="torch").prepare()
    made_with(tmp_path, monkeypatch, device="cuda").prepare()
    assert exporter.calls == 0


def test_a_model_without_an_onnx_form_hinders_nothing(
    embedders: Embedders, exporter: Exporter, caplog: pytest.LogCaptureFixture
) -> None:
    exporter.reason = "no such operator"
    with caplog.at_level(logging.INFO):
        embedders.prepare()
    assert "mine has no ONNX form: no such operator" in caplog.text


def test_who_asks_meanwhile_waits_and_makes_no_second_one(
    embedders: Embedders, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter.seconds = 1.5
    loaded: list[int] = []
    monkeypatch.setattr(
        "server.knowledge_base.embedders.load_embedder", lambda settings, choice: loaded.append(exporter.calls)
    )
    preparing = threading.Thread(target=embedders.prepare)
    preparing.start()
    while not exporter.calls:
        time.sleep(0.01)
    began = time.monotonic()
    embedders.get()
    assert time.monotonic() - began > 0.1
    preparing.join()
    assert loaded == [1]


def test_what_an_ended_export_left_behind_goes_and_older_forms_with_it(
    embedders: Embedders, exporter: Exporter, tmp_path: Path
) -> None:
    folder = tmp_path / "models" / ".onnx" / "mine"
    left, running, older, rounded = (folder / name for name in (".part-a", ".part-b", "0-exact", "0-int8"))
    for one in (left, running, older, rounded):
        one.mkdir(parents=True)
    long_ago = time.time() - onnx_cache.TIMEOUT_S - 60
    os.utime(left, (long_ago, long_ago))
    embedders.prepare()
    assert not left.exists()
    assert not older.exists()
    assert running.exists(), "another process may be at it"
    assert rounded.exists(), "int8 is chosen for each model by itself"
