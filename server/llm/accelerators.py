"""Whether a GPU or the like may be here: asked before torch is loaded, since a processor does without torch."""

import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_DEVICE_FILES = ("/dev/nvidiactl", "/dev/kfd", "/dev/davinci_manager", "/dev/dxg")  # CUDA, ROCm, Ascend, WSL


def may_be_here() -> bool:
    """False when this machine, or the installed torch, surely has a processor only."""
    try:
        build = version("torch")
    except PackageNotFoundError:
        return False
    if build.endswith("+cpu"):
        return False
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    known = any(Path(file).exists() for file in _DEVICE_FILES)
    return known or "xpu" in build or shutil.which("nvidia-smi") is not None


def runs_on_processor(device: str) -> bool:
    """Whether a model with this `device` setting ("auto" included) will run on the processor."""
    return device == "cpu" or (device == "auto" and not may_be_here())


def resolve(device: str) -> str:
    """The device torch is to use for a setting; "auto" takes the best one there is. Loads torch."""
    if device != "auto":
        if device == "npu":
            import torch_npu  # pyright: ignore[reportMissingImports]  # registers the device with torch  # noqa: F401
        return device
    import torch

    for name in ("cuda", "npu", "xpu", "mps"):
        backend = getattr(torch, name, None) or getattr(torch.backends, name, None)
        if backend is not None and backend.is_available():
            return name
    return "cpu"
