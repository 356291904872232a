"""What a file really is, told by its content instead of its name."""

import zipfile
from pathlib import Path

from document_loaders.errors import DocumentUnreadable, protected
from document_loaders.kinds import KINDS, Kind

_HEAD = 4096
_SIGNATURES = (
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
)
_ODF_TYPES = {"text": "odt", "spreadsheet": "ods", "presentation": "odp"}
# Some programs give the main part another name (document2.xml): with [Content_Types].xml, any part in the folder tells.
_OFFICE_FOLDERS = (("word/", "docx"), ("ppt/", "pptx"), ("xl/workbook.bin", "xlsb"), ("xl/", "xlsx"))
_OLE_STREAMS = (
    ("__properties_version1.0", "msg"),
    ("WordDocument", "doc"),
    ("PowerPoint Document", "ppt"),
    ("Workbook", "xls"),
    ("Book", "xls"),
)


def sniff(path: Path) -> Kind:
    """Tell the kind of a file; whatever has no known signature counts as text.

    Raises:
        DocumentUnreadable: the file is empty, damaged or protected by a password.
        OSError: it cannot be opened.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if not head:
        raise DocumentUnreadable("it is empty (0 bytes)", "文件为空（0 字节）")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return KINDS[_zip_kind(path)]
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return KINDS[_ole_kind(path)]
    signed = next((kind for signature, kind in _SIGNATURES if head.startswith(signature)), None)
    return KINDS[signed or _riff_or_bmp(head) or _text_kind(head, is_named_pdf=path.suffix.lower() == ".pdf")]


def _riff_or_bmp(head: bytes) -> str | None:
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    # "BM" alone may begin a sentence; the reserved bytes after the size are zero in every bitmap and in no text.
    return "bmp" if head.startswith(b"BM") and head[6:10] == bytes(4) and len(head) > 26 else None


def _text_kind(head: bytes, *, is_named_pdf: bool) -> str:
    lower = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    # Readers accept rubbish before the header of a PDF; in another file the same bytes may just be talked about.
    if lower.startswith(b"%pdf-") or (is_named_pdf and b"%PDF-" in head[:1024]):
        return "pdf"
    if lower.startswith((b"<!doctype html", b"<html")):
        return "html"
    if lower.startswith(b"<?xml"):
        return "html" if b"<html" in lower[:1024] else "xml"
    if lower.startswith((b"mime-version:", b"from:")) and b"multipart/related" in lower:
        return "mhtml"
    return "text"


def _zip_kind(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            members = set(archive.namelist())
            media_type = _small_member(archive, "mimetype")
            manifest = _small_member(archive, "META-INF/manifest.xml") if media_type else ""
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise DocumentUnreadable("the file is damaged or incomplete", "文件已损坏或不完整") from error
    if "[Content_Types].xml" in members:
        found = next((kind for start, kind in _OFFICE_FOLDERS if any(name.startswith(start) for name in members)), None)
        if found:
            return found
    if media_type == "application/epub+zip" or "META-INF/container.xml" in members:
        return "epub"
    if media_type.startswith("application/vnd.oasis.opendocument."):
        if "encryption-data" in manifest or "encrypted-package" in members:
            raise protected()
        return _ODF_TYPES.get(media_type.rpartition(".")[2].removesuffix("-template"), "odf")
    return "zip"


def _small_member(archive: zipfile.ZipFile, name: str) -> str:
    if name not in archive.NameToInfo:
        return ""
    with archive.open(name) as stream:
        return stream.read(1 << 20).decode("utf-8", "replace").strip()


def _ole_kind(path: Path) -> str:
    import olefile

    try:
        with olefile.OleFileIO(str(path)) as ole:
            # Only the outermost names tell: a sheet inside a Word document has streams of its own further down.
            names = {entry[0] for entry in ole.listdir(streams=True, storages=True)}
    except (OSError, ValueError, IndexError, TypeError) as error:
        raise DocumentUnreadable("the file is damaged or incomplete", "文件已损坏或不完整") from error
    if names & {"EncryptedPackage", "EncryptedSummary"}:
        raise protected()
    return next((kind for stream, kind in _OLE_STREAMS if stream in names), "old_office")
