"""Files on their way in. An archive becomes its members, named after it: `reports.zip/2024/may.pdf`."""

import itertools
import shutil
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from configs import Settings
from server.errors import FileTooLarge, FileUnreadable, ZhiwenError
from server.knowledge_base.content import BLOCK, SIZE_SETTING
from server.knowledge_base.names import spelled

if TYPE_CHECKING:
    from document_loaders.errors import DocumentUnreadable

ARCHIVE = ".zip"


@dataclass(frozen=True)
class Upload:
    """A file on its way in: the client's name for it and its bytes."""

    name: str
    stream: BinaryIO


def readable(settings: Settings) -> list[str]:
    """Suffixes of files that can be read, those of the settings' own readers among them."""
    from document_loaders.table import suffixes

    return list(dict.fromkeys([*suffixes(), *settings.ingest.loaders]))


def accepted(settings: Settings) -> list[str]:
    """Suffixes of what may be uploaded: readable files, and archives of such."""
    return [*readable(settings), ARCHIVE]


def opened(upload: Upload, settings: Settings, refused: dict[str, ZhiwenError]) -> Iterator[Upload]:
    """The upload itself, or the files in it. What of an archive cannot be read goes into `refused`."""
    if not upload.name.lower().endswith(ARCHIVE):
        yield upload
        return
    from document_loaders.archive import Member, members
    from document_loaders.base import LoadOptions
    from document_loaders.errors import DocumentUnreadable

    with tempfile.TemporaryDirectory(prefix="zhiwen-") as folder:
        try:
            archive = _stored(upload, Path(folder), settings.knowledge_base.max_file_mb)
            for member in members(archive, LoadOptions(scratch=Path(folder))):
                name = f"{upload.name}/{member.name}"
                if isinstance(member, Member):
                    yield Upload(name, member.stream)
                else:
                    refused[name] = _unreadable(name, member.reason)
        except DocumentUnreadable as error:
            refused[upload.name] = _unreadable(upload.name, error)
        except ZhiwenError as error:
            refused[upload.name] = error


def unused(name: str, taken: Collection[str]) -> str:
    """The name, with a number before its suffix where it is taken: `notes.txt`, `notes (2).txt`."""
    stem, dot, suffix = spelled(name).rpartition(".")
    numbers = (f"{stem} ({number}){dot}{suffix}" for number in itertools.count(2))
    return next(each for each in itertools.chain([f"{stem}{dot}{suffix}"], numbers) if each not in taken)


def _stored(upload: Upload, folder: Path, limit_mb: int) -> Path:
    """The archive as a file: its directory stands at its end, so it cannot be read from a stream."""
    path = folder / "archive"
    with path.open("wb") as file:
        shutil.copyfileobj(upload.stream, file, BLOCK)
        if file.tell() > limit_mb * BLOCK:
            raise FileTooLarge(name=upload.name, limit_mb=limit_mb, setting=SIZE_SETTING)
    return path


def _unreadable(name: str, error: "DocumentUnreadable") -> FileUnreadable:
    return FileUnreadable(name=name, reason_en=error.reason_en, reason_zh=error.reason_zh)
