"""`python -m server.llm.onnx_export SOURCE TARGET QUANTIZE`: a sentence-transformers folder to an ONNX one.

A process of its own, so that the one that searches never loads torch. TARGET gets `model.onnx` (ids and mask in,
vector out), `tokenizer.json` and `model.json` with what is needed to run it. The result is compared with the original
before it counts; whatever goes wrong ends in exit code 1 with the reason in the last line of stderr.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn

from server.llm.onnx_model import INPUTS, OnnxModel

OPSET = 17
NICENESS = 5  # the services beside it go first
PROBES = (
    "知问在本机回答问题，并给出出处。",
    "How do I get my money back?",
    "x",
    "A longer text, so that padding is needed, and 一些中文 in between. " * 6,
)
# The values of attention lose most when rounded: without them the smallest cosine of MiniLM is 0.9935, not 0.989.
KEPT_EXACT = ("value", "v_proj", "v_lin")
LEAST_COSINE = {"": 0.999, "int8": 0.98}


class _Whole(nn.Module):
    """All modules of the model as one function of its inputs."""

    def __init__(self, model: SentenceTransformer, inputs: Sequence[str]) -> None:
        super().__init__()
        self._model = model
        self._inputs = inputs

    def forward(self, *values: Tensor) -> Tensor:
        features = dict(zip(self._inputs, values, strict=True))
        vector = self._model(features)["sentence_embedding"]
        return nn.functional.normalize(vector, p=2, dim=1)


class _RowScaled(nn.Module):
    """A linear layer that brings each row to [-1, 1] before it multiplies.

    ONNX Runtime takes one scale for a whole batch when it rounds activations to 8 bits, so a single large value makes
    all others coarse. With rows of one size each token has its own scale (cosine 0.998 instead of 0.991 on MiniLM).
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self._weight = nn.Parameter(linear.weight.t().contiguous())
        self._bias = linear.bias

    def forward(self, x: Tensor) -> Tensor:
        size = x.abs().amax(-1, keepdim=True).clamp_min(1e-9)
        y = torch.matmul(x / size, self._weight) * size
        return y if self._bias is None else y + self._bias


def export(source: Path, target: Path, quantize: str) -> None:
    """See the module docstring. Raises whatever the libraries raise, `ValueError` when the result differs."""
    model = SentenceTransformer(
        str(source),
        device="cpu",
        local_files_only=True,
        model_kwargs={"attn_implementation": "eager", "dtype": "float32"},
    ).eval()
    tokenizer = model.tokenizer
    if not getattr(tokenizer, "is_fast", False):
        raise ValueError("its tokenizer has no tokenizer.json form")
    wanted = model.encode(list(PROBES), normalize_embeddings=True, prompt="", show_progress_bar=False)
    described = _described(model, quantize)
    _write_tokenizer(tokenizer, target)
    (target / "model.json").write_text(json.dumps(described, ensure_ascii=False, indent=1), encoding="utf-8")
    if quantize:
        _scale_rows(model)
    _write_graph(model, described["inputs"], target / "model.onnx")
    if quantize:
        _round_weights(target / "model.onnx")
    _compare(OnnxModel(target).encode(list(PROBES)), np.asarray(wanted), LEAST_COSINE[quantize])


def _described(model: SentenceTransformer, quantize: str) -> dict[str, Any]:
    features = model.tokenizer(["x"], return_tensors="pt")
    return {
        "inputs": [name for name in INPUTS if name in features],
        "max_length": int(model.max_seq_length or 512),
        "pad_id": int(getattr(model.tokenizer, "pad_token_id", 0) or 0),
        "dimension": model.get_embedding_dimension(),
        "prompts": {name: text for name, text in model.prompts.items() if text},
        "quantize": quantize,
    }


def _write_tokenizer(tokenizer: Any, target: Path) -> None:
    backend = tokenizer.backend_tokenizer
    backend.no_padding()
    backend.no_truncation()
    backend.save(str(target / "tokenizer.json"))


def _scale_rows(model: SentenceTransformer) -> None:
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Linear) and name not in KEPT_EXACT:
                setattr(parent, name, _RowScaled(child))


def _write_graph(model: SentenceTransformer, inputs: Sequence[str], file: Path) -> None:
    # Two texts of unlike length, so that neither padding nor the number of texts is taken for a constant.
    features = model.tokenizer(list(PROBES[:2]), padding=True, return_tensors="pt")
    axes: dict[str, dict[int, str]] = {name: {0: "texts", 1: "tokens"} for name in inputs}
    with torch.no_grad():
        torch.onnx.export(
            _Whole(model, inputs),
            tuple(features[name] for name in inputs),
            str(file),
            input_names=list(inputs),
            output_names=["vector"],
            dynamic_axes={**axes, "vector": {0: "texts"}},
            opset_version=OPSET,
            dynamo=False,  # four times as fast as the newer exporter, and these models need nothing it adds
        )


def _round_weights(file: Path) -> None:
    exact = file.with_name("exact.onnx")
    file.replace(exact)
    graph = onnx.load(exact)
    exempt = [node.name for node in graph.graph.node if node.name.rpartition("/")[0].endswith(KEPT_EXACT)]
    options = {"MatMulConstBOnly": True}
    quantize_dynamic(
        graph,
        str(file),
        per_channel=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul"],
        nodes_to_exclude=exempt,
        extra_options=options,
    )
    exact.unlink()


def _compare(got: NDArray[np.float32], wanted: NDArray[np.float32], least: float) -> None:
    cosine = float((got * wanted).sum(axis=1).min())
    if not cosine >= least:
        raise ValueError(f"its ONNX form computes other vectors (cosine {cosine:.4f})")


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    try:
        export(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    except Exception as error:  # noqa: BLE001  # the edge of this process: its only way to tell why is this line
        lines = str(error).strip().splitlines() or [""]
        sys.stderr.write(f"\n{type(error).__name__}: {lines[0][:300]}\n")
        sys.exit(1)
