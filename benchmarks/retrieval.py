"""Retrieval quality and speed on question-passage data, through the same code as the product.

usage: python benchmarks/retrieval.py --data FOLDER [--questions N] [--embed-model NAME]

FOLDER holds passages.jsonl ({"id", "title", "text"}) and questions.jsonl ({"question", "passage", "answers"}). Each
passage becomes a file of a temporary knowledge base. Printed: the share of questions whose passage is among the first
1, 3, 5 and 10 chunks, whose answer stands in the first 3, the mean reciprocal rank, how many questions keep their
passage above the border of relevance, how many off-topic questions (of the other half of the data) stay below it, and
times.
"""

import argparse
import io
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from configs import load_settings
from server.container import build_container
from server.knowledge_base.recipe import IngestOptions
from server.knowledge_base.service import KnowledgeBases, Upload
from server.types import Hit

ANY_DISTANCE = 2.0
BORDER_DISTANCE = 1.0


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def fill(kbs: KnowledgeBases, name: str, passages: list[dict], embed_model: str) -> float:
    kbs.create(name, embed_model=embed_model)
    began = time.perf_counter()
    uploads = (Upload(f"{passage['id']}.txt", io.BytesIO(passage["text"].encode())) for passage in passages)
    failed = {file: error for file, error in kbs.add_files(name, uploads, IngestOptions()).items() if error}
    if failed:
        raise SystemExit(f"files failed: {failed}")
    return time.perf_counter() - began


def measure(kbs: KnowledgeBases, name: str, questions: list[dict]) -> dict[str, float]:
    ranks, answered, seconds, above = [], 0, [], 0
    for question in questions:
        began = time.perf_counter()
        hits = kbs.search([name], question["question"], top_k=10, max_distance=ANY_DISTANCE)
        seconds.append(time.perf_counter() - began)
        files = [hit.chunk.file.removesuffix(".txt") for hit in hits]
        ranks.append(files.index(question["passage"]) + 1 if question["passage"] in files else 0)
        answered += any(has_answer(hit, question) for hit in hits[:3])
        above += any(hit.distance <= BORDER_DISTANCE for hit in hits if hit.chunk.file.startswith(question["passage"]))
    total = len(questions)
    return {
        **{f"hit@{k}": sum(0 < rank <= k for rank in ranks) / total for k in (1, 3, 5, 10)},
        "answer@3": answered / total,
        "mrr@10": sum(1 / rank for rank in ranks if rank) / total,
        "above_border": above / total,
        "search_p50_ms": statistics.median(seconds) * 1000,
        "search_p99_ms": sorted(seconds)[int(total * 0.99)] * 1000,
    }


def has_answer(hit: Hit, question: dict) -> bool:
    same = hit.chunk.file.removesuffix(".txt") == question["passage"]
    return same and any(answer in hit.chunk.text for answer in question["answers"])


def refused(kbs: KnowledgeBases, name: str, questions: list[dict]) -> float:
    quiet = sum(not kbs.search([name], q["question"], top_k=1, max_distance=BORDER_DISTANCE) for q in questions)
    return quiet / len(questions)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--questions", type=int, default=500)
    arguments.add_argument("--embed-model", default="")
    options = arguments.parse_args()
    passages, questions = read(options.data / "passages.jsonl"), read(options.data / "questions.jsonl")
    asked = questions[:: max(1, len(questions) // options.questions)][: options.questions]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ZHIWEN__PATHS__KNOWLEDGE_BASE"] = folder
        container = build_container(load_settings())
        kbs = container.knowledge_bases
        seconds = fill(kbs, "whole", passages, options.embed_model)
        found = measure(kbs, "whole", asked)
        half = {passage["id"] for passage in passages[::2]}
        fill(kbs, "half", passages[::2], options.embed_model)
        found["off_topic_refused"] = refused(kbs, "half", [q for q in asked if q["passage"] not in half])
        container.close()
    print(f"{len(passages)} passages, {len(asked)} questions, indexed in {seconds:.1f} s")
    for name, value in found.items():
        print(f"{name:18} {value:.4f}")


if __name__ == "__main__":
    main()
