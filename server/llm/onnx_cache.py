"""ONNX forms of local weights, made once: `<paths.models>/.onnx/<name>/<key>/`, keyed by what the weights are."""

import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

FORMAT = "2"  # raised when what is written changes, so that older files are made anew
NEEDED = ("onnx", "onnxscript", "onnxruntime", "tokenizers", "torch", "sentence_transformers")
TIMEOUT_S = 1800
PART = ".part-"
LARGEST = 1_900_000_000  # bytes; above that the graph would not fit into one file of ONNX
_ROOT = Path(__file__).resolve().parents[2]

logger = logging.getLogger(__name__)


class OnnxImpossible(Exception):
    """This model has no ONNX form here; the text says why."""


def onnx_folder(cache: Path, name: str, weights: Path, quantize: str) -> Path:
    """The folder with the ONNX form of these weights, made now if it is not there.

    Raises:
        OnnxImpossible: the export failed (which is remembered), a package is missing, or there is no room.
    """
    target = cache / _safe(name) / _key(weights, quantize)
    if (target / "model.onnx").is_file():
        return target
    refused = target.with_suffix(".refused")
    if refused.is_file():
        raise OnnxImpossible(refused.read_text(encoding="utf-8"))
    _check(weights)
    try:
        _make(weights, target, quantize)
    except OSError as error:
        raise OnnxImpossible(error.strerror or type(error).__name__) from error
    return target


def _make(weights: Path, target: Path, quantize: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    logger.info("%s is brought into ONNX form, once; on a busy machine this takes a minute", weights.name)
    began = time.monotonic()
    part = Path(tempfile.mkdtemp(prefix=PART, dir=target.parent))
    try:
        reason = _export(weights, part, quantize)
        if reason:
            target.with_suffix(".refused").write_text(reason, encoding="utf-8")
            raise OnnxImpossible(reason)
        _publish(part, target)
        logger.info("%s is in ONNX form, after %.0f s", weights.name, time.monotonic() - began)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _remove_older(target, quantize)


def _remove_older(target: Path, quantize: str) -> None:
    """Forms of earlier weights, and what an export left behind whose service was ended meanwhile."""
    for old in target.parent.iterdir():
        if old == target or not old.is_dir():
            continue
        half_made = old.name.startswith(PART) and time.time() - old.stat().st_mtime > TIMEOUT_S
        if half_made or (not old.name.startswith(".") and old.name.endswith(f"-{quantize or 'exact'}")):
            shutil.rmtree(old, ignore_errors=True)


def _publish(part: Path, target: Path) -> None:
    try:
        part.rename(target)
    except OSError:
        # Another process may have made the same one meanwhile.
        if not (target / "model.onnx").is_file():
            raise


def _export(weights: Path, part: Path, quantize: str) -> str:
    """Run the exporter; returns the reason when this model cannot be exported.

    Raises:
        OnnxImpossible: it failed for a reason that may be gone the next time, such as too little memory.
    """
    command = [sys.executable, "-m", "server.llm.onnx_export", str(weights), str(part), quantize]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise OnnxImpossible(f"the export took longer than {TIMEOUT_S} s") from None
    if done.returncode == 0:
        return ""
    if done.returncode != 1:
        raise OnnxImpossible(f"the export was ended (code {done.returncode}), perhaps for want of memory")
    lines = done.stderr.strip().splitlines() or ["no reason given"]
    return lines[-1].replace(str(weights), weights.name)


def _check(weights: Path) -> None:
    absent = [package for package in NEEDED if find_spec(package) is None]
    if absent:
        raise OnnxImpossible(f"packages are missing: {', '.join(absent)}")
    size = sum(file.stat().st_size for file in _weight_files(weights))
    if size > LARGEST:
        raise OnnxImpossible("the weights are too large for one ONNX file")


def _key(weights: Path, quantize: str) -> str:
    """A name that changes with the weights and their configuration, without reading gigabytes."""
    digest = hashlib.sha256(FORMAT.encode())
    for file in sorted(weights.rglob("*")):
        if file.is_file() and file.suffix in {".json", ".safetensors", ".bin", ".txt", ".model"}:
            state = file.stat()
            digest.update(f"{file.relative_to(weights)}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return f"{digest.hexdigest()[:20]}-{quantize or 'exact'}"


def _weight_files(weights: Path) -> list[Path]:
    tensors = list(weights.glob("*.safetensors"))
    return tensors or list(weights.glob("*.bin"))


def _safe(name: str) -> str:
    return (
        "".join(character if character.isalnum() or character in "-_." else "_" for character in name).lstrip(".")
        or "_"
    )
