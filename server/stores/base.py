"""What an index is: numbers and postings under integer ids, never the only copy of anything.

Both protocols are opened for one folder by one class; both can be deleted and built again from SQL. Ids are chunk ids
and are never reused. No method is safe for two threads at once unless it says so; `server.knowledge_base.index` holds
the locks.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Vector = NDArray[np.float32]


class VectorStore(Protocol):
    """Unit vectors, float32, shape (dimension,), under integer ids; similarity is the inner product."""

    dimension: int

    @classmethod
    def open(cls, folder: Path, dimension: int) -> "VectorStore":
        """Open the store in the folder, or start an empty one. Raises `ValueError` when it is damaged."""
        ...

    def add(self, ids: Sequence[int], vectors: Matrix) -> None:
        """Add rows. An id that is already there, or a wrong shape, raises `ValueError` and adds nothing."""
        ...

    def remove(self, ids: Iterable[int]) -> None:
        """Remove rows; unknown ids are ignored."""
        ...

    def search(self, vector: Vector, k: int) -> list[tuple[int, float]]:
        """The k nearest ids with their cosine similarity in [-1, 1], best first. Safe beside other searches."""
        ...

    def similarity(self, vector: Vector, ids: Sequence[int]) -> list[float]:
        """Cosine similarities to these ids, in their order; 0.0 for an unknown id. Safe beside searches."""
        ...

    def count(self) -> int:
        """Number of ids."""
        ...

    def ids(self) -> set[int]:
        """All ids."""
        ...

    def save(self) -> None:
        """Make the present content durable; when it returns, a crash cannot lose it."""
        ...


class WordIndex(Protocol):
    """An inverted index over analysed terms, scored by BM25."""

    @classmethod
    def open(cls, folder: Path) -> "WordIndex":
        """Open the index in the folder, or start an empty one. Raises `ValueError` when it is damaged."""
        ...

    @classmethod
    def in_memory(cls) -> "WordIndex":
        """An empty index that is gone with the object: for texts that nobody keeps."""
        ...

    def change(self, remove: Iterable[int], add: Iterable[tuple[int, Sequence[str]]]) -> None:
        """Remove ids and add (id, terms) pairs in one durable step."""
        ...

    def search(self, terms: Sequence[str], k: int) -> list[tuple[int, float]]:
        """The k best ids with their BM25 score divided by the terms' summed idf, best first. Safe beside searches."""
        ...

    def count(self) -> int:
        """Number of ids."""
        ...

    def ids(self) -> set[int]:
        """All ids."""
        ...
