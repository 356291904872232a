"""Where a model runs, in which number format, and whether it fits. Imports torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from server.llm.workers.transformers_failures import LoadFailed, not_enough

STORED = "stored"
DEVICES = ("cuda", "npu", "xpu", "mps", "cpu")
_FACTORS = {"8bit": 1.0, "4bit": 0.6}  # bytes for each parameter, with what quantisation itself needs


def pick_device(asked: str) -> str:
    """The device to use; "auto" takes the fastest there is.

    Raises:
        LoadFailed: torch sees no such device.
    """
    present = [name for name in DEVICES if name == "cpu" or _is_available(name)]
    if asked == "auto":
        return present[0]
    if asked not in present:
        seen = ", ".join(present)
        raise LoadFailed(
            f'is set to device = "{asked}", but torch {torch.__version__} finds only: {seen}. Install the torch build '
            'and driver of that device, or set device = "auto"',
            f'设置了 device = "{asked}"，但 torch {torch.__version__} 只找到：{seen}。请安装对应的 torch 与驱动，'
            '或设置 device = "auto"',
        )
    return asked


def pick_dtype(asked: str, stored: torch.dtype | None, device: str) -> torch.dtype:
    """The number format: as set, else as the weights are stored on a card, and 32 bits on a processor."""
    if asked != "auto":
        return getattr(torch, asked)
    if device == "cpu":
        return torch.float32
    if stored == torch.bfloat16 and device == "cuda" and not torch.cuda.is_bf16_supported():
        return torch.float16
    return stored if stored in (torch.bfloat16, torch.float16) else torch.float16


def pick_cards(device: str, num_gpus: int, replica: int) -> list[int]:
    """The cards one copy of the model takes; copies go on with the next ones, and share when there are no more.

    Raises:
        LoadFailed: more cards are asked for than there are.
    """
    if device in ("cpu", "mps"):
        return []
    there = _backend(device).device_count()
    if num_gpus > there:
        raise LoadFailed(
            f"is set to num_gpus = {num_gpus}, but only {there} are visible (setting gpus, or CUDA_VISIBLE_DEVICES)",
            f"设置了 num_gpus = {num_gpus}，但只看到 {there} 块（见设置 gpus 或环境变量 CUDA_VISIBLE_DEVICES）",
        )
    first = (replica - 1) * num_gpus
    return sorted((first + number) % there for number in range(num_gpus))


def placement(device: str, cards: Sequence[int], max_gpu_memory: str) -> dict[str, Any]:
    """The arguments of `from_pretrained` that say where the weights go."""
    if not cards:
        return {"device_map": {"": device}}
    if len(cards) == 1 and not max_gpu_memory:
        return {"device_map": {"": f"{device}:{cards[0]}"}}
    # A tenth stays free for what is computed; with a limit the user has thought of that.
    memory = {card: max_gpu_memory or int(_free(device, card) * 0.9) for card in cards}
    return {"device_map": "auto", "max_memory": memory}


def check_room(need: int, device: str, cards: Sequence[int]) -> None:
    """Compare the bytes of the weights with the memory that is free, before minutes are spent on loading.

    Raises:
        LoadFailed: they do not fit.
    """
    have, en, zh = _room(device, cards)
    if have is not None and need > have:
        raise not_enough(need, have, en, zh)


def bytes_needed(folder: Path, stored: torch.dtype | None, wanted: torch.dtype, quantization: str) -> int:
    """How large the weights will be in memory; as large as on disk where they are `quantization = "stored"` already."""
    size = _weights_size(folder)
    if quantization == STORED:
        return size
    return int(size / (stored or torch.float32).itemsize * _FACTORS.get(quantization, wanted.itemsize))


def release_memory(device: str) -> None:
    """Give unused memory of the card back."""
    if device not in ("cpu", "mps"):
        _backend(device).empty_cache()


def _weights_size(folder: Path) -> int:
    for pattern in ("*.safetensors", "*.bin"):
        if sizes := [path.stat().st_size for path in folder.glob(pattern)]:
            return sum(sizes)
    return 0


def _room(device: str, cards: Sequence[int]) -> tuple[int | None, str, str]:
    if device == "mps":  # its memory is the machine's, and the system makes room by itself
        return None, "", ""
    if device == "cpu":
        import psutil

        return psutil.virtual_memory().available, "this machine", "本机内存"
    return sum(_free(device, card) for card in cards), "the card" if len(cards) == 1 else "the cards", "显存"


def _free(device: str, number: int) -> int:
    return _backend(device).mem_get_info(number)[0]


def _backend(device: str) -> Any:
    return getattr(torch, device)


def _is_available(device: str) -> bool:
    if device == "mps":
        return torch.backends.mps.is_available()
    if device == "npu":
        import importlib.util

        if importlib.util.find_spec("torch_npu") is None:
            return False
        importlib.import_module("torch_npu")
    return hasattr(torch, device) and _backend(device).is_available()
