"""Parsed files to prepared ones: one call of the embedding model for all pieces of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.analysis import terms
from server.knowledge_base.index import Entries
from server.knowledge_base.ingest import Parsed
from server.llm.base import Embedder
from server.retrieval.dense import embed_documents
from server.stores.base import Matrix


@dataclass(frozen=True)
class Prepared:
    """A parsed file with its vectors, shape (len(pieces), dimension), made by `embed_model`."""

    parsed: Parsed
    vectors: Matrix
    embed_model: str


def prepare(embedder: Embedder, batch: Sequence[Parsed]) -> list[Prepared]:
    """Embed what the indexes are to see of each piece. Raises `ModelFailed`."""
    vectors = embed_documents(embedder, [piece.indexed for parsed in batch for piece in parsed.pieces])
    prepared, start = [], 0
    for parsed in batch:
        end = start + len(parsed.pieces)
        prepared.append(Prepared(parsed, vectors[start:end], embedder.name))
        start = end
    return prepared


def entries(batch: Sequence[Prepared], ids: Sequence[Sequence[int]]) -> Entries:
    """The index entries of prepared files whose chunks have these ids."""
    import numpy as np

    return Entries(
        ids=[chunk_id for group in ids for chunk_id in group],
        vectors=np.concatenate([prepared.vectors for prepared in batch]),
        terms=[terms(piece.indexed) for prepared in batch for piece in prepared.parsed.pieces],
    )
