"""Bytes on disk: receive an upload beside the published files, put it into place, find what lies there."""

import hashlib
import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

from server.errors import BadName, FileTooLarge
from server.knowledge_base.names import FileName, Layout
from server.stores.files import sync_folder

BLOCK = 1024 * 1024
ABANDONED_S = 3600
SIZE_SETTING = "knowledge_base.max_file_mb"
_TEMPORARY = ("~$*", "*.tmp", "*.temp", "*.part", "*.crdownload", "*~")


@dataclass(frozen=True)
class Received:
    """An upload that lies in `.incoming`, whole and durable, or a file found in place (`path` is then its own)."""

    name: str
    path: Path
    sha256: str
    size: int
    in_place: bool = False


def receive(layout: Layout, name: FileName, stream: BinaryIO, limit_mb: int) -> Received:
    """Write an upload to `.incoming` while hashing it.

    Raises:
        BadName: a folder of that name is there, or a file where a folder is needed.
        FileTooLarge: more than `limit_mb`; nothing is kept.
        OSError: the disk is full or cannot be written; nothing is kept.
    """
    _check_place(layout, name)
    layout.incoming.mkdir(parents=True, exist_ok=True)
    temporary = layout.incoming / f"{uuid.uuid4().hex}.part"
    digest, size = hashlib.sha256(), 0
    try:
        with temporary.open("wb") as file:
            while block := stream.read(BLOCK):
                size += len(block)
                if size > limit_mb * BLOCK:
                    raise FileTooLarge(name=name.text, limit_mb=limit_mb, setting=SIZE_SETTING)
                digest.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        # The random part keeps two uploads of equal bytes apart: publishing one must not take the other's file away.
        path = layout.incoming / f"{digest.hexdigest()}-{temporary.stem}{name.suffix}"
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return Received(name.text, path, digest.hexdigest(), size)


def _check_place(layout: Layout, name: FileName) -> None:
    """Refuse before anything is written what could not be put into place after it was published."""
    target = layout.file(name.text)
    in_the_way = [parent for parent in target.parents if parent.is_file()]
    if target.is_dir() or in_the_way:
        reason_en, reason_zh = "a folder and a file would have the same name", "文件夹与文件同名"
        raise BadName(name=name.text, reason_en=reason_en, reason_zh=reason_zh)


def in_place(layout: Layout, name: str) -> Received:
    """A file that lies in the content folder already; `hashed` looks at it."""
    return Received(name, layout.content / name, sha256="", size=0, in_place=True)


def hashed(layout: Layout, received: Received) -> Received:
    """Hash a file found in place, giving it the normal form of its name first.

    Raises:
        BadName: its name is one that uploads may not have.
        OSError: it cannot be read.
    """
    name = FileName.parse(received.name)
    path = layout.file(name.text)
    if name.text != received.name:
        if path.exists():
            reason_en, reason_zh = "another file has the same name in another spelling", "另一个文件的名称仅写法不同"
            raise BadName(name=received.name, reason_en=reason_en, reason_zh=reason_zh)
        received.path.replace(path)
    return Received(name.text, path, _digest(path), path.stat().st_size, in_place=True)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def sha256(path: Path) -> str:
    """Hash of a file's bytes; empty when there is no such file."""
    return _digest(path) if path.is_file() else ""


def size(layout: Layout, name: str) -> int:
    """Bytes of a file; 0 when there is no such file."""
    path = layout.file(name)
    return path.stat().st_size if path.is_file() else 0


def waiting(layout: Layout) -> list[tuple[Path, str]]:
    """What lies in `.incoming`, with the hash that its name tells."""
    return [(path, path.name.partition("-")[0]) for path in layout.incoming.glob("*")]


def is_abandoned(path: Path) -> bool:
    """Whether nobody has touched an upload for so long that its process must be gone."""
    try:
        return time.time() - path.stat().st_mtime > ABANDONED_S
    except FileNotFoundError:
        return False  # it arrived or was given up just now


def put_in_place(layout: Layout, received: Received) -> None:
    """Move an upload to its name in the content folder; a crash leaves the old or the new bytes, whole."""
    if received.in_place:
        return
    target = layout.file(received.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    received.path.replace(target)
    sync_folder(target.parent)


def discard(received: Received) -> None:
    """Forget an upload that was not published."""
    if not received.in_place:
        received.path.unlink(missing_ok=True)


def remove(layout: Layout, name: str) -> None:
    """Delete a file's bytes and the sub-folders that are empty then."""
    delete_path(layout, layout.file(name))


def delete_path(layout: Layout, path: Path) -> None:
    """Delete a file below the content folder, whatever its name, and the sub-folders that are empty then.

    What is gone already, after a crash in the middle of this, is passed over.
    """
    path.unlink(missing_ok=True)
    for folder in map(layout.content.joinpath, path.relative_to(layout.content).parents):
        if folder == layout.content:
            break
        if not folder.exists():
            continue
        if any(folder.iterdir()):
            break
        folder.rmdir()


def listing(layout: Layout) -> Iterator[str]:
    """Names of all files in the content folder, sorted; temporary and hidden ones and links are passed over."""
    if not layout.content.is_dir():
        return
    for path in sorted(layout.content.rglob("*")):
        relative = path.relative_to(layout.content)
        hidden = any(part.startswith(".") for part in relative.parts)
        if path.is_file() and not path.is_symlink() and not hidden and not is_temporary(path.name):
            yield relative.as_posix()


def is_temporary(name: str) -> bool:
    """Whether a file's name says that some program is still at work on it. `template.docx` is an ordinary name."""
    return any(fnmatchcase(name.lower(), pattern) for pattern in _TEMPORARY)
