"""What the rest of Zhiwen knows of models: LangChain's own interfaces, and the facts needed to search with one."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from langchain_core.embeddings import Embeddings

__all__ = ["Embedder", "Embeddings"]
_PROBE = "员工入职满一年后有十二天年休假。 The warranty of the desk lasts three years."


@dataclass(frozen=True)
class Embedder:
    """An embedding model ready for use.

    `model` is any LangChain `Embeddings`; what it returns is normalised by the dense index, so it need not be.
    `floor` is the cosine similarity that unrelated texts of everyday language reach with this model: it is where
    relevance begins to count. `weight` is how much the dense side counts beside the word index (1.0 for a neural model,
    less for one that sees words only). `quick` tells that a question takes it no longer than looking something up:
    neither a network of neurons nor a service is behind it.
    """

    name: str
    model: Embeddings
    dimension: int
    device: Literal["cpu", "cuda", "mps", "xpu", "npu"] | str = "cpu"
    floor: float = 0.0
    weight: float = 1.0
    quick: bool = False

    @cached_property
    def probe(self) -> list[float]:
        """What the model makes of a fixed text, by which it is known again. Raises what the model raises."""
        return self.model.embed_documents([_PROBE])[0]
