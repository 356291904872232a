"""What makes a ZIP file dangerous or unreadable, found before anything of it is unpacked."""

import io
import zipfile
import zlib
from collections.abc import Iterable
from typing import IO, BinaryIO, cast

from document_loaders.errors import DocumentUnreadable, protected

MOST_MEMBERS = 10_000
# Text and logs shrink to a fiftieth; only what is made to burst shrinks to a hundredth as a whole and is large too.
_MOST_SWELLING = 100
_SMALL = 100 << 20
_ENCRYPTED = 0x1
# Python unpacks these two in bounded steps; of the rarer methods a few bytes can fill the memory.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, RuntimeError, UnicodeError)


def open_zip(stream: BinaryIO) -> zipfile.ZipFile:
    """Open an archive for reading.

    Raises:
        DocumentUnreadable: it is damaged.
    """
    try:
        return zipfile.ZipFile(stream)
    except _BROKEN as error:
        raise damaged() from error


def open_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    """Open a member; the stream never gives more bytes than the archive's directory says.

    Raises:
        DocumentUnreadable: it is encrypted, damaged, or packed in a way that cannot be read; also when the stream is
            read.
    """
    if is_encrypted(info):
        raise protected()
    if info.compress_type not in _METHODS:
        raise DocumentUnreadable("it is packed by a rare method that is not read", "其压缩方法不受支持")
    try:
        return cast("BinaryIO", io.BufferedReader(_Checked(archive.open(info))))
    except _BROKEN as error:
        raise damaged() from error


def check_sizes(infos: Iterable[zipfile.ZipInfo], packed: int, most: int) -> int:
    """How many bytes the members unpack to; `packed` is the size of the archive, `most` what is allowed.

    Raises:
        DocumentUnreadable: that is too much, or out of all proportion to the archive.
    """
    total = sum(info.file_size for info in infos)
    if total > most or (total > _SMALL and total > packed * _MOST_SWELLING):
        megabytes = total >> 20
        raise DocumentUnreadable(
            f"it unpacks to {megabytes} MB, which is more than is safe", f"解压后达 {megabytes} MB，超出安全范围"
        )
    return total


def is_encrypted(info: zipfile.ZipInfo) -> bool:
    """Whether a password is needed to read the member."""
    return bool(info.flag_bits & _ENCRYPTED)


def damaged() -> DocumentUnreadable:
    """The reason for what cannot be unpacked."""
    return DocumentUnreadable("the archive is damaged or incomplete", "压缩包已损坏或不完整")


class _Checked(io.RawIOBase):
    """Tells damage that shows while reading by its reason."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        try:
            block = self._stream.read(len(buffer))
        except _BROKEN as error:
            raise damaged() from error
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._stream.close()
        super().close()
