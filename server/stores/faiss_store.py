"""Vectors in FAISS: an exact inner-product index under our own ids, kept in one file.

FAISS itself adds an id twice without a word, pads results with -1 and answers a wrong shape with a bare assertion;
this adapter turns all three into the contract of `VectorStore`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from server.stores.base import Matrix, Vector
from server.stores.files import replace_file

FILE = "vectors.faiss"


class FaissStore:
    """`IndexIDMap2` over `IndexFlatIP`; unit vectors, so the inner product is the cosine."""

    def __init__(self, folder: Path, index: Any) -> None:  # FAISS adds its numpy methods at run time
        self._path = folder / FILE
        self._index = index
        self._ids = {int(i) for i in faiss.vector_to_array(index.id_map)}
        self.dimension: int = index.d

    @classmethod
    def open(cls, folder: Path, dimension: int) -> "FaissStore":
        """See `VectorStore.open`."""
        path = folder / FILE
        if not path.exists():
            return cls(folder, faiss.IndexIDMap2(faiss.IndexFlatIP(dimension)))
        try:
            # Read through Python: FAISS opens files with the C library, which on Windows takes no Chinese names.
            index = faiss.deserialize_index(np.frombuffer(path.read_bytes(), dtype=np.uint8))
        except RuntimeError as error:
            raise ValueError(f"{FILE} is damaged: {error}") from error
        if index.d != dimension:
            raise ValueError(f"{FILE} holds vectors of {index.d} dimensions, not {dimension}")
        return cls(folder, index)

    def add(self, ids: Sequence[int], vectors: Matrix) -> None:
        """See `VectorStore.add`."""
        if vectors.shape != (len(ids), self.dimension):
            raise ValueError(f"vectors have shape {vectors.shape}, expected {(len(ids), self.dimension)}")
        known = self._ids.intersection(ids)
        if known or len(set(ids)) != len(ids):
            raise ValueError(f"ids are there already or given twice: {sorted(known)[:5]}")
        if not ids:
            return
        self._index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), np.asarray(ids, dtype=np.int64))
        self._ids.update(ids)

    def remove(self, ids: Iterable[int]) -> None:
        """See `VectorStore.remove`."""
        known = self._ids.intersection(ids)
        if known:
            self._index.remove_ids(np.fromiter(known, dtype=np.int64, count=len(known)))
            self._ids -= known

    def search(self, vector: Vector, k: int) -> list[tuple[int, float]]:
        """See `VectorStore.search`."""
        if not self._ids or k < 1:
            return []
        # Threads that wake up for one question, and spin after it, cost more than they bring. Holds for this thread.
        faiss.omp_set_num_threads(1)
        scores, ids = self._index.search(vector.reshape(1, -1).astype(np.float32), min(k, len(self._ids)))
        return [(int(i), float(s)) for i, s in zip(ids[0], scores[0], strict=True) if i != -1]

    def similarity(self, vector: Vector, ids: Sequence[int]) -> list[float]:
        """See `VectorStore.similarity`."""
        known = [i for i in ids if i in self._ids]
        if not known:
            return [0.0] * len(ids)
        rows = self._index.reconstruct_batch(np.asarray(known, dtype=np.int64))
        scores = dict(zip(known, (rows @ vector.astype(np.float32)).tolist(), strict=True))
        return [scores.get(i, 0.0) for i in ids]

    def count(self) -> int:
        """See `VectorStore.count`."""
        return len(self._ids)

    def ids(self) -> set[int]:
        """See `VectorStore.ids`."""
        return set(self._ids)

    def save(self) -> None:
        """See `VectorStore.save`."""
        replace_file(self._path, faiss.serialize_index(self._index).data)
