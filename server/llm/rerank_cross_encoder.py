"""Rerank models that score a pair of texts: bge-reranker-base, -large, -v2-m3, bce-reranker and their kind."""

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification

from configs.settings import Settings
from server.errors import ModelUnavailable
from server.llm.catalog import Choice
from server.llm.rerank_base import settings_of
from server.llm.rerank_local import Batches, Pair, load_parts, pairs_of


class CrossEncoder:
    """A loaded model."""

    def __init__(self, choice: Choice, model: Any, tokenizer: Any, device: str) -> None:
        config = settings_of(choice)
        self.name = choice.name
        self.border = config.border
        self._model = model
        self._tokenizer = tokenizer
        longest = getattr(model.config, "max_position_embeddings", config.max_length)
        # RoBERTa and its kind begin to count positions after the padding index.
        offset = (model.config.pad_token_id or 0) + 1 if "roberta" in model.config.model_type else 0
        self._limit = min(config.max_length, longest - offset)
        self._batches = Batches(choice.name, device, self._forward)

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """See `Reranker`."""
        if not texts:
            return []
        encoded = self._tokenizer(
            [question] * len(texts), list(texts), truncation="longest_first", max_length=self._limit
        )
        return self._batches.score(pairs_of(encoded))

    def _forward(self, pairs: list[Pair]) -> list[float]:
        features = self._tokenizer.pad(pairs, return_tensors="pt").to(self._model.device)
        with torch.inference_mode():
            logits = self._model(**features).logits.float()
        if logits.shape[1] == 1:
            return torch.sigmoid(logits[:, 0]).tolist()
        return torch.softmax(logits, dim=1)[:, -1].tolist()  # "no" and "yes", as in text classification


def load(settings: Settings, choice: Choice) -> CrossEncoder:
    """See `server.llm.rerankers.load_reranker`."""
    model, tokenizer, device = load_parts(settings, choice, AutoModelForSequenceClassification)
    if model.config.num_labels > 2:
        raise ModelUnavailable(
            name=choice.name,
            reason_en=f"it sorts texts into {model.config.num_labels} classes, so it is no rerank model",
            reason_zh=f"它是 {model.config.num_labels} 类分类模型，不是重排模型",
        )
    return CrossEncoder(choice, model, tokenizer, device)
