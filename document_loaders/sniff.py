"""What a file really is, told by its content instead of its name."""

import mmap
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from document_loaders.errors import DocumentUnreadable

_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Content:
    """The kind of a file, with a name for people."""

    kind: Literal["pdf", "docx", "html", "text", "other"]
    name_en: str
    name_zh: str


_PDF = Content("pdf", "a PDF", " PDF 文档")
_DOCX = Content("docx", "a Word document (.docx)", " Word 文档（.docx）")
_HTML = Content("html", "a web page", "网页")
_TEXT = Content("text", "not of that type (the file may be damaged)", "其他数据（文件可能已损坏）")
_SIGNATURES = (
    (b"{\\rtf", "an RTF document", " RTF 文档"),
    (b"\x89PNG", "a picture (PNG)", "图片（PNG）"),
    (b"\xff\xd8\xff", "a picture (JPEG)", "图片（JPEG）"),
    (b"GIF8", "a picture (GIF)", "图片（GIF）"),
    (b"\x1f\x8b\x08", "an archive (gzip)", "压缩包（gzip）"),
    (b"7z\xbc\xaf\x27\x1c", "an archive (7z)", "压缩包（7z）"),
    (b"Rar!\x1a\x07", "an archive (RAR)", "压缩包（RAR）"),
)
_ZIP_MEMBERS = (
    ("ppt/presentation.xml", "a PowerPoint presentation (.pptx)", " PowerPoint 演示文稿（.pptx）"),
    ("xl/workbook.xml", "an Excel workbook (.xlsx)", " Excel 工作簿（.xlsx）"),
    ("xl/workbook.bin", "an Excel workbook (.xlsb)", " Excel 工作簿（.xlsb）"),
    ("META-INF/container.xml", "an e-book (EPUB)", "电子书（EPUB）"),
    ("content.xml", "an OpenDocument file", " OpenDocument 文件"),
)
_OLE_STREAMS = (
    ("WordDocument", "an old Word document (.doc); save it as .docx", "旧版 Word 文档（.doc），请另存为 .docx"),
    ("Workbook", "an old Excel workbook (.xls)", "旧版 Excel 工作簿（.xls）"),
    ("PowerPoint Document", "an old PowerPoint presentation (.ppt)", "旧版 PowerPoint 演示文稿（.ppt）"),
)


def sniff(path: Path) -> Content:
    """Tell the kind of a file; whatever has no known signature counts as text.

    Raises:
        DocumentUnreadable: the file is empty or protected by a password.
        OSError: it cannot be opened.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if not head:
        raise DocumentUnreadable("it is empty (0 bytes)", "文件为空（0 字节）")
    if head.startswith(b"PK\x03\x04"):
        return _zip_content(path)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_content(path)
    for signature, name_en, name_zh in _SIGNATURES:
        if head.startswith(signature):
            return Content("other", name_en, name_zh)
    return _by_text(head, is_named_pdf=path.suffix.lower() == ".pdf")


def _by_text(head: bytes, *, is_named_pdf: bool) -> Content:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:20].lower()
    # Readers accept rubbish before the header of a PDF; in another file the same bytes may just be talked about.
    if start.startswith(b"%pdf-") or (is_named_pdf and b"%PDF-" in head[:1024]):
        return _PDF
    if start.startswith((b"<!doctype html", b"<html")):
        return _HTML
    return _TEXT


def _zip_content(path: Path) -> Content:
    with path.open("rb") as stream:
        try:
            members = set(zipfile.ZipFile(stream).namelist())
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError) as error:
            raise DocumentUnreadable("the file is damaged or incomplete", "文件已损坏或不完整") from error
    # Some programs call the main part document2.xml: any part in the folder word/ tells.
    if "[Content_Types].xml" in members and any(member.startswith("word/") for member in members):
        return _DOCX
    for member, name_en, name_zh in _ZIP_MEMBERS:
        if member in members:
            return Content("other", name_en, name_zh)
    return Content("other", "an archive (ZIP)", "压缩包（ZIP）")


def _ole_content(path: Path) -> Content:
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find("EncryptedPackage".encode("utf-16-le")) >= 0:
            raise DocumentUnreadable("it is protected by a password", "文件受密码保护")
        for name, name_en, name_zh in _OLE_STREAMS:
            if content.find(name.encode("utf-16-le")) >= 0:
                return Content("other", name_en, name_zh)
    return Content("other", "a file of an old Office program", "旧版 Office 文件")
