"""Vectors in plain numpy, lost at exit: for files that live as long as a conversation, and the yardstick in tests."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from server.stores.base import Matrix, Vector


class MemoryStore:
    """Exact search over a dict of rows."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self._rows: dict[int, Vector] = {}
        self._stacked: Matrix | None = None

    @classmethod
    def open(cls, folder: Path, dimension: int) -> "MemoryStore":  # the folder stays empty
        """See `VectorStore.open`."""
        return cls(dimension)

    def add(self, ids: Sequence[int], vectors: Matrix) -> None:
        """See `VectorStore.add`."""
        if vectors.shape != (len(ids), self.dimension):
            raise ValueError(f"vectors have shape {vectors.shape}, expected {(len(ids), self.dimension)}")
        if len(set(ids)) != len(ids) or self._rows.keys() & set(ids):
            raise ValueError("ids are there already or given twice")
        self._rows.update(zip(ids, np.array(vectors, dtype=np.float32), strict=True))
        self._stacked = None

    def remove(self, ids: Iterable[int]) -> None:
        """See `VectorStore.remove`."""
        for i in ids:
            self._rows.pop(i, None)
        self._stacked = None

    def search(self, vector: Vector, k: int) -> list[tuple[int, float]]:
        """See `VectorStore.search`."""
        ids = list(self._rows)
        if not ids or k < 1:
            return []
        # Stacked once after a change: a search must not copy all rows. Two that do it at once do the same.
        stacked = self._stacked if self._stacked is not None else np.stack([self._rows[i] for i in ids])
        self._stacked = stacked
        scores = stacked @ vector
        best = np.argsort(-scores, kind="stable")[:k]
        return [(ids[i], float(scores[i])) for i in best]

    def similarity(self, vector: Vector, ids: Sequence[int]) -> list[float]:
        """See `VectorStore.similarity`."""
        return [float(self._rows[i] @ vector) if i in self._rows else 0.0 for i in ids]

    def count(self) -> int:
        """See `VectorStore.count`."""
        return len(self._rows)

    def ids(self) -> set[int]:
        """See `VectorStore.ids`."""
        return set(self._rows)

    def save(self) -> None:
        """Nothing outlives the process."""
