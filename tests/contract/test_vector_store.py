"""What every vector store must do. A new store inherits `VectorStoreContract` and names its class."""

from pathlib import Path

import numpy as np
import pytest

from server.stores.base import Matrix, VectorStore
from server.stores.faiss_store import FaissStore
from server.stores.memory import MemoryStore

DIMENSION = 8


def unit_vectors(number: int, seed: int = 0) -> Matrix:
    rows = np.random.default_rng(seed).standard_normal((number, DIMENSION)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class VectorStoreContract:
    kind: type[VectorStore]
    durable = True

    def test_finds_the_nearest_first_with_its_cosine(self, tmp_path: Path) -> None:
        store, vectors = self.kind.open(tmp_path, DIMENSION), unit_vectors(20)
        store.add(list(range(100, 120)), vectors)
        hits = store.search(vectors[7], 5)
        scores = [score for _, score in hits]
        assert hits[0] == (107, pytest.approx(1.0, abs=1e-5))
        assert scores == sorted(scores, reverse=True)
        assert all(-1.001 <= score <= 1.001 for score in scores)

    def test_asking_for_more_than_there_is_gives_what_there_is(self, tmp_path: Path) -> None:
        store = self.kind.open(tmp_path, DIMENSION)
        assert store.search(unit_vectors(1)[0], 3) == []
        store.add([5], unit_vectors(1))
        assert [i for i, _ in store.search(unit_vectors(1)[0], 10)] == [5]

    def test_an_id_is_added_once(self, tmp_path: Path) -> None:
        store = self.kind.open(tmp_path, DIMENSION)
        store.add([1, 2], unit_vectors(2))
        with pytest.raises(ValueError, match="ids"):
            store.add([3, 2], unit_vectors(2, seed=1))
        with pytest.raises(ValueError, match="ids"):
            store.add([4, 4], unit_vectors(2, seed=1))
        assert store.ids() == {1, 2}

    def test_a_wrong_shape_is_refused_and_adds_nothing(self, tmp_path: Path) -> None:
        store = self.kind.open(tmp_path, DIMENSION)
        with pytest.raises(ValueError, match="shape"):
            store.add([1], np.zeros((1, DIMENSION + 1), dtype=np.float32))
        assert store.ids() == set()

    def test_removed_ids_are_not_found_and_unknown_ones_ignored(self, tmp_path: Path) -> None:
        store, vectors = self.kind.open(tmp_path, DIMENSION), unit_vectors(3)
        store.add([1, 2, 3], vectors)
        store.remove([2, 99])
        assert store.ids() == {1, 3}
        assert 2 not in dict(store.search(vectors[1], 3))

    def test_similarity_keeps_the_order_asked_for(self, tmp_path: Path) -> None:
        store, vectors = self.kind.open(tmp_path, DIMENSION), unit_vectors(3)
        store.add([1, 2, 3], vectors)
        expected = [float(vectors[2] @ vectors[0]), 0.0, 1.0]
        assert store.similarity(vectors[0], [3, 77, 1]) == pytest.approx(expected, abs=1e-5)

    def test_inputs_are_not_changed(self, tmp_path: Path) -> None:
        store, vectors = self.kind.open(tmp_path, DIMENSION), unit_vectors(2)
        before = vectors.copy()
        store.add([1, 2], vectors)
        vectors[:] = 0
        assert store.similarity(before[0], [1]) == pytest.approx([1.0], abs=1e-5)

    def test_saved_content_is_there_after_opening_again(self, tmp_path: Path) -> None:
        if not self.durable:
            pytest.skip("this store does not outlive the process")
        store, vectors = self.kind.open(tmp_path, DIMENSION), unit_vectors(4)
        store.add([1, 2, 3, 4], vectors)
        store.remove([1])
        store.save()
        store.add([9], unit_vectors(1, seed=5))
        again = self.kind.open(tmp_path, DIMENSION)
        assert again.ids() == {2, 3, 4}
        assert again.search(vectors[2], 1)[0][0] == 3

    def test_random_operations_agree_with_plain_numpy(self, tmp_path: Path) -> None:
        store, model = self.kind.open(tmp_path, DIMENSION), MemoryStore(DIMENSION)
        random = np.random.default_rng(3)
        for step in range(200):
            if random.random() < 0.6 or not model.ids():
                store.add([step], unit_vectors(1, seed=step))
                model.add([step], unit_vectors(1, seed=step))
            else:
                gone = [int(random.choice(sorted(model.ids())))]
                store.remove(gone)
                model.remove(gone)
            query = unit_vectors(1, seed=1000 + step)[0]
            assert [i for i, _ in store.search(query, 5)] == [i for i, _ in model.search(query, 5)]


class TestFaissStore(VectorStoreContract):
    kind = FaissStore

    def test_a_damaged_file_is_refused(self, tmp_path: Path) -> None:
        store = FaissStore.open(tmp_path, DIMENSION)
        store.add([1], unit_vectors(1))
        store.save()
        file = tmp_path / "vectors.faiss"
        file.write_bytes(file.read_bytes()[:20])
        with pytest.raises(ValueError, match="damaged"):
            FaissStore.open(tmp_path, DIMENSION)

    def test_another_dimension_is_refused(self, tmp_path: Path) -> None:
        FaissStore.open(tmp_path, DIMENSION).save()
        with pytest.raises(ValueError, match="dimensions"):
            FaissStore.open(tmp_path, DIMENSION + 1)


class TestMemoryStore(VectorStoreContract):
    kind = MemoryStore
    durable = False
