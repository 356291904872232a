"""Folders before anything starts: whether what the services write can be written."""

import os
from collections.abc import Collection
from pathlib import Path

from configs.settings import Settings
from server.launcher.errors import FolderNotWritable
from server.launcher.ports import variable


def check(settings: Settings, parts: Collection[str]) -> None:
    """Make the folders these parts write into, and try to write there. Raises `FolderNotWritable`."""
    names = ("logs", "knowledge_base") if "api" in parts else ("logs",)
    for name in names:
        _try_to_write(f"paths.{name}", getattr(settings.paths, name))


def _try_to_write(setting: str, folder: Path) -> None:
    probe = folder / f".written-by-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        detail = {"setting": setting, "variable": variable(setting), "reason": error.strerror or type(error).__name__}
        raise FolderNotWritable(folder=folder, **detail) from None
