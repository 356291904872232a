"""Vectors of texts: the mean of a model's last hidden states, of length 1. Imports torch."""

from collections.abc import Sequence
from typing import Any

import torch

# Texts of like length go through the model together; more at once would need memory and save no time.
BATCH = 8


def embed(model: Any, texts: Sequence[Sequence[int]]) -> list[list[float]]:
    """One vector for each text, given as tokens; in the order of the texts."""
    core = model.get_base_model() if hasattr(model, "get_base_model") else model
    vectors: dict[int, list[float]] = {}
    by_length = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    for start in range(0, len(texts), BATCH):
        places = by_length[start : start + BATCH]
        batch = _pooled(core.base_model, [texts[place] for place in places], model.device)
        vectors.update(zip(places, batch.tolist(), strict=True))
    return [vectors[place] for place in range(len(texts))]


@torch.inference_mode()
def _pooled(core: Any, texts: Sequence[Sequence[int]], device: torch.device) -> torch.Tensor:
    longest = max(len(text) for text in texts)
    # Padding stands at the end and is masked, so which token it is does not matter.
    ids = torch.tensor([[*text, *[0] * (longest - len(text))] for text in texts], device=device)
    mask = torch.tensor([[1] * len(text) + [0] * (longest - len(text)) for text in texts], device=device)
    states = core(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
    weights = mask.unsqueeze(-1).to(states.device)
    mean = (states.float() * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)
    return torch.nn.functional.normalize(mean, dim=-1).cpu()
