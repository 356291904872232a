"""A question to hits: embed, ask both indexes, join, look up in SQL what may be shown, cut.

Whatever an index knows and SQL does not is not found. When such leftovers take places among the best, the indexes are
asked again for more.
"""

from collections.abc import Sequence

from configs import Settings
from server.analysis import terms
from server.db import repositories as rows
from server.db.session import Database
from server.db.tables import KnowledgeBaseRow
from server.knowledge_base.embedders import Embedders
from server.knowledge_base.index import IndexPool
from server.knowledge_base.names import Layout
from server.knowledge_base.publish import open_index
from server.retrieval.dense import embed_query
from server.retrieval.fusion import Candidate, fuse
from server.retrieval.question import keywords
from server.types import Chunk, Hit

MAX_DISTANCE = 2.0


class Searcher:
    """Searches any of the knowledge bases."""

    def __init__(self, settings: Settings, database: Database, indexes: IndexPool, embedders: Embedders) -> None:
        self._settings = settings
        self._database = database
        self._indexes = indexes
        self._embedders = embedders

    def search(
        self, targets: Sequence[KnowledgeBaseRow], question: str, *, top_k: int, max_distance: float
    ) -> list[Hit]:
        """The best chunks of all targets together, best first, none farther than `max_distance` (0 to 2)."""
        hits = [hit for kb in targets for hit in self._search_one(kb, question, top_k)]
        hits.sort(key=lambda hit: (-hit.relevance, hit.chunk.id))
        return [hit for hit in hits[:top_k] if max_distance >= MAX_DISTANCE or hit.distance <= max_distance]

    def _search_one(self, kb: KnowledgeBaseRow, question: str, top_k: int) -> list[Hit]:
        embedder = self._embedders.for_index(kb.name, kb.embed_model, kb.dimension)
        wanted = keywords(question)
        words = terms(wanted)
        vector = embed_query(embedder, question if embedder.weight >= 1 else wanted)
        index = open_index(self._indexes, Layout.of(self._settings.paths.knowledge_base, kb.name), kb)
        k = max(self._settings.retrieval.candidates, top_k)
        while True:
            answers = index.search(vector, words, k)
            found = fuse(answers.dense, answers.lexical, floor=embedder.floor, weight=embedder.weight)
            chunks = self._visible(found)
            if len(chunks) >= min(top_k, len(found)) or answers.exhausted:
                break
            k *= 2
        hits = [Hit(chunks[c.id], c.relevance, c.dense, c.lexical) for c in found if c.id in chunks]
        return hits[:top_k]

    def _visible(self, found: Sequence[Candidate]) -> dict[int, Chunk]:
        with self._database.read() as session:
            return rows.visible_chunks(session, [candidate.id for candidate in found])
