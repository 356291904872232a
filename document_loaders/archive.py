"""The files in an uploaded ZIP archive, one after the other; nothing is ever written by a member's name.

Names are repaired and checked here, so that a caller only has to refuse what is no file name in its own eyes. An
archive inside of the archive is opened too, as one of `LoadOptions.depth`.
"""

import re
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast

from document_loaders.base import LoadOptions
from document_loaders.errors import DocumentUnreadable, protected
from document_loaders.zip_safety import MOST_MEMBERS, check_sizes, is_encrypted, open_member, open_zip

_UTF8_NAME = 0x800
_DRIVE = re.compile(r"[A-Za-z]:")
_LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive: its path with forward slashes, and its bytes, to be read before the next one is taken.

    The stream raises `DocumentUnreadable` where the archive is damaged.
    """

    name: str
    stream: BinaryIO


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file of the archive that is not read, and why."""

    name: str
    reason: DocumentUnreadable


@dataclass(slots=True)
class _Budget:
    unpacked: int
    members: int


def members(path: Path, options: LoadOptions | None = None) -> Iterator[Member | Skipped]:
    """The files in the order of the archive's directory; what the system of its maker left behind is passed over.

    Raises:
        DocumentUnreadable: the archive is damaged, wholly encrypted, or unpacks to more than is allowed.
    """
    options = options or LoadOptions()
    budget = _Budget(options.max_unpacked_mb << 20, MOST_MEMBERS)
    with path.open("rb") as stream:
        yield from _members(stream, path.stat().st_size, options, budget)


def _members(stream: BinaryIO, size: int, options: LoadOptions, budget: _Budget) -> Iterator[Member | Skipped]:
    with open_zip(stream) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        _spend(budget, infos, size)
        if infos and all(map(is_encrypted, infos)):
            raise protected()
        seen: set[str] = set()
        for info in infos:
            name = _name(info)
            if _is_litter(name):
                continue
            refusal = _refusal(info, name) or (_twice() if name in seen else None)
            seen.add(name)
            if refusal:
                yield Skipped(_shown(name), refusal)
            else:
                yield from _member(archive, info, options, budget)


def _spend(budget: _Budget, infos: list[zipfile.ZipInfo], size: int) -> None:
    budget.members -= len(infos)
    if budget.members < 0:
        raise DocumentUnreadable(f"it holds more than {MOST_MEMBERS} files", f"其中的文件超过 {MOST_MEMBERS} 个")
    budget.unpacked -= check_sizes(infos, size, budget.unpacked)


def _member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, options: LoadOptions, budget: _Budget
) -> Iterator[Member | Skipped]:
    name = _name(info)
    try:
        stream = open_member(archive, info)
    except DocumentUnreadable as refusal:
        yield Skipped(name, refusal)
        return
    with stream:
        if name.lower().endswith(".zip"):
            yield from _inner(name, stream, options, budget)
        else:
            yield Member(name, stream)


def _inner(name: str, stream: BinaryIO, options: LoadOptions, budget: _Budget) -> Iterator[Member | Skipped]:
    if options.depth + 1 > options.max_depth:
        yield Skipped(name, too_deep())
        return
    deeper = replace(options, depth=options.depth + 1)
    try:
        # The directory of an archive stands at its end, so it cannot be read from a stream.
        with tempfile.TemporaryFile(dir=options.scratch) as copy:
            shutil.copyfileobj(stream, copy)
            size = copy.tell()
            for each in _members(cast("BinaryIO", copy), size, deeper, budget):
                yield replace(each, name=f"{name}/{each.name}")
    except DocumentUnreadable as refusal:
        yield Skipped(name, refusal)


def too_deep() -> DocumentUnreadable:
    """The reason for what lies in too many containers inside of containers."""
    return DocumentUnreadable("it is nested too deeply in other files", "嵌套层数过多")


def _twice() -> DocumentUnreadable:
    return DocumentUnreadable("the archive holds another file of the same name", "压缩包内有同名文件")


def _refusal(info: zipfile.ZipInfo, name: str) -> DocumentUnreadable | None:
    if not name or name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/") or "\0" in name:
        return DocumentUnreadable("its name leads out of the archive", "其名称指向压缩包之外")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return DocumentUnreadable("it is a link or device, not a file", "它是链接或设备，不是文件")
    return None


def _name(info: zipfile.ZipInfo) -> str:
    """The path with forward slashes."""
    name = info.orig_filename
    if not info.flag_bits & _UTF8_NAME and not name.isascii():
        name = _repaired(name)
    return re.sub(r"(?<!^)/+", "/", name.replace("\\", "/")).removeprefix("./")


def _repaired(name: str) -> str:
    """The name as its maker saw it: systems in Chinese write GBK, others UTF-8, without saying so."""
    try:
        raw = name.encode("cp437")
    except UnicodeEncodeError:
        return name  # the directory has the name in Unicode too
    for encoding in ("utf-8", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Accents of Western systems are mostly valid GBK as well, but of characters that nobody uses.
        beyond = [char for char in text if not char.isascii()]
        if encoding == "utf-8" or 2 * sum(map(_is_in_daily_use, beyond)) > len(beyond):
            return text
    return name


def _is_in_daily_use(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _is_litter(name: str) -> bool:
    folders, _, last = name.rpartition("/")
    return last.lower() in _LITTER or last.startswith("._") or "__MACOSX" in folders.split("/")


def _shown(name: str) -> str:
    """A name that is refused, fit to be shown."""
    return "".join(char if char.isprintable() else "?" for char in name)[:200]
