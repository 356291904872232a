"""Embedding models with torch: GPUs and the like, and what has no ONNX form."""

import json
import logging
import threading
from pathlib import Path
from typing import Any

import torch
from langchain_core.embeddings import Embeddings
from sentence_transformers import SentenceTransformer

from configs.sections.models import EmbedModel
from server.errors import ModelFailed, ModelUnavailable
from server.llm.accelerators import resolve
from server.llm.base import Embedder
from server.llm.embedding_families import Family, Instructions, instructions
from server.llm.length_batches import length_batches

PROCESSOR_TOKENS = 512  # what a layer makes of them stays in the cache
ACCELERATOR_TOKENS = 32768
LEAST_TOKENS = 64

logger = logging.getLogger(__name__)


class TorchEmbeddings(Embeddings):
    """A loaded model with the texts its family wants in front of questions and documents. Safe for threads."""

    def __init__(self, name: str, model: SentenceTransformer, prefix: Instructions) -> None:
        self._name = name
        self._model = model
        self._prefix = prefix
        self._budget = PROCESSOR_TOKENS if model.device.type == "cpu" else ACCELERATOR_TOKENS
        self._turn = threading.Lock()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One unit vector for each text. Raises `ModelFailed` when not even one text fits into memory."""
        return self._encode([self._prefix.passage + text for text in texts])

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of a question. Raises `ModelFailed` as `embed_documents` does."""
        return self._encode([self._prefix.query + text])[0]

    def _encode(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = [[]] * len(texts)
        waiting = list(range(len(texts)))
        lengths = self._lengths(texts)
        while waiting:
            for batch in length_batches([lengths[i] for i in waiting], self._budget):
                positions = [waiting[i] for i in batch]
                if not self._embedded(texts, positions, vectors):
                    break
            waiting = [i for i in waiting if not vectors[i]]
        return vectors

    def _embedded(self, texts: list[str], positions: list[int], vectors: list[list[float]]) -> bool:
        """Embed these texts; False when memory ran out, and then later batches have half the size."""
        try:
            with self._turn:  # one batch at a time: a question waits for one of a job's batches, not for the job
                found = self._model.encode(
                    [texts[i] for i in positions],
                    batch_size=len(positions),
                    prompt="",
                    normalize_embeddings=True,
                    show_progress_bar=False,
                )
        except torch.OutOfMemoryError as error:
            self._shrink(len(positions), error)
            return False
        for position, vector in zip(positions, found.tolist(), strict=True):
            vectors[position] = vector
        return True

    def _shrink(self, texts: int, error: BaseException) -> None:
        if texts == 1 and self._budget <= LEAST_TOKENS:
            raise ModelFailed(name=self._name, reason="the device has too little memory for a single text") from error
        self._budget = max(LEAST_TOKENS, self._budget // 2)
        logger.warning("%s: out of memory, batches now hold %d tokens", self._name, self._budget)
        if self._model.device.type == "cuda":
            torch.cuda.empty_cache()

    def _lengths(self, texts: list[str]) -> list[int]:
        limit = int(self._model.max_seq_length or 512)
        with self._turn:  # setting the length of a tokenizer is not safe for threads
            encoded = self._model.tokenizer(texts, add_special_tokens=True, truncation=True, max_length=limit)
        return [len(ids) for ids in encoded["input_ids"]] if texts else []


def load(name: str, config: EmbedModel, folder: Path, device: str, found: Family) -> Embedder:
    """Load the weights. Raises `ModelUnavailable` with the reason when that fails."""
    try:
        where = resolve(device)
        loaded = SentenceTransformer(
            str(folder), device=where, local_files_only=True, model_kwargs=_precision(folder, where)
        )
    except (OSError, ValueError, RuntimeError, KeyError, ImportError, torch.OutOfMemoryError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        reason = lines[0][:300].replace(str(folder), folder.name)
        raise ModelUnavailable(name=name, reason_en=reason, reason_zh=reason) from error
    if config.max_length:
        loaded.max_seq_length = min(config.max_length, int(loaded.max_seq_length or config.max_length))
    prefix = instructions(config, found, {kind: text for kind, text in loaded.prompts.items() if text})
    return Embedder(
        name=name,
        model=TorchEmbeddings(name, loaded, prefix),
        dimension=loaded.get_embedding_dimension() or len(loaded.encode("x")),
        device=str(loaded.device),
        floor=found.floor,
    )


def _precision(folder: Path, device: str) -> dict[str, Any]:
    """Half precision where it is fast; models trained in bfloat16 overflow in float16."""
    if device == "cpu":
        return {"dtype": torch.float32}
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    trained = config.get("dtype") or config.get("torch_dtype")
    return {"dtype": torch.bfloat16 if trained == "bfloat16" else torch.float16}
