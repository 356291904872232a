"""How well the built-in reader answers: `python benchmarks/reader.py FOLDER [--size 250] [--overlap 50]`.

FOLDER holds `passages.jsonl` ({id, title, text}) and `questions.jsonl` ({question, passage, answers}). Each question
is asked twice: of its own passage, cut as the default splitter cuts it, where the answer must hold one of the given
answers; and of the passage that resembles the question most among all others, where it should say that nothing
supports an answer.
"""

import argparse
import json
import math
import re
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from server.analysis import terms
from server.llm.prompt_parts import SourceText
from server.llm.reader import read
from text_splitter.chinese import ChineseRecursiveTextSplitter

_MARK = re.compile(r"(?:\s*\[\d+\])(?:\n\n)?")
_LAST_STOP = "。；，. "


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=250, help="characters of a source")
    parser.add_argument("--overlap", type=int, default=50)
    options = parser.parse_args()
    passages = {one["id"]: one for one in _lines(options.folder / "passages.jsonl")}
    questions = _lines(options.folder / "questions.jsonl")
    splitter = ChineseRecursiveTextSplitter(options.size, options.overlap)
    sources = {key: _sources(one, splitter) for key, one in passages.items()}
    started = time.perf_counter()
    answers = [read(one["question"], sources[one["passage"]]) for one in questions]
    milliseconds = (time.perf_counter() - started) / len(questions) * 1000
    others = _nearest_others(passages, questions)
    refused = [read(one["question"], sources[other]) is None for one, other in zip(questions, others, strict=True)]
    _report(questions, answers, refused, milliseconds)


def _report(
    questions: list[dict[str, Any]], answers: list[str | None], refused: list[bool], milliseconds: float
) -> None:
    plain = [_MARK.sub("", answer or "") for answer in answers]
    right = [
        any(gold.rstrip(_LAST_STOP) in text for gold in one["answers"])
        for one, text in zip(questions, plain, strict=True)
    ]
    lengths = sorted(len(text) for text, answer in zip(plain, answers, strict=True) if answer)
    print("| questions | answer holds a gold answer | no answer | refused on a wrong passage | characters | time |")
    print("|---|---|---|---|---|---|")
    print(
        f"| {len(questions)} | {statistics.mean(right):.3f} | {statistics.mean(not text for text in plain):.3f} | "
        f"{statistics.mean(refused):.3f} | median {statistics.median(lengths):.0f}, "
        f"p90 {lengths[len(lengths) * 9 // 10]} | {milliseconds:.1f} ms |"
    )


def _sources(passage: dict[str, Any], splitter: ChineseRecursiveTextSplitter) -> list[SourceText]:
    file = f"{passage['title']}.txt"
    return [SourceText(number, file, "", text) for number, text in enumerate(splitter.split_text(passage["text"]), 1)]


def _nearest_others(passages: dict[str, dict[str, Any]], questions: list[dict[str, Any]]) -> list[str]:
    """For each question the passage, not its own, that shares most of its rare terms."""
    held = {key: set(terms(f"{one['title']} {one['text']}")) for key, one in passages.items()}
    holding = Counter(term for terms_of_one in held.values() for term in terms_of_one)

    def likeness(wanted: set[str], key: str) -> float:
        return sum(math.log(len(held) / holding[term]) for term in wanted & held[key])

    found = []
    for one in questions:
        wanted = set(terms(one["question"]))
        found.append(max((key for key in held if key != one["passage"]), key=lambda key: likeness(wanted, key)))
    return found


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


if __name__ == "__main__":
    main()
