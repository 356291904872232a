"""Each family's instruction and pooling, through ONNX and through torch, against transformers alone."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from embed_tiny_models import Tiny, save, wanted

from configs.sections.models import EmbedModel
from server.llm.base import Embedder
from server.llm.embedding_families import family
from server.llm.onnx_cache import NEEDED

pytestmark = [
    pytest.mark.skipif(any(importlib.util.find_spec(name) is None for name in NEEDED), reason="lite installation"),
    pytest.mark.filterwarnings("ignore"),  # of torch's exporter, on how it reads the code
]

BGE = "为这个句子生成表示以用于检索相关文章："
QWEN = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
TINY = [
    Tiny("m3e-base", "bert", "mean"),
    Tiny("bge-base-zh-v1.5", "bert", "cls", query=BGE),
    Tiny("gte-base-zh", "bert", "cls"),
    Tiny("bce-embedding-base_v1", "xlm-roberta", "cls"),
    Tiny("multilingual-e5-small", "xlm-roberta", "mean", query="query: ", passage="passage: "),
    Tiny("Qwen3-Embedding-0.6B", "qwen3", "lasttoken", query=QWEN),
    Tiny(
        "unknown-with-prompts",
        "bert",
        "mean",
        query="the query : ",
        passage="the passage : ",
        prompts={"query": "the query : ", "document": "the passage : "},
    ),
]
TEXTS = ["报销", "the refund policy of the cat", "退款 " * 40, "the mat", ""]
"""Short, long, cut off, empty: in one batch, so that padding is needed."""


@pytest.fixture(scope="module", params=TINY, ids=lambda tiny: tiny.name)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Tiny, Path]:
    folder = tmp_path_factory.mktemp("models") / request.param.name
    folder.mkdir()
    save(request.param, folder)
    return request.param, folder


@pytest.fixture(scope="module", params=["torch", "onnx"])
def embedder(
    request: pytest.FixtureRequest, model: tuple[Tiny, Path], tmp_path_factory: pytest.TempPathFactory
) -> Embedder:
    tiny, folder = model
    config = EmbedModel(engine="sentence-transformers")
    found = family((tiny.name,))
    if request.param == "torch":
        from server.llm import torch_embedder

        return torch_embedder.load(tiny.name, config, folder, "cpu", found)
    from server.llm import onnx_embedder, onnx_export

    made = tmp_path_factory.mktemp("onnx")
    onnx_export.export(folder, made, "")
    return onnx_embedder.load(tiny.name, config, made, found)


def test_documents_are_pooled_as_the_model_wants(model: tuple[Tiny, Path], embedder: Embedder) -> None:
    tiny, folder = model
    got = np.asarray(embedder.model.embed_documents(TEXTS))
    expected = np.asarray([wanted(tiny, folder, tiny.passage + text) for text in TEXTS])
    assert got.shape == (len(TEXTS), embedder.dimension)
    assert (got * expected).sum(axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-4)


def test_questions_get_their_instruction(model: tuple[Tiny, Path], embedder: Embedder) -> None:
    tiny, folder = model
    question = "the refund policy"
    got = np.asarray(embedder.model.embed_query(question))
    assert got @ np.asarray(wanted(tiny, folder, tiny.query + question)) == pytest.approx(1, abs=1e-4)
    if tiny.query:
        assert got @ np.asarray(wanted(tiny, folder, question)) < 0.999
