"""Old Word documents and presentations (.doc, .ppt): LibreOffice makes new ones of them, which are read."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.errors import DocumentUnreadable
from document_loaders.packages import damaged
from document_loaders.sniff import sniff

_SECONDS = 120
_PROGRAMS = ("soffice", "libreoffice")
_USUAL_PLACES = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    "C:/Program Files/LibreOffice/program/soffice.exe",
)
_NEW_KIND = {"doc": "docx", "ppt": "pptx"}
logger = logging.getLogger(__name__)


class LegacyOfficeLoader(FileLoader):
    """Yields what the reader of .docx or .pptx yields for the converted file."""

    def lazy_load(self) -> Iterator[Document]:
        """Convert, then read.

        Raises:
            DocumentUnreadable: LibreOffice is not installed, cannot read the file, or takes too long.
        """
        new_kind = _NEW_KIND.get(sniff(self.path).name)
        if new_kind is None:
            raise damaged()
        program = _libreoffice()
        with _folder(self.options.scratch) as folder:
            converted = _convert(program, self.path, new_kind, folder)
            yield from self._reader(converted, new_kind).lazy_load()

    def _reader(self, converted: Path, kind: str) -> FileLoader:
        if kind == "docx":
            from document_loaders.docx import DocxLoader

            return DocxLoader(converted, self.options)
        from document_loaders.pptx import PptxLoader

        return PptxLoader(converted, self.options)


def _libreoffice() -> str:
    found = next((path for name in (*_PROGRAMS, *_USUAL_PLACES) if (path := shutil.which(name))), None)
    if found is None:
        raise DocumentUnreadable(
            "old Office files need LibreOffice, which is not installed; install it (Debian and Ubuntu: "
            "apt install libreoffice-core libreoffice-writer libreoffice-impress; others: libreoffice.org) and retry, "
            "or save the file as .docx or .pptx",
            "读取旧版 Office 文件需要 LibreOffice，但尚未安装；请安装后重试（Debian、Ubuntu："
            "apt install libreoffice-core libreoffice-writer libreoffice-impress；其他系统见 libreoffice.org），"
            "或将文件另存为 .docx 或 .pptx",
        )
    return found


@contextmanager
def _folder(scratch: Path | None) -> Iterator[Path]:
    """A folder that goes when the reading is over."""
    with tempfile.TemporaryDirectory(dir=scratch, prefix="office-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _convert(program: str, path: Path, new_kind: str, folder: Path) -> Path:
    """Run LibreOffice with a profile of its own, for two with one profile refuse to run at once.

    Raises:
        DocumentUnreadable: it made no file, or took too long.
    """
    # A plain name with the true suffix: the file's own may start with a dash, and its suffix may lie.
    source = folder / f"source.{new_kind[:-1]}"
    shutil.copyfile(path, source)
    command = [
        program, "--headless", "--norestore", "--nolockcheck", f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        "--convert-to", new_kind, "--outdir", str(folder / "out"), str(source),
    ]  # fmt: skip
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=sys.platform != "win32",
    )
    try:
        process.wait(_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise DocumentUnreadable(
            f"LibreOffice did not finish the conversion within {_SECONDS} seconds",
            f"LibreOffice 未能在 {_SECONDS} 秒内完成转换",
        ) from error
    finally:
        _end(process)
    converted = folder / "out" / f"source.{new_kind}"
    if not converted.is_file():
        logger.warning("LibreOffice ended with %s and made no file", process.returncode)
        raise DocumentUnreadable(
            "LibreOffice cannot read it; it may be damaged or protected by a password",
            "LibreOffice 无法读取，文件可能已损坏或受密码保护",
        )
    return converted


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program with all it has started; `soffice` is a script that starts the real one."""
    if sys.platform == "win32":
        process.kill()
    else:
        # Those it started may live on after it ended, still in its group.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            logger.debug("LibreOffice had ended with all its processes")
    process.wait()
