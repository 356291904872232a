"""`builtin-ngram`: an embedder without weights.

Terms (Chinese characters and character pairs, words, codes) and the character trigrams of longer words are hashed with
a sign into a fixed number of dimensions (feature hashing, Weinberger et al. 2009) and weighted by 1 + log(count). It
sees spelling, not meaning: texts are near when they share character sequences. Deterministic on every machine.
"""

import math
from collections import Counter
from zlib import crc32

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from server.analysis import has_cjk, terms

DIMENSION = 512
SINGLE_CHARACTER_WEIGHT = 0.3  # a single Chinese character says little; a pair is nearly a word


class NgramEmbeddings(Embeddings):
    """See the module docstring. Vectors have unit length, or are zero for a text without letters or digits."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector of `DIMENSION` floats for each text."""
        return [_vector(text).tolist() for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question; the same function as for documents."""
        return _vector(text).tolist()


def _vector(text: str) -> NDArray[np.float32]:
    vector = np.zeros(DIMENSION, dtype=np.float32)
    for feature, number in Counter(_features(text)).items():
        weight = SINGLE_CHARACTER_WEIGHT if len(feature) == 1 else 1.0
        digest = crc32(feature.encode())
        vector[digest % DIMENSION] += (1 if digest & 0x80000000 else -1) * weight * (1 + math.log(number))
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def _features(text: str) -> list[str]:
    found = terms(text)
    for word in [term for term in found if len(term) > 3 and not has_cjk(term)]:
        found.extend(word[i : i + 3] for i in range(len(word) - 2))
    return found
