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


def relevance(lexical: float, cosine: float, *, floor: float, weight: float) -> float:
    """See the module docstring. `floor` and `weight` belong to the embedding model (`Embedder`)."""
    dense = max(0.0, (cosine - floor) / (1.0 - floor))
    evidence = max(0.0, lexical) + weight * dense
    return evidence**2 / (evidence**2 + BORDER**2)


def fuse(dense: dict[int, float], lexical: dict[int, float], *, floor: float, weight: float) -> list[Candidate]:
    """Join cosine similarities and lexical scores by id, best first; an id that one of them lacks counts 0 there."""
    candidates: list[Candidate] = []
    for i in dense.keys() | lexical.keys():
        cosine, words = dense.get(i, 0.0), lexical.get(i, 0.0)
        candidates.append(Candidate(i, relevance(words, cosine, floor=floor, weight=weight), cosine, words))
    return sorted(candidates, key=lambda c: (-c.relevance, c.id))
