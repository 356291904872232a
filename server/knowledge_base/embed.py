"""Parsed files to prepared ones: one call of the embedding model for all pieces of a batch that it has not seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from server.analysis import terms
from server.db import repositories as rows
from server.knowledge_base.edits import Drafts, Edits, Stamp, draft
from server.knowledge_base.index import Entries
from server.knowledge_base.ingest import Parsed
from server.knowledge_base.parse_cache import ParseCache
from server.knowledge_base.same_model import cache_name
from server.llm.base import Embedder
from server.retrieval.dense import embed_documents
from server.stores.base import Matrix


@dataclass(frozen=True)
class Prepared:
    """A parsed file with its chunks to be and the vectors of those that are shown, made by `embed_model`.

    `based_on` is the state of the file whose changes by hand the chunks hold.
    """

    parsed: Parsed
    drafts: Drafts
    vectors: Matrix
    embed_model: str
    based_on: Stamp = (0, 0)

    @property
    def chunks(self) -> list[rows.NewChunk]:
        """Its chunks to be, in reading order."""
        return [draft.chunk for draft in self.drafts.chunks]


def prepare(
    embedder: Embedder, cache: ParseCache, batch: Sequence[Parsed], edits: Mapping[str, Edits]
) -> list[Prepared]:
    """Put what people changed over what was read, and embed what the indexes are to see. Raises `ModelFailed`."""
    drafts = [draft(p.received.name, p.text, edits.get(p.received.name, Edits())) for p in batch]
    texts = [[each.indexed for each in own.chunks if each.is_shown] for own in drafts]
    found = [_kept(embedder, cache, parsed, own) for parsed, own in zip(batch, texts, strict=True)]
    fresh = embed_documents(
        embedder, [text for own, kept in zip(texts, found, strict=True) if kept is None for text in own]
    )
    start = 0
    prepared = []
    for parsed, mine, own, kept in zip(batch, drafts, texts, found, strict=True):
        vectors = kept
        if vectors is None:
            vectors = fresh[start : start + len(own)]
            start += len(own)
            cache.keep_vectors(parsed.received.sha256, cache_name(embedder), own, vectors)
        based_on = edits.get(parsed.received.name, Edits()).stamp
        prepared.append(Prepared(parsed, mine, vectors, embedder.name, based_on))
    return prepared


def _kept(embedder: Embedder, cache: ParseCache, parsed: Parsed, texts: Sequence[str]) -> Matrix | None:
    kept = cache.vectors(parsed.received.sha256, cache_name(embedder), texts)
    return kept if kept is not None and kept.shape[1] == embedder.dimension else None


def entries(batch: Sequence[Prepared], ids: Sequence[Sequence[int]]) -> Entries:
    """The index entries of prepared files whose chunks, shown or not, have these ids."""
    shown = [
        (chunk_id, draft.indexed)
        for prepared, group in zip(batch, ids, strict=True)
        for chunk_id, draft in zip(group, prepared.drafts.chunks, strict=True)
        if draft.is_shown
    ]
    return Entries(
        ids=[chunk_id for chunk_id, _ in shown],
        vectors=batch[0].vectors if len(batch) == 1 else np.concatenate([prepared.vectors for prepared in batch]),
        terms=[" ".join(terms(indexed)) for _, indexed in shown],
    )
