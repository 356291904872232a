"""What this machine has: memory, GPUs, the memory and age of a process, the room of folders on the disk."""

import shutil
import subprocess
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import psutil

NVIDIA_SMI_S = 3.0
_MB = 1024**2
_FIELDS = "name,utilization.gpu,memory.used,memory.total"


@dataclass(frozen=True)
class Gpu:
    """One NVIDIA GPU; `percent` is None where the driver does not tell it."""

    name: str
    percent: int | None
    used_mb: int
    total_mb: int


@dataclass(frozen=True)
class ProcessUse:
    """A process with its children: resident memory and how long it has been running."""

    memory_mb: int
    uptime_s: float


def memory_mb() -> tuple[int, int]:
    """Memory in use, and all of it."""
    memory = psutil.virtual_memory()
    return (memory.total - memory.available) // _MB, memory.total // _MB


def gpus() -> list[Gpu]:
    """The GPUs that `nvidia-smi` lists; none where there is no such program, or it fails or hangs."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    argv = [program, f"--query-gpu={_FIELDS}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(argv, capture_output=True, text=True, timeout=NVIDIA_SMI_S, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return parsed_gpus(answer)


def parsed_gpus(listing: str) -> list[Gpu]:
    """The lines of `nvidia-smi`; those that are no GPU are left out."""
    found: list[Gpu] = []
    for line in listing.splitlines():
        name, *numbers = (field.strip() for field in line.rsplit(",", 3))
        if len(numbers) == 3 and numbers[1].isdigit() and numbers[2].isdigit():
            percent = int(numbers[0]) if numbers[0].isdigit() else None
            found.append(Gpu(name, percent, int(numbers[1]), int(numbers[2])))
    return found


def processes_use(pids: Collection[int]) -> dict[int, ProcessUse]:
    """What these processes take, found in one look at all processes; those that are gone are left out."""
    parents = {process.pid: process.info["ppid"] for process in psutil.process_iter(["ppid"])}
    memory = dict.fromkeys(pids, 0)
    for pid in parents:
        owner: int | None = pid
        while owner is not None and owner not in memory:
            owner = parents.get(owner) if parents.get(owner) != owner else None
        if owner is not None:
            memory[owner] += _resident(pid)
    return {pid: ProcessUse(memory[pid] // _MB, time.time() - began) for pid in pids if (began := _began(pid))}


def folder_size(folder: Path) -> int:
    """Bytes of the files below a folder; 0 when there is none."""
    return sum(_bytes(file) for file in folder.rglob("*")) if folder.is_dir() else 0


def free_bytes(folder: Path) -> int:
    """Room on the disk that holds a folder, which need not exist yet."""
    existing = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.is_dir())
    return shutil.disk_usage(existing).free


def _resident(pid: int) -> int:
    try:
        return psutil.Process(pid).memory_info().rss
    except psutil.Error:
        return 0


def _began(pid: int) -> float | None:
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def _bytes(file: Path) -> int:
    try:
        return file.stat().st_size if file.is_file() else 0
    except OSError:
        return 0  # deleted a moment ago, or nobody's to look at
