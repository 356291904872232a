"""E-books."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from document_loaders.base import LoadOptions
from document_loaders.errors import DocumentUnreadable
from document_loaders.table import load

SAMPLES = Path(__file__).resolve().parent.parent / "samples"


def _rebuilt(tmp_path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    path = tmp_path / "a.epub"
    with zipfile.ZipFile(SAMPLES / "book.epub") as book, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in book.namelist():
            content = change(name, book.read(name))
            if content is not None:
                copy.writestr(name, content)
    return path


def test_chapters_in_the_order_of_the_spine_with_titles_from_the_contents() -> None:
    documents = list(load(SAMPLES / "book.epub", "EpubLoader"))
    assert [(each.page_content, each.metadata["part"], each.metadata["headings"]) for each in documents] == [
        ("第一章 清洗\n每三个月清洗一次。", "chapter 1", ["第一章 清洗"]),
        ("每年更换滤网。", "chapter 2", ["第二章 更换"]),
        ("型号\nPPR-9087", "chapter 2", ["第二章 更换", "型号"]),
    ]
    assert {each.metadata["title"] for each in documents} == {"滤网养护"}


def test_titles_from_the_contents_of_an_older_book(tmp_path: Path) -> None:
    ncx = (
        b'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>One</text></navLabel>'
        b'<content src="text/second%20part.xhtml"/></navPoint></navMap></ncx>'
    )

    def older(name: str, content: bytes) -> bytes:
        if name.endswith("nav.xhtml"):
            return ncx
        plain = b'application/xhtml+xml" properties="nav"'
        return content.replace(plain, b'application/x-dtbncx+xml"')

    documents = list(load(_rebuilt(tmp_path, older), "EpubLoader"))
    assert documents[1].metadata["headings"] == ["One"]


def test_a_book_with_garbled_fonts_is_free_and_one_with_encrypted_text_is_not(tmp_path: Path) -> None:
    with pytest.raises(DocumentUnreadable, match="DRM"):
        list(load(SAMPLES / "protected.epub", "EpubLoader"))
    path = _rebuilt(tmp_path, lambda _name, content: content)
    with zipfile.ZipFile(path, "a") as book:
        way = "http://www.idpf.org/2008/embedding"
        book.writestr("META-INF/encryption.xml", f'<encryption><EncryptionMethod Algorithm="{way}"/></encryption>')
    assert len(list(load(path, "EpubLoader"))) == 3


def test_a_missing_chapter_is_no_complete_book(tmp_path: Path) -> None:
    path = _rebuilt(tmp_path, lambda name, content: None if "second" in name else content)
    documents = load(path, "EpubLoader")
    assert next(documents).metadata["part"] == "chapter 1"
    with pytest.raises(DocumentUnreadable, match="damaged or incomplete"):
        next(documents)


def test_a_book_that_swells_is_refused(tmp_path: Path) -> None:
    path = _rebuilt(tmp_path, lambda name, content: bytes(3 << 20) if "one" in name else content)
    with pytest.raises(DocumentUnreadable, match="unpacks to 3 MB"):
        list(load(path, "EpubLoader", LoadOptions(max_unpacked_mb=2)))
