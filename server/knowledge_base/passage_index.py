"""Passages in memory that come and go, found and ranked as the chunks of knowledge bases are."""

import threading
from collections.abc import Collection, Sequence
from pathlib import Path

from server.analysis import terms
from server.knowledge_base.index import VECTOR_STORES, WORD_INDEX, Answers, ask_indexes
from server.llm.base import Embedder
from server.retrieval.asked import Asked, ask
from server.retrieval.dense import embed_documents
from server.retrieval.fusion import Candidate, fuse
from server.stores.base import Matrix

NOWHERE = Path()
"""The vectors are never saved."""


class PassageIndex:
    """An index that lives as long as this object. Safe for threads; embedding holds no lock."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self._lock = threading.Lock()
        self._vectors = VECTOR_STORES.get("memory").open(NOWHERE, embedder.dimension)
        self._words = WORD_INDEX.get("tantivy").in_memory()

    def embed(self, texts: Sequence[str]) -> Matrix:
        """The vectors of texts. Raises `ModelFailed`."""
        return embed_documents(self.embedder, texts)

    def put(self, ids: Sequence[int], texts: Sequence[str], vectors: Matrix) -> None:
        """Add embedded texts under new ids."""
        analysed = [terms(text) for text in texts]
        with self._lock:
            self._vectors.add(ids, vectors)
            self._words.change((), zip(ids, analysed, strict=True))

    def remove(self, ids: Collection[int]) -> None:
        """Forget texts; unknown ids are ignored."""
        with self._lock:
            self._vectors.remove(ids)
            self._words.change(ids, ())

    def search(self, question: str, k: int) -> tuple[list[Candidate], Answers]:
        """All that the k best of each index hold, best first."""
        asked: Asked = ask(self.embedder, question)
        with self._lock:
            answers = ask_indexes(self._vectors, self._words, asked.vector, asked.terms, k)
        return fuse(answers.dense, answers.lexical, floor=asked.floor, weight=asked.weight), answers
