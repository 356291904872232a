"""One relevance in [0, 1] out of a cosine similarity and a BM25 score, comparable between questions.

evidence  = lexical + weight · max(0, (cosine - floor) / (1 - floor))
relevance = evidence² / (evidence² + BORDER²)

`lexical` is BM25 divided by the question's summed idf (see `WordIndex.search`), about 1 when a chunk holds every term
once. Unlike rank fusion this is absolute: a question that no document matches gets low values everywhere. BORDER is the
evidence at which relevance is 0.5; docs/evaluation.md tells how it was chosen and what it costs.
"""

from dataclasses import dataclass

BORDER = 0.4


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk id with what both indexes say about it, and the relevance that follows."""

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
    ids = dense.keys() | lexical.keys()
    candidates = [
        Candidate(
            i,
            relevance(lexical.get(i, 0.0), dense.get(i, 0.0), floor=floor, weight=weight),
            dense.get(i, 0.0),
            lexical.get(i, 0.0),
        )
        for i in ids
    ]
    return sorted(candidates, key=lambda c: (-c.relevance, c.id))
