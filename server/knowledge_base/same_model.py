"""Is a model of a name still the one an index was built with? What it makes of one fixed text is kept and compared.

The weights behind a name can be exchanged for others of the same size, at a provider even unseen. Looking at what comes
out notices that, and leaves alone what does not matter: the format of the files, ONNX or torch, int8, the device.
"""

import base64
import hashlib
from collections.abc import Sequence

import numpy as np

from server.llm.base import Embedder

SAME = 0.98
"""Cosine. Rounding to int8 keeps more than 0.99; other weights, or another instruction, are far below."""
_STRONGEST = 8


def sign(embedder: Embedder) -> str:
    """What a knowledge base keeps of its model. Raises what the model raises."""
    return base64.b64encode(np.asarray(embedder.probe, dtype="<f2").tobytes()).decode()


def is_same(kept: str, embedder: Embedder) -> bool:
    """Whether the model still makes the same of the text. What an older version built has no sign and is trusted."""
    if not kept:
        return True
    before = np.frombuffer(base64.b64decode(kept), dtype="<f2").astype(np.float64)
    present = np.asarray(embedder.probe, dtype=np.float64)
    lengths = np.linalg.norm(before) * np.linalg.norm(present)
    return len(before) == len(present) and bool(before @ present >= SAME * lengths)


def cache_name(embedder: Embedder) -> str:
    """A name for vectors that are kept: no other weights share it. The same ones nearly always do."""
    probe: Sequence[float] = embedder.probe
    strongest = sorted(np.argsort(np.abs(probe))[-_STRONGEST:].tolist())
    return f"{embedder.name}-{hashlib.sha256(str(strongest).encode()).hexdigest()[:12]}"
