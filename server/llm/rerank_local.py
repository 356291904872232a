"""What rerank models on local weights share: loading, batches of like length, halving when memory runs out."""

import json
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer

from configs.settings import Settings
from server.errors import ModelFailed, ModelUnavailable
from server.llm.accelerators import resolve
from server.llm.catalog import Choice
from server.llm.length_batches import length_batches

PROCESSOR_TOKENS = 512  # what a layer makes of them stays in the cache
ACCELERATOR_TOKENS = 32768
LEAST_TOKENS = 64

Pair = dict[str, list[int]]
"""What a tokenizer returns for one pair of texts."""

logger = logging.getLogger(__name__)


class Batches:
    """Encoded pairs through a model, one batch at a time whoever asks."""

    def __init__(self, name: str, device: str, forward: Callable[[list[Pair]], list[float]]) -> None:
        self._name = name
        self._forward = forward
        self._budget = PROCESSOR_TOKENS if device == "cpu" else ACCELERATOR_TOKENS
        self._turn = threading.Lock()

    def score(self, encoded: Sequence[Pair]) -> list[float]:
        """One score for each. Raises `ModelFailed` when not even one pair fits into memory."""
        scores: dict[int, float] = {}
        while len(scores) < len(encoded):
            waiting = [i for i in range(len(encoded)) if i not in scores]
            for batch in length_batches([len(encoded[i]["input_ids"]) for i in waiting], self._budget):
                positions = [waiting[i] for i in batch]
                try:
                    with self._turn:
                        found = self._forward([encoded[i] for i in positions])
                except torch.OutOfMemoryError as error:
                    self._shrink(len(positions), error)
                    break
                scores.update(zip(positions, found, strict=True))
        return [scores[i] for i in range(len(encoded))]

    def _shrink(self, pairs: int, error: BaseException) -> None:
        if pairs == 1 and self._budget <= LEAST_TOKENS:
            raise ModelFailed(name=self._name, reason="the device has too little memory for a single text") from error
        self._budget = max(LEAST_TOKENS, self._budget // 2)
        logger.warning("%s: out of memory, batches now hold %d tokens", self._name, self._budget)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def load_parts(settings: Settings, choice: Choice, model_class: Any) -> tuple[Any, Any, str]:
    """Model, tokenizer and device. Raises `ModelUnavailable` with the reason when the weights cannot be loaded."""
    folder = choice.path
    if folder is None:
        raise ModelUnavailable(
            name=choice.name,
            reason_en=f"its weights are not here; fetch them with: python startup.py --download {choice.name}",
            reason_zh=f"本机没有它的权重，请运行 python startup.py --download {choice.name}",
        )
    try:
        device = resolve(choice.model.device or settings.models.device)
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        model = model_class.from_pretrained(str(folder), local_files_only=True, dtype=_precision(folder, device))
        return model.to(device).eval(), tokenizer, device
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        reason = lines[0][:300].replace(str(folder), folder.name)
        raise ModelUnavailable(name=choice.name, reason_en=reason, reason_zh=reason) from error


def pairs_of(encoded: Any) -> list[Pair]:
    """What a tokenizer returned for many, as one mapping for each."""
    return [{key: values[row] for key, values in encoded.items()} for row in range(len(encoded["input_ids"]))]


def _precision(folder: Path, device: str) -> torch.dtype:
    if device == "cpu":
        return torch.float32
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    trained = config.get("dtype") or config.get("torch_dtype")
    return torch.bfloat16 if trained == "bfloat16" else torch.float16
