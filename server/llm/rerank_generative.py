"""Rerank models that are language models: Qwen3-Reranker. The score is how much likelier "yes" is than "no"."""

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from configs.settings import Settings
from server.errors import ModelUnavailable
from server.llm.catalog import Choice
from server.llm.rerank_base import settings_of
from server.llm.rerank_local import Batches, Pair, load_parts

INSTRUCTION = "Given a web search query, retrieve relevant passages that answer the query"
PREFIX = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct "
    'provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n'
)
SUFFIX = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"


class YesOrNo:
    """A loaded model."""

    def __init__(self, choice: Choice, model: Any, tokenizer: Any, device: str) -> None:
        config = settings_of(choice)
        self.name = choice.name
        self.border = config.border
        self._model = model
        self._tokenizer = tokenizer
        self._instruction = config.instruction or INSTRUCTION
        self._answers = [_single_token(choice.name, tokenizer, word) for word in ("no", "yes")]
        self._prefix = tokenizer.encode(PREFIX, add_special_tokens=False)
        self._suffix = tokenizer.encode(SUFFIX, add_special_tokens=False)
        self._limit = max(16, config.max_length - len(self._prefix) - len(self._suffix))
        self._batches = Batches(choice.name, device, self._forward)

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """See `Reranker`."""
        pairs: list[Pair] = []
        for text in texts:
            body = f"<Instruct>: {self._instruction}\n<Query>: {_plain(question)}\n<Document>: {_plain(text)}"
            ids = self._tokenizer.encode(body, add_special_tokens=False, truncation=True, max_length=self._limit)
            pairs.append({"input_ids": self._prefix + ids + self._suffix})
        return self._batches.score(pairs)

    def _forward(self, pairs: list[Pair]) -> list[float]:
        width = max(len(pair["input_ids"]) for pair in pairs)
        ids = torch.zeros((len(pairs), width), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, pair in enumerate(pairs):  # padded on the left: the answer follows the last token
            ids[row, width - len(pair["input_ids"]) :] = torch.tensor(pair["input_ids"])
            mask[row, width - len(pair["input_ids"]) :] = 1
        device = self._model.device
        with torch.inference_mode():
            found = self._model(input_ids=ids.to(device), attention_mask=mask.to(device), logits_to_keep=1)
        return torch.softmax(found.logits[:, -1, self._answers].float(), dim=1)[:, 1].tolist()


def load(settings: Settings, choice: Choice) -> YesOrNo:
    """See `server.llm.rerankers.load_reranker`."""
    model, tokenizer, device = load_parts(settings, choice, AutoModelForCausalLM)
    return YesOrNo(choice, model, tokenizer, device)


def _single_token(name: str, tokenizer: Any, word: str) -> int:
    ids = tokenizer.encode(word, add_special_tokens=False)
    if len(ids) != 1:
        raise ModelUnavailable(
            name=name,
            reason_en=f'its tokenizer has no token "{word}", so it is not a model of the Qwen3-Reranker kind',
            reason_zh=f"分词器中没有“{word}”，不是 Qwen3-Reranker 类的模型",
        )
    return ids[0]


def _plain(text: str) -> str:
    """A text that cannot pretend to be the end of the message: control tokens are written <|...|>."""
    return text.replace("<|", "< |").replace("<think>", "< think>").replace("</think>", "< /think>")
