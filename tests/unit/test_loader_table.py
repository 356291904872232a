"""The choice of the loader: by suffix, and by content where the suffix is wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

from document_loaders import kinds, table
from document_loaders.errors import DocumentUnreadable, UnknownLoader, UnsupportedType

SAMPLES = Path(__file__).resolve().parent.parent / "samples"


def test_no_suffix_and_no_kind_is_claimed_twice() -> None:
    claimed = [suffix for kind in kinds.KINDS.values() for suffix in kind.suffixes]
    assert len(claimed) == len(set(claimed)) > 0
    assert len(kinds.KINDS) == Path(kinds.__file__).read_text("utf-8").count("    Kind(")


def test_every_suffix_is_lower_case_and_has_a_loader_and_every_loader_a_suffix() -> None:
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in table.suffixes())
    # unstructured is chosen by the settings only.
    assert set(table.SUFFIXES.values()) == set(table.LOADERS) - {"UnstructuredLoader"}


@pytest.mark.parametrize(
    ("sample", "loader"),
    [
        ("poem.txt", "TextLoader"),
        ("service.log", "TextLoader"),
        ("guide.md", "MarkdownLoader"),
        ("manual.pdf", "PdfLoader"),
        ("rules.docx", "DocxLoader"),
        ("rules_named.pdf", "DocxLoader"),
        ("orders.csv", "CsvLoader"),
        ("orders.tsv", "TsvLoader"),
        ("page_gbk.htm", "HtmlLoader"),
        ("old_word.docx", "LegacyOfficeLoader"),
        ("sheet.docx", "WorkbookLoader"),
    ],
)
def test_loader_of_the_samples(sample: str, loader: str) -> None:
    assert table.loader_for(SAMPLES / sample) == loader


def test_upper_case_suffix_and_content_of_another_family(tmp_path: Path) -> None:
    upper = tmp_path / "A.PDF"
    upper.write_bytes((SAMPLES / "manual.pdf").read_bytes())
    assert table.loader_for(upper) == "PdfLoader"
    pdf_as_text = tmp_path / "a.txt"
    pdf_as_text.write_bytes((SAMPLES / "manual.pdf").read_bytes())
    assert table.loader_for(pdf_as_text) == "PdfLoader"
    page_as_word = tmp_path / "a.docx"
    page_as_word.write_bytes((SAMPLES / "page.html").read_bytes())
    assert table.loader_for(page_as_word) == "HtmlLoader"


def test_text_about_pdf_files_stays_text(tmp_path: Path) -> None:
    note = tmp_path / "note.md"
    note.write_text("A PDF starts with %PDF- and its version.\n")
    assert table.loader_for(note) == "MarkdownLoader"


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        ("empty.txt", "empty"),
        ("text_named.pdf", "ends in .pdf"),
        ("password.docx", "password"),
        ("corrupt.docx", "damaged"),
    ],
)
def test_contradictions_are_refused_with_the_reason(sample: str, reason: str) -> None:
    with pytest.raises(DocumentUnreadable, match=reason):
        table.loader_for(SAMPLES / sample)


def test_passwords_are_named_as_the_reason() -> None:
    with pytest.raises(DocumentUnreadable, match="password"):
        list(table.load(SAMPLES / "password.pdf", "PdfLoader"))


def test_a_picture_named_text_is_read_as_a_picture(tmp_path: Path) -> None:
    picture = tmp_path / "a.txt"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    assert table.loader_for(picture) == "ImageLoader"


def test_unknown_suffix_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedType, match=r"\.exe.*\.pdf"):
        table.loader_for(tmp_path / "a.exe")


def test_unknown_loader_names_the_known_ones() -> None:
    with pytest.raises(UnknownLoader, match="PdfLoader"):
        list(table.load(SAMPLES / "poem.txt", "PoemLoader"))


def test_a_loader_plugs_in_by_its_address() -> None:
    documents = list(table.load(SAMPLES / "poem.txt", "document_loaders.text:TextLoader"))
    assert "人生若只如初见" in documents[0].page_content


def test_the_table_imports_nothing_heavy() -> None:
    heavy = ["langchain_core", "pypdfium2", "docx", "bs4", "lxml", "markdown_it", "charset_normalizer"]
    code = f"import document_loaders.table, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=SAMPLES.parents[1]
    )
    assert done.stdout.strip() == "[]"
