"""An exported embedding model: texts to unit vectors with tokenizers and onnxruntime only."""

import json
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from server.llm.length_batches import length_batches

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
BATCH_TOKENS = 384
"""What a layer makes of so many stays in the processor's cache, little of it is padding, and memory is bounded."""


class OnnxModel:
    """A folder written by `server.llm.onnx_export`, loaded. Safe for threads."""

    def __init__(self, folder: Path, max_length: int = 0) -> None:
        described = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self.dimension: int = described["dimension"]
        self.prompts: dict[str, str] = described["prompts"]
        self._inputs: list[str] = described["inputs"]
        self._pad: int = described["pad_id"]
        limit = min(max_length or described["max_length"], described["max_length"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(limit)
        self._tokenizing = threading.Lock()
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="embedding")
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), _options(), providers=["CPUExecutionProvider"]
        )

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (len(texts), dimension), in the order of the texts."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        with self._tokenizing:
            encoded = self._tokenizer.encode_batch(list(texts))

        def run(positions: list[int]) -> None:
            vectors[positions] = self._run([encoded[position] for position in positions])

        batches = list(length_batches([len(one.ids) for one in encoded], BATCH_TOKENS))
        if len(batches) == 1:
            run(batches[0])  # a question, which need not wait for the documents in the threads
        else:
            list(self._threads.map(run, batches))
        return vectors

    def _run(self, batch: Sequence[Encoding]) -> NDArray[np.float32]:
        shape = (len(batch), max(1, max(len(one.ids) for one in batch)))
        feeds = {name: np.zeros(shape, dtype=np.int64) for name in INPUTS}
        feeds["input_ids"][:] = self._pad
        for row, one in enumerate(batch):
            feeds["input_ids"][row, : len(one.ids)] = one.ids
            feeds["attention_mask"][row, : len(one.ids)] = 1
        return np.asarray(self._session.run(None, {name: feeds[name] for name in self._inputs})[0])


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    # A core for each batch: cores that share one wait for each other in every layer.
    options.intra_op_num_threads = 1
    # Every batch has another shape: what is planned and kept for one is of no use to the next.
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = False
    return options
