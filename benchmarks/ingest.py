"""How long it takes to read and index a folder, with how much memory, and where the time goes.

    .venv/bin/python benchmarks/ingest.py [--corpus text|samples|both] [--runs 3] [--embed-model NAME]
    .venv/bin/python benchmarks/ingest.py --pages 1000        one pdf of so many pages
    .venv/bin/python benchmarks/ingest.py --rows 100000       one csv of so many rows

The corpora (`ingest_corpora.py`) are made in a temporary folder. Each step is a process of its own on the same data:
cold (nothing kept), warm (nothing changed), resized (another chunk size, so text comes from the cache), again (forced,
so text and vectors come from the cache). Seconds are those of the whole process, `cpu` those of all cores: on a busy
machine only they can be compared. Peak memory is the largest sum of resident sizes of the process and its children;
pages they share count for each.
Stages: `parse` and `split` are seconds of the readers, which work side by side; the others are of the one thread that
embeds and writes, and `waiting` is what is left of its time, mostly for readers.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from ingest_corpora import make_pdf, make_rows, make_samples, make_text

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

STEPS = ("cold", "warm", "resized", "again")
STAGES = ("parse", "split", "hash", "embed", "terms", "sql", "index", "check", "waiting")
RESIZED = 400
# Langchain-Chatchat 0.2.10, measured elsewhere on a machine of 2 cores with all-MiniLM-L6-v2.
PEER = {
    "samples": {"cold": "119-146 s, 3.4 GB", "warm": "124 s"},
    "text": {"cold": "304-327 s, 2.2 GB", "warm": "304-327 s"},
}
KB = "corpus"
TICK_S = 0.05


class Clock:
    """Seconds and calls by stage; stages of side-by-side threads add up."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    def add(self, stage: str, seconds: float) -> None:
        with self._lock:
            self.seconds[stage] += seconds

    def around(self, owner: Any, name: str, stage: str) -> None:
        """Measure every call of a function."""
        step = getattr(owner, name)

        def measured(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            try:
                return step(*args, **kwargs)
            finally:
                self.add(stage, time.perf_counter() - began)

        setattr(owner, name, measured)

    def around_parsers(self, pool: Any) -> None:
        """Tell reading and splitting apart by what the reader reports."""
        parse = pool.parse

        def measured(self_: Any, task: Any, report: Callable[[str, int, int], None], cancelled: Any) -> Any:
            marks = [time.perf_counter()]

            def noticed(stage: str, page: int, pages: int) -> None:
                if stage == "splitting":
                    marks.append(time.perf_counter())
                report(stage, page, pages)

            text = parse(self_, task, noticed, cancelled)
            marks.append(time.perf_counter())
            self.add("parse", marks[1] - marks[0])
            self.add("split", marks[-1] - marks[1])
            return text

        pool.parse = measured


def work(step: str, embed_model: str) -> None:
    """One step, in a process of its own; its result is the last line of output."""
    from configs import load_settings
    from server.container import build_container
    from server.knowledge_base import content, parsers, rebuild
    from server.knowledge_base.recipe import IngestOptions

    clock = Clock()
    clock.around_parsers(parsers._Process)
    clock.around(content, "hashed", "hash")
    clock.around(rebuild, "prepare", "embed")
    clock.around(rebuild, "entries", "terms")
    clock.around(rebuild.Index, "change", "index")
    for name, stage in (("_insert", "sql"), ("_switch", "sql"), ("_is_current", "check")):
        clock.around(rebuild.Rebuild, name, stage)
    began = time.perf_counter()
    container = build_container(load_settings())
    options = IngestOptions(force=step == "again", chunk_size=None if step in ("cold", "warm") else RESIZED)
    steps = list(container.knowledge_bases.rebuild(KB, options, create=True, embed_model=embed_model))
    wall = time.perf_counter() - began
    container.close()
    own = sum(clock.seconds[stage] for stage in ("embed", "terms", "sql", "index", "check"))
    result = {**{stage: clock.seconds.get(stage, 0.0) for stage in STAGES}, "waiting": wall - own}
    failed = sorted(f"{each.file}: {each.error}" for each in steps if each.error)
    chunks = sum(each.chunks for each in steps)
    print(json.dumps({**result, "files": len(steps), "chunks": chunks, "failed": failed}))


def measure(data: Path, step: str, embed_model: str) -> dict[str, Any]:
    """Run one step and watch the memory of its processes."""
    own = {name: value for name, value in os.environ.items() if name != "ZHIWEN__PATHS__KNOWLEDGE_BASE"}
    command = [sys.executable, __file__, "--step", step, "--embed-model", embed_model]
    began, used = time.perf_counter(), cpu_seconds()
    with subprocess.Popen(
        command, env={**own, "ZHIWEN__PATHS__KNOWLEDGE_BASE": str(data)}, stdout=subprocess.PIPE, text=True
    ) as child:
        watched, peak = psutil.Process(child.pid), 0.0
        while child.poll() is None:
            peak = max(peak, memory_mb(watched))
            time.sleep(TICK_S)
        seconds = time.perf_counter() - began
        output = child.stdout.read() if child.stdout else ""
    if child.returncode:
        raise SystemExit(f"the step {step} failed")
    return {**json.loads(output.splitlines()[-1]), "seconds": seconds, "cpu": cpu_seconds() - used, "peak": peak}


def cpu_seconds() -> float:
    """What ended children of this process, and theirs, have used."""
    times = os.times()
    return times.children_user + times.children_system


def memory_mb(process: psutil.Process) -> float:
    """Resident memory of a process and its descendants."""
    total = 0
    for each in (process, *children(process)):
        try:
            total += each.memory_info().rss
        except psutil.Error:
            continue
    return total / 1e6


def children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def benchmark(name: str, make: Callable[[Path], None], options: argparse.Namespace) -> None:
    """Make a corpus, run all steps `--runs` times and print the medians."""
    results: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory() as folder:
            content = Path(folder) / KB / "content"
            content.mkdir(parents=True)
            make(content)
            for step in options.steps:
                results[step].append(measure(Path(folder), step, options.embed_model))
    show(name, results)


def show(name: str, results: dict[str, list[dict[str, Any]]]) -> None:
    """The table of one corpus."""
    first = results["cold"][0]
    print(f"\n{name}: {first['files']} files, {first['chunks']} chunks, {len(first['failed'])} failed")
    for failure in first["failed"]:
        print(f"  {failure}")
    print("| step | seconds | cpu | peak MB | " + " | ".join(STAGES) + " | peer |")
    print("|---" * (len(STAGES) + 5) + "|")
    for step, runs in results.items():
        middle = {key: statistics.median(run[key] for run in runs) for key in ("seconds", "cpu", *STAGES)}
        stages = " | ".join(f"{middle[stage]:.2f}" for stage in STAGES)
        peak = max(run["peak"] for run in runs)
        peer = PEER.get(name, {}).get(step, "")
        print(
            f"| {step} | {middle['seconds']:.2f} | {middle['cpu']:.2f} | {peak:.0f} | {stages} | {peer} |", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", choices=("text", "samples", "both"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS)
    parser.add_argument("--embed-model", default="builtin-ngram")
    parser.add_argument("--pages", type=int, default=0)
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        work(options.step, options.embed_model)
        return
    dice = random.Random(7)
    corpus = options.corpus or ("" if options.pages or options.rows else "both")
    if corpus in ("text", "both"):
        benchmark("text", lambda folder: make_text(folder, random.Random(7)), options)
    if corpus in ("samples", "both"):
        benchmark("samples", lambda folder: make_samples(folder, random.Random(7)), options)
    if options.pages:
        benchmark(f"{options.pages} pages", lambda f: make_pdf(f / "手册.pdf", dice, options.pages), options)
    if options.rows:
        benchmark(f"{options.rows} rows", lambda f: make_rows(f / "条款.csv", dice, options.rows), options)


if __name__ == "__main__":
    main()
