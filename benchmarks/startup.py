"""How long `python startup.py -a` takes until every service is ready, and how much memory all of it holds.

    .venv/bin/python benchmarks/startup.py [--runs 5]

The first start, which fills the caches, is not counted. Services listen on free ports and use a knowledge-base folder
of their own. Memory is the sum of resident (RSS) and of proportional (PSS) sizes over the launcher and all its
descendants, `SETTLE_S` after the last service got ready; pages shared between processes count in RSS once for each.
"""

import argparse
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("WEBUI", "API", "OPENAI_API", "CONTROLLER", "CONTROL")
TARGETS = {"ready s": 4.0, "RSS MB": 500.0}
SETTLE_S = 2.0
LONGEST_S = 120.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder))
        results = [measure(Path(folder)) for _ in range(runs)]
    columns = ["spawned s", "ready s", "stopped s", "RSS MB", "PSS MB"]
    print("| run | " + " | ".join(columns) + " | torch loaded |")
    print("|---" * (len(columns) + 2) + "|")
    for number, result in enumerate(results, 1):
        print(f"| {number} | " + " | ".join(f"{result[column]:.2f}" for column in columns) + f" | {result['torch']} |")
    medians = {column: statistics.median(result[column] for result in results) for column in columns}
    print("| median | " + " | ".join(f"{medians[column]:.2f}" for column in columns) + " | |")
    print("\nmemory of the last run, RSS MB: " + ", ".join(f"{name} {size:.0f}" for name, size in results[-1]["parts"]))
    for column, target in TARGETS.items():
        verdict = "ok" if medians[column] <= target else "MISSED"
        print(f"{column}: median {medians[column]:.2f}, target {target:g}: {verdict}")


def measure(folder: Path) -> dict:
    """One start, look and stop."""
    output = folder / "output"
    began = time.monotonic()
    with output.open("wb") as stream:
        launcher = subprocess.Popen(
            [sys.executable, ROOT / "startup.py", "-a"],
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=environment(folder),
        )
    process = psutil.Process(launcher.pid)
    try:
        spawned = wait_until(launcher, output, lambda: len(process.children()) >= 1) - began
        ready = wait_until(launcher, output, lambda: "Ready in" in output.read_text("utf-8")) - began
        time.sleep(SETTLE_S)
        family = [process, *process.children(recursive=True)]
        memory = [(part_name(one), one.memory_full_info()) for one in family]
        torch = [part_name(one) for one in family if any("libtorch" in mapped.path for mapped in one.memory_maps())]
    finally:
        asked = time.monotonic()
        launcher.send_signal(signal.SIGTERM)
        launcher.wait(30)
    return {
        "spawned s": spawned,
        "ready s": ready,
        "stopped s": time.monotonic() - asked,
        "RSS MB": sum(info.rss for _, info in memory) / 1e6,
        "PSS MB": sum(getattr(info, "pss", 0) for _, info in memory) / 1e6,
        "parts": [(name, info.rss / 1e6) for name, info in memory],
        "torch": ", ".join(torch) or "no",
    }


def wait_until(launcher: subprocess.Popen, output: Path, holds) -> float:
    """The moment at which the condition was first seen to hold."""
    deadline = time.monotonic() + LONGEST_S
    while not holds():
        if launcher.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"startup.py did not get ready:\n{output.read_text('utf-8')}")
        time.sleep(0.01)
    return time.monotonic()


def environment(folder: Path) -> dict[str, str]:
    """Free ports, folders of our own, no settings of this machine."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in SERVICES]
    ports = {
        f"ZHIWEN__SERVICES__{name}__PORT": str(one.getsockname()[1]) for name, one in zip(SERVICES, held, strict=True)
    }
    for one in held:
        one.close()
    own = {name: value for name, value in os.environ.items() if not name.startswith("ZHIWEN") and name != "LC_ALL"}
    paths = {"ZHIWEN__PATHS__LOGS": str(folder), "ZHIWEN__PATHS__KNOWLEDGE_BASE": str(folder / "knowledge_base")}
    return {**own, **ports, **paths, "ZHIWEN_CONFIG": os.devnull, "LANG": "C.UTF-8"}


def part_name(process: psutil.Process) -> str:
    """A short name for a process of ours."""
    command = " ".join(process.cmdline())
    found = re.search(r"startup|guardian|streamlit|server\.api|server\.llm\.\w+\.(\w+)", command)
    return (found.group(1) or found.group(0)) if found else process.name()


if __name__ == "__main__":
    main()
