"""A question as the indexes take it: a vector of one embedding model, and terms."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.analysis import terms
from server.llm.base import Embedder
from server.retrieval.dense import embed_query
from server.retrieval.question import keywords
from server.stores.base import Vector


@dataclass(frozen=True)
class Asked:
    """See the module; `floor` and `weight` belong to the embedding model (`Embedder`)."""

    vector: Vector
    terms: Sequence[str]
    floor: float
    weight: float


def ask(embedder: Embedder, question: str) -> Asked:
    """Prepare a question. A neural model sees all of it, one that sees only words no question words.

    Raises:
        ModelFailed: the embedding model returned something else than a vector of its size.
    """
    wanted = keywords(question)
    vector = embed_query(embedder, question if embedder.weight >= 1 else wanted)
    return Asked(vector, terms(wanted), embedder.floor, embedder.weight)
