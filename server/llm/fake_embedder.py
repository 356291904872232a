"""A deterministic embedder for tests and demonstrations: each text gets a random direction of its own."""

from zlib import crc32

import numpy as np
from langchain_core.embeddings import Embeddings

from configs.settings import Settings
from server.llm.base import Embedder
from server.llm.catalog import Choice

DIMENSION = 16


class FakeEmbeddings(Embeddings):
    """Equal texts get equal vectors; unequal ones are unrelated."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector of `DIMENSION` floats for each text."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The vector of one text."""
        return np.random.default_rng(crc32(text.encode())).standard_normal(DIMENSION).tolist()


def load(settings: Settings, choice: Choice) -> Embedder:
    """See `server.llm.embedders.load_embedder`."""
    del settings
    return Embedder(name=choice.name, model=FakeEmbeddings(), dimension=DIMENSION)
