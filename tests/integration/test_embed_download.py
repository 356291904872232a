"""`startup.py --download` from a hub on loopback, in both protocols; and the table of models."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from embed_fake_hub import FakeHub, running

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "config.json": b'{"architectures": ["BertModel"]}',
    "tokenizer.json": b"{}",
    "1_Pooling/config.json": b"{}",
    "weights.bin": b"w" * 3_000_000,
    "onnx/model.onnx": b"unused",
    "model.h5": b"unused",
}
USEFUL = {"config.json", "tokenizer.json", "1_Pooling/config.json", "weights.bin"}

pytest.importorskip("huggingface_hub")
pytest.importorskip("modelscope_hub")


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with running(FakeHub(FILES)) as made:
        yield made


def startup(
    hub: FakeHub, tmp_path: Path, *arguments: str, kind: str = "huggingface", **ids: str
) -> subprocess.CompletedProcess[str]:
    model = {"tiny": {"engine": "sentence-transformers", **(ids or {"repo": "org/tiny"})}}
    environment = {
        **{key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")},
        "ZHIWEN__PATHS__MODELS": str(tmp_path / "models"),
        "ZHIWEN__MODELS__EMBED": json.dumps(model),
        "ZHIWEN__MODELS__HUB": kind,
        "HF_ENDPOINT": hub.url,
        "MODELSCOPE_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "hf"),
        "MODELSCOPE_CACHE": str(tmp_path / "ms"),
        "HF_HUB_DISABLE_XET": "1",
        "LANG": "en_US.UTF-8",
        "LC_ALL": "en_US.UTF-8",
    }
    environment.pop("HF_HUB_OFFLINE", None)
    command = [sys.executable, str(ROOT / "startup.py"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)


def names(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("kind", ["huggingface", "modelscope"])
def test_what_is_useful_arrives_whole(hub: FakeHub, tmp_path: Path, kind: str) -> None:
    done = startup(hub, tmp_path, "--download", "tiny", kind=kind)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "models" / "tiny"
    assert names(folder) == USEFUL
    assert (folder / "weights.bin").read_bytes() == FILES["weights.bin"]
    assert not folder.with_name("tiny.part").exists()
    again = startup(hub, tmp_path, "--download", "tiny", kind=kind)
    assert "already here" in again.stdout


@pytest.mark.parametrize("kind", ["huggingface", "modelscope"])
def test_a_wrong_checksum_is_refused_and_leaves_no_model(hub: FakeHub, tmp_path: Path, kind: str) -> None:
    hub.lies.add("weights.bin")
    done = startup(hub, tmp_path, "--download", "tiny", kind=kind)
    assert done.returncode == 1
    assert "did not arrive" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "models" / "tiny").exists()


def test_a_broken_download_goes_on(hub: FakeHub, tmp_path: Path) -> None:
    hub.files["weights.bin"] = b"0123456789" * 2_500_000  # the libraries keep whole blocks of 10 MB
    hub.cut.add("weights.bin")
    first = startup(hub, tmp_path, "--download", "tiny")
    second = first if first.returncode == 0 else startup(hub, tmp_path, "--download", "tiny")
    assert second.returncode == 0, second.stderr
    assert "weights.bin" in hub.ranges
    assert (tmp_path / "models" / "tiny" / "weights.bin").read_bytes() == hub.files["weights.bin"]


def test_a_full_disk_is_seen_before_anything_is_fetched(hub: FakeHub, tmp_path: Path) -> None:
    hub.sizes["weights.bin"] = 10**15
    done = startup(hub, tmp_path, "--download", "tiny")
    assert done.returncode == 1
    assert "the disk has" in done.stderr
    assert hub.served == []


def test_a_repository_can_be_named_itself(hub: FakeHub, tmp_path: Path) -> None:
    done = startup(hub, tmp_path, "--download", "org/tiny")
    assert done.returncode == 0, done.stderr
    assert '[models.embed."tiny"]' in done.stdout
    assert names(tmp_path / "models" / "tiny") == USEFUL


def test_a_repository_that_is_not_there_is_said(hub: FakeHub, tmp_path: Path) -> None:
    done = startup(hub, tmp_path, "--download", "org/other", kind="auto")
    assert done.returncode == 1
    assert "no such repository" in done.stderr


@pytest.mark.parametrize("kind", ["modelscope", "auto"])
def test_a_model_may_have_another_owner_at_modelscope(hub: FakeHub, tmp_path: Path, kind: str) -> None:
    done = startup(hub, tmp_path, "--download", "tiny", kind=kind, repo="elsewhere/tiny", modelscope="org/tiny")
    assert done.returncode == 0, done.stderr
    assert names(tmp_path / "models" / "tiny") == USEFUL


def test_what_modelscope_does_not_have_is_told_with_the_setting_for_its_id(hub: FakeHub, tmp_path: Path) -> None:
    done = startup(hub, tmp_path, "--download", "tiny", kind="modelscope", repo="elsewhere/tiny")
    assert done.returncode == 1
    assert "another owner there, whom the setting modelscope of the model names" in done.stderr
    only_there = startup(hub, tmp_path, "--download", "tiny", kind="huggingface", modelscope="org/tiny")
    assert only_there.returncode == 1
    assert "no id for models.hub = huggingface" in only_there.stderr


def test_a_closed_network_is_told_soon_with_the_ways_out(tmp_path: Path) -> None:
    with running(FakeHub(FILES)) as gone:
        pass
    began = time.monotonic()
    done = startup(gone, tmp_path, "--download", "tiny", kind="auto")
    assert time.monotonic() - began < 100
    assert done.returncode == 1
    assert "there is no connection; there is no connection" in done.stderr
    assert "HF_ENDPOINT=" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_table_of_models_tells_what_is_here_and_what_is_missing(hub: FakeHub, tmp_path: Path) -> None:
    before = startup(hub, tmp_path, "--list-models").stdout
    assert "--download tiny" in before
    startup(hub, tmp_path, "--download", "tiny")
    line = next(line for line in startup(hub, tmp_path, "--list-models").stdout.splitlines() if "tiny" in line)
    assert "3 MB" in line
    assert "--download" not in line
