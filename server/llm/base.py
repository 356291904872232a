"""What the rest of Zhiwen knows of models: LangChain's own interfaces, and the facts needed to search with one."""

from dataclasses import dataclass
from typing import Literal

from langchain_core.embeddings import Embeddings

__all__ = ["Embedder", "Embeddings"]


@dataclass(frozen=True)
class Embedder:
    """An embedding model ready for use.

    `model` is any LangChain `Embeddings`; what it returns is normalised by the dense index, so it need not be.
    `floor` is the cosine similarity that unrelated texts of everyday language reach with this model: it is where
    relevance begins to count. `weight` is how much the dense side counts beside the word index (1.0 for a neural model,
    less for one that sees words only).
    """

    name: str
    model: Embeddings
    dimension: int
    device: Literal["cpu", "cuda", "mps", "xpu", "npu"] | str = "cpu"
    floor: float = 0.0
    weight: float = 1.0
