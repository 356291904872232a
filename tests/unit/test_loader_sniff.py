"""The kind of a file, by signatures, parts of packages and streams."""

from pathlib import Path

import pytest

from document_loaders import table
from document_loaders.errors import DocumentUnreadable
from document_loaders.sniff import sniff

SAMPLES = Path(__file__).resolve().parent.parent / "samples"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n rest", "png"),
        (b"\xff\xd8\xff\xe0 rest", "jpeg"),
        (b"GIF89a rest", "gif"),
        (b"BM\x36\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28" + bytes(30), "bmp"),
        (b"BMW builds cars, and this is a sentence about them.", "text"),
        (b"II*\x00 rest", "tiff"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "webp"),
        (b"{\\rtf1 x}", "rtf"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><p>x", "html"),
        (b'<?xml version="1.0"?><html xmlns="x">', "html"),
        (b'<?xml version="1.0"?><order/>', "xml"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n", "mhtml"),
        (b"From: a@b.example\nSubject: x\n\nmultipart", "text"),
    ],
)
def test_signatures(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    assert sniff(path).name == kind


@pytest.mark.parametrize(
    ("sample", "kind"),
    [
        ("launch.pptx", "pptx"),
        ("sales.xlsx", "xlsx"),
        ("old.xls", "xls"),
        ("stock.ods", "ods"),
        ("purchase.odt", "odt"),
        ("plan.odp", "odp"),
        ("safety.rtf", "rtf"),
        ("old_letter.doc", "doc"),
        ("old_show.ppt", "ppt"),
    ],
)
def test_samples(tmp_path: Path, sample: str, kind: str) -> None:
    liar = tmp_path / "a.txt"
    liar.write_bytes((SAMPLES / sample).read_bytes())
    assert sniff(liar).name == kind
    assert table.loader_for(liar) == table.loader_for(SAMPLES / sample)


@pytest.mark.parametrize("sample", ["password.docx", "password.odt"])
def test_passwords(sample: str) -> None:
    with pytest.raises(DocumentUnreadable, match="password"):
        sniff(SAMPLES / sample)


def test_web_pages_and_text_under_binary_names(tmp_path: Path) -> None:
    path = tmp_path / "report.xls"
    path.write_bytes(b"<html><table><tr><td>1</td></tr></table></html>")
    assert table.loader_for(path) == "HtmlLoader"
    path.write_bytes(b"{\\rtf1 x}")
    assert table.loader_for(path) == "RtfLoader"
    path.write_bytes(b"plain words")
    with pytest.raises(DocumentUnreadable, match=r"ends in \.xls"):
        table.loader_for(path)


def test_an_archive_named_as_a_document_is_refused_by_its_name(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(DocumentUnreadable, match="ZIP"):
        table.loader_for(path)
