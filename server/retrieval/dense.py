"""Texts to unit vectors, whatever an embedding model returns."""

from collections.abc import Sequence

import numpy as np

from server.errors import ModelFailed
from server.llm.base import Embedder
from server.stores.base import Matrix, Vector

SLICE = 1024


def embed_documents(embedder: Embedder, texts: Sequence[str]) -> Matrix:
    """Unit vectors, float32, shape (len(texts), dimension).

    Raises:
        ModelFailed: the model returned something of another shape, or numbers that are not finite.
    """
    matrix = np.empty((len(texts), embedder.dimension), dtype=np.float32)
    # Models return lists of Python's numbers, which take eight times as much memory as the matrix.
    for start in range(0, len(texts), SLICE):
        part = list(texts[start : start + SLICE])
        vectors = np.asarray(embedder.model.embed_documents(part), dtype=np.float32)
        matrix[start : start + len(part)] = _checked(embedder, vectors, len(part))
    return matrix


def embed_query(embedder: Embedder, text: str) -> Vector:
    """The unit vector of a question, float32, shape (dimension,). Raises `ModelFailed` as `embed_documents` does."""
    return _checked(embedder, np.asarray([embedder.model.embed_query(text)], dtype=np.float32), 1)[0]


def _checked(embedder: Embedder, matrix: Matrix, rows: int) -> Matrix:
    if matrix.shape != (rows, embedder.dimension) or not np.isfinite(matrix).all():
        reason = f"it returned vectors of shape {matrix.shape}, expected {(rows, embedder.dimension)} finite numbers"
        raise ModelFailed(name=embedder.name, reason=reason)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return (matrix / np.where(lengths == 0, 1, lengths)).astype(np.float32)
