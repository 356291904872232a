"""Rank texts that stand in no index, such as pages of the internet, as chunks of a knowledge base are ranked."""

from collections.abc import Sequence

from server.analysis import terms
from server.knowledge_base.embedders import Embedders
from server.retrieval.dense import embed_documents, embed_query
from server.retrieval.fusion import Candidate, fuse
from server.retrieval.question import keywords


class TextRanker:
    """Ranks with the default embedding model. `candidates` is how many texts are embedded: the best by their words."""

    def __init__(self, embedders: Embedders, candidates: int) -> None:
        self._embedders = embedders
        self._candidates = candidates

    def __call__(self, question: str, texts: Sequence[str]) -> list[Candidate]:
        """The texts, best first; the id of each is its place in `texts`. Blocks while the model computes.

        Raises:
            ModelUnavailable: the embedding model cannot run here.
            ModelFailed: it failed.
        """
        from server.stores.tantivy_index import TantivyIndex

        if not texts:
            return []
        embedder = self._embedders.get()
        wanted = keywords(question)
        index = TantivyIndex.in_memory()
        index.change((), ((place, terms(text)) for place, text in enumerate(texts)))
        lexical = dict(index.search(terms(wanted), len(texts)))
        # Stable: where no words match, the first texts are the candidates.
        chosen = sorted(range(len(texts)), key=lambda place: -lexical.get(place, 0.0))[: self._candidates]
        vectors = embed_documents(embedder, [texts[place] for place in chosen])
        cosines = vectors @ embed_query(embedder, question if embedder.weight >= 1 else wanted)
        dense = dict(zip(chosen, map(float, cosines), strict=True))
        return fuse(dense, lexical, floor=embedder.floor, weight=embedder.weight)
