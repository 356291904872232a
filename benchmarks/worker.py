"""Tokens for each second and memory of a chat model on a device, in the transformers worker's own code.

    .venv/bin/python benchmarks/worker.py FOLDER [--device cuda] [--dtype bfloat16] [--quantization 4bit] [--answers 4]

FOLDER holds the weights; all flags of the worker are taken. Each answer is --tokens long. Answers are measured one at a
time and --answers at once, as `services.workers.limit_worker_concurrency` allows them. Memory is what the process holds
at the end, and on a card the most that torch has held.
"""

import sys
import threading
import time
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from server.llm.workers.transformers_options import transformers_parser  # noqa: E402
from server.llm.workers.transformers_request import Wishes, wishes  # noqa: E402
from server.types import Message  # noqa: E402

QUESTION = "请介绍一下北京的历史。Tell me about the history of Beijing. " * 8


def main() -> None:
    options = arguments()
    began = time.monotonic()
    import torch

    from server.llm.workers.transformers_generation import Generation
    from server.llm.workers.transformers_loading import load

    loaded = load(options)
    print(
        f"loaded in {time.monotonic() - began:.1f} s: {loaded.device}, {loaded.model.dtype}, torch {torch.__version__}"
    )
    generation = Generation(loaded.model, set())
    generation.end_ids.clear()  # every answer is as long as asked for
    prompt = loaded.prompt.ids([Message("user", QUESTION)])
    wanted = wishes({"temperature": 0}, {}, options.tokens)
    answer(generation, prompt, replace(wanted, max_tokens=2))
    print("| answers at once | prompt tokens | first token s | tokens/s each | tokens/s all |\n|---|---|---|---|---|")
    for at_once in sorted({1, options.answers}):
        print(f"| {at_once} | {len(prompt)} | " + " | ".join(measured(generation, prompt, wanted, at_once)) + " |")
    print(memory(torch, loaded.device))


def arguments() -> Namespace:
    parser = transformers_parser()
    parser.description = __doc__
    parser.add_argument("folder")
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--answers", type=int, default=4)
    options = parser.parse_args(["--model-name", "measured", *sys.argv[1:]])
    options.model_path = options.folder
    return options


def measured(generation, prompt: list[int], wanted: Wishes, at_once: int) -> list[str]:
    """First token, tokens/s of one answer, tokens/s of all."""
    results: list[tuple[float, float]] = []
    threads = [
        threading.Thread(target=lambda: results.append(answer(generation, prompt, wanted))) for _ in range(at_once)
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = at_once * wanted.max_tokens / (time.monotonic() - began)
    first = sum(result[0] for result in results) / at_once
    each = sum(result[1] for result in results) / at_once
    return [f"{first:.2f}", f"{each:.1f}", f"{total:.1f}"]


def answer(generation, prompt: list[int], wanted: Wishes) -> tuple[float, float]:
    """Seconds to the first token, tokens/s after it."""
    began = time.monotonic()
    times = [time.monotonic() for _ in generation.tokens(prompt, wanted)]
    return times[0] - began, (len(times) - 1) / max(times[-1] - times[0], 1e-9)


def memory(torch, device: str) -> str:
    """Where the memory went."""
    process = psutil.Process().memory_info()
    text = f"memory: {process.rss / 2**20:.0f} MiB resident"
    if device == "cuda":
        text += f", {torch.cuda.max_memory_allocated() / 2**20:.0f} MiB on the card at most"
    return text


if __name__ == "__main__":
    main()
