"""Finding weights, and seeing that they are not whole."""

import json
import struct
from pathlib import Path

import pytest

from configs import Settings
from server.errors import ModelUnavailable
from server.llm.catalog import choose_reranker
from server.llm.weights import defect, weights_folder, window_of


def tensors(file: Path, *, cut: int = 0) -> None:
    table = json.dumps({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    content = struct.pack("<Q", len(table)) + table + bytes(16)
    file.write_bytes(content[: len(content) - cut])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text("{}")
    return tmp_path


def test_whole_weights_have_no_defect(folder: Path) -> None:
    tensors(folder / "model.safetensors")
    assert defect(folder) is None


def test_a_cut_file_is_seen(folder: Path) -> None:
    tensors(folder / "model.safetensors", cut=1)
    assert defect(folder) == ("model.safetensors is cut off", "model.safetensors 不完整")


def test_a_pointer_of_git_is_seen(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 409\n")
    found = defect(folder)
    assert found is not None
    assert "git-LFS" in found[0]


def test_a_missing_shard_is_seen(folder: Path) -> None:
    tensors(folder / "model-1.safetensors")
    index = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    found = defect(folder)
    assert found is not None
    assert "model-2.safetensors" in found[0]


@pytest.mark.parametrize(
    "place",
    [
        "models/BAAI/bge-reranker-base",
        "hub/BAAI/bge-reranker-base",
        "hub/models/BAAI/bge-reranker-base",
    ],
)
def test_the_caches_of_modelscope_are_looked_at(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path / "ms"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    model = settings.models.rerank["bge-reranker-base"]
    assert weights_folder(settings, "bge-reranker-base", model) is None
    (tmp_path / "ms" / place).mkdir(parents=True)
    (tmp_path / "ms" / place / "config.json").write_text("{}")
    assert weights_folder(settings, "bge-reranker-base", model) == tmp_path / "ms" / place


def test_incomplete_weights_name_the_command_that_fetches_them(settings: Settings) -> None:
    folder = settings.paths.models / "bge-reranker-base"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    tensors(folder / "model.safetensors", cut=3)
    pytest.importorskip("torch")
    with pytest.raises(ModelUnavailable, match=r"incomplete.*--download bge-reranker-base"):
        choose_reranker(settings)


@pytest.mark.parametrize(
    ("config", "window"),
    [
        ({"max_position_embeddings": 32768}, 32768),
        ({"seq_length": 8192}, 8192),
        ({"text_config": {"max_position_embeddings": 131072}}, 131072),
        (
            {
                "max_position_embeddings": 32768,
                "rope_scaling": {"factor": 4.0, "original_max_position_embeddings": 32768},
            },
            131072,
        ),
        ({"rope_parameters": {"rope_theta": 1e6}, "n_ctx": 512}, 512),
        ({}, None),
    ],
)
def test_the_window_that_weights_were_made_for(tmp_path, config, window):
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert window_of(tmp_path) == window


def test_a_configuration_that_cannot_be_read_tells_no_window(tmp_path):
    assert window_of(tmp_path) is None
    (tmp_path / "config.json").write_text("{")
    assert window_of(tmp_path) is None
