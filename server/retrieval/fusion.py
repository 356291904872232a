"""One relevance in [0, 1] out of a cosine similarity and a BM25 score, comparable between questions.

evidence  = lexical + weight · max(0, (cosine - floor) / (1 - floor))
relevance = evidence² / (evidence² + BORDER²)

`lexical` is BM25 divided by the question's summed idf (see `WordIndex.search`), about 1 when a chunk holds every term
once. Unlike rank fusion this is absolute: a question that no document matches gets low values everywhere. BORDER is the
evidence at which relevance is 0.5; docs/evaluation.md tells how it was chosen and what it costs.
"""

from typing import NamedTuple

BORDER = 0.4


class Candidate(NamedTuple):
    """A chunk id with what both indexes say about it, and the relevance that follows.

    A tuple, as every search makes a hundred of them: a frozen dataclass takes four times as long.
    """

    id: int
    relevance: float
    dense: float
    lexical: float


def fuse(dense: dict[int, float], lexical: dict[int, float], *, floor: float, weight: float) -> list[Candidate]:
    """Join cosine similarities and lexical scores by id, best first; an id that one of them lacks counts 0 there.

    `floor` and `weight` belong to the embedding model (`Embedder`); see the module for the formula.
    """
    slope, border = weight / (1.0 - floor), BORDER**2
    ranked: list[tuple[float, int, float, float]] = []
    for i in dense.keys() | lexical.keys():
        cosine, words = dense.get(i, 0.0), lexical.get(i, 0.0)
        # Comparisons, where max() would be a call: this runs for a hundred ids in every search.
        evidence = (words if words > 0 else 0.0) + (slope * (cosine - floor) if cosine > floor else 0.0)
        ranked.append((-(evidence**2) / (evidence**2 + border), i, cosine, words))
    ranked.sort()
    return [Candidate(i, -worst, cosine, words) for worst, i, cosine, words in ranked]
