"""Fixtures for all tests: settings whose data lies in a temporary folder, and what is built on them."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from containers import inline  # pyright: ignore[reportMissingImports]

from configs import Settings, load_settings
from server.container import Container


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the developer's own machine reaches a test."""
    for name in [name for name in os.environ if name.startswith("ZHIWEN")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ZHIWEN_CONFIG", str(tmp_path / "local.toml"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def data_paths(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Environment variables that keep all data below the returned folder."""
    for name, folder in (("KNOWLEDGE_BASE", "kb"), ("LOGS", "logs"), ("MODELS", "models")):
        monkeypatch.setenv(f"ZHIWEN__PATHS__{name}", str(tmp_path / folder))
    return tmp_path


@pytest.fixture(scope="session")
def shared_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models for the whole run: bringing real weights into ONNX form costs half a minute each time."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "models"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def settings(data_paths: Path) -> Settings:
    return load_settings()


@pytest.fixture
def container(settings: Settings) -> Iterator[Container]:
    built = inline(settings)
    yield built
    built.close()
