"""Parsed files to prepared ones: one call of the embedding model for all pieces of a batch that it has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from server.analysis import terms
from server.knowledge_base.index import Entries
from server.knowledge_base.ingest import Parsed
from server.knowledge_base.parse_cache import ParseCache
from server.llm.base import Embedder
from server.retrieval.dense import embed_documents
from server.stores.base import Matrix


@dataclass(frozen=True)
class Prepared:
    """A parsed file with its vectors, shape (len(pieces), dimension), made by `embed_model`."""

    parsed: Parsed
    vectors: Matrix
    embed_model: str


def prepare(embedder: Embedder, cache: ParseCache, batch: Sequence[Parsed]) -> list[Prepared]:
    """Embed what the indexes are to see of each piece. Raises `ModelFailed`."""
    texts = [[piece.indexed for piece in parsed.pieces] for parsed in batch]
    found = [_kept(embedder, cache, parsed, own) for parsed, own in zip(batch, texts, strict=True)]
    fresh = embed_documents(
        embedder, [text for own, kept in zip(texts, found, strict=True) if kept is None for text in own]
    )
    start = 0
    prepared = []
    for parsed, own, kept in zip(batch, texts, found, strict=True):
        vectors = kept
        if vectors is None:
            vectors = fresh[start : start + len(own)]
            start += len(own)
            cache.keep_vectors(parsed.received.sha256, embedder.name, own, vectors)
        prepared.append(Prepared(parsed, vectors, embedder.name))
    return prepared


def _kept(embedder: Embedder, cache: ParseCache, parsed: Parsed, texts: Sequence[str]) -> Matrix | None:
    kept = cache.vectors(parsed.received.sha256, embedder.name, texts)
    # A model of the same name may have been exchanged for one of another size.
    return kept if kept is not None and kept.shape[1] == embedder.dimension else None


def entries(batch: Sequence[Prepared], ids: Sequence[Sequence[int]]) -> Entries:
    """The index entries of prepared files whose chunks have these ids."""
    return Entries(
        ids=[chunk_id for group in ids for chunk_id in group],
        vectors=batch[0].vectors if len(batch) == 1 else np.concatenate([prepared.vectors for prepared in batch]),
        terms=[" ".join(terms(piece.indexed)) for prepared in batch for piece in prepared.parsed.pieces],
    )
