"""PDF: pages, paragraphs, running heads, damage, threads."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from document_loaders.base import LoadOptions
from document_loaders.errors import DocumentUnreadable
from document_loaders.page_text import PlacedLine, joined
from document_loaders.pdf import PdfLoader
from document_loaders.pdf_document import PdfDocument
from document_loaders.pdf_lines import clean_lines
from document_loaders.pdf_running import RunningLines

SAMPLES = Path(__file__).resolve().parent.parent / "samples"


def _pdf(path: Path, pages: list[list[str]]) -> Path:
    out = BytesIO()
    canvas = Canvas(out)
    for lines in pages:
        for number, line in enumerate(lines):
            canvas.drawString(72, 780 - 16 * number, line)
        canvas.showPage()
    canvas.save()
    path.write_bytes(out.getvalue())
    return path


def paragraphs(lines: list[str]) -> str:
    return joined([PlacedLine(line) for line in lines]).text


def without_running_lines(pages: list[list[str]]) -> list[list[str]]:
    kept = RunningLines().without(1, [[PlacedLine(line) for line in page] for page in pages])
    return [[line.text for line in page] for page in kept]


def test_one_document_for_each_page_with_its_number_and_the_title() -> None:
    documents = PdfLoader(SAMPLES / "manual.pdf").load()
    assert [document.metadata["page"] for document in documents] == [1, 2, 3]
    assert {(document.metadata["pages"], document.metadata["title"]) for document in documents} == {
        (3, "X200 产品手册")
    }


def test_lines_of_a_paragraph_are_joined() -> None:
    first, second, _ = PdfLoader(SAMPLES / "manual.pdf").load()
    assert (
        "用户应妥善保管购买凭证并在报修时出示，在保修期内因产品质量问题发生的故障，由本公司免费维修"
        in first.page_content
    )
    assert "so please keep the receipt in a safe place and show it" in second.page_content
    assert second.page_content.startswith("第二章 English Summary\n")


def test_running_heads_stay_once_and_page_numbers_go() -> None:
    pages = [document.page_content for document in PdfLoader(SAMPLES / "manual.pdf").load()]
    assert sum("知问科技 X200 产品手册" in page for page in pages) == 1
    assert not any("第 2 页" in page or "第 3 页" in page for page in pages)


def test_pages_without_text_come_empty_and_blank_ones_are_told(tmp_path: Path) -> None:
    (picture,) = PdfLoader(SAMPLES / "scan.pdf", LoadOptions(ocr=False)).load()
    assert (picture.page_content, picture.metadata) == ("", {"page": 1, "pages": 1})
    documents = PdfLoader(_pdf(tmp_path / "a.pdf", [["first"], [], ["third"]])).load()
    assert [document.page_content for document in documents] == ["first", "", "third"]
    assert [document.metadata.get("blank") for document in documents] == [None, True, None]


def test_spans_say_where_each_line_stands(tmp_path: Path) -> None:
    (page,) = PdfLoader(_pdf(tmp_path / "a.pdf", [["Line one.", "", "Line three."]])).load()
    (_, end, (left, top, right, bottom)), (start, *_, below) = page.metadata["spans"]
    assert (page.page_content[:end], page.page_content[start:]) == ("Line one.", "Line three.")
    assert (left, bottom) == (pytest.approx(72 / 595, abs=0.01), pytest.approx(1 - 780 / 842, abs=0.01))
    assert right - left == pytest.approx(50 / 595, abs=0.02)
    assert below[1] - top == pytest.approx(32 / 842, abs=0.005)


def test_spans_of_a_joined_paragraph_are_its_lines() -> None:
    second = PdfLoader(SAMPLES / "manual.pdf").load()[1]
    lines = [second.page_content[start:end] for start, end, _ in second.metadata["spans"]]
    assert len(lines) == 4
    assert " ".join(lines[1:]) == second.page_content.split("\n")[1]


def test_text_outside_of_the_page_is_left_out(tmp_path: Path) -> None:
    out = BytesIO()
    canvas = Canvas(out, pagesize=(300, 300))
    canvas.drawString(50, 200, "on the page")
    canvas.drawString(50, 400, "printer's notes")
    canvas.save()
    (tmp_path / "a.pdf").write_bytes(out.getvalue())
    assert [page.page_content for page in PdfLoader(tmp_path / "a.pdf").load()] == ["on the page"]


def test_pages_come_before_the_whole_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    content = PdfDocument.content
    monkeypatch.setattr(PdfDocument, "content", lambda pdf, number: read.append(number) or content(pdf, number))
    lines = [["Running head", f"Text of page {chr(65 + number % 26) * 3}"] for number in range(150)]
    pages = PdfLoader(_pdf(tmp_path / "a.pdf", lines)).lazy_load()
    first = next(pages)
    assert len(read) < 100
    texts = [first.page_content, *(page.page_content for page in pages)]
    assert len(texts) == 150
    assert sum("Running head" in text for text in texts) == 1


def test_placeholder_titles_are_no_titles(tmp_path: Path) -> None:
    assert "title" not in PdfLoader(_pdf(tmp_path / "a.pdf", [["text"]])).load()[0].metadata


def test_hyphenated_words_are_joined(tmp_path: Path) -> None:
    path = _pdf(tmp_path / "a.pdf", [["This is an inter-", "national and state-of-the-", "art device."]])
    assert "international and state-of-the-art device." in PdfLoader(path).load()[0].page_content


def test_damage_and_passwords_are_told_apart() -> None:
    with pytest.raises(DocumentUnreadable, match="damaged"):
        PdfLoader(SAMPLES / "corrupt.pdf").load()
    with pytest.raises(DocumentUnreadable, match="password"):
        PdfLoader(SAMPLES / "password.pdf").load()


def test_threads_read_at_the_same_time(tmp_path: Path) -> None:
    paths = [_pdf(tmp_path / f"{i}.pdf", [[f"file {i} page {page}"] for page in range(20)]) for i in range(6)]
    with ThreadPoolExecutor(6) as pool:
        for i, documents in enumerate(pool.map(lambda path: PdfLoader(path).load(), paths)):
            assert [document.page_content for document in documents] == [f"file {i} page {page}" for page in range(20)]


def test_what_fonts_put_in_place_of_ordinary_characters() -> None:
    assert clean_lines("⼀⽉的ﬁle\u00a0x\x00\r\n\r\n end \r\n") == ["一月的file x", " end"]


def test_short_lines_are_a_list_not_a_paragraph() -> None:
    assert paragraphs(["苹果", "香蕉", "桃子"]) == "苹果\n香蕉\n桃子"


def test_a_new_entry_or_chapter_starts_a_paragraph() -> None:
    full = "长" * 30
    assert paragraphs([full, "第二章 " + full[:27], "（1）" + full[:27], full]).count("\n") == 2


def test_heads_of_left_and_right_pages_and_counted_pages() -> None:
    pages = [["Handbuch" if n % 2 else "Kapitel", f"Text {chr(65 + n)}", f"- {n + 5} of 10 -"] for n in range(10)]
    kept = without_running_lines(pages)
    assert [page[-1] for page in kept] == [f"Text {chr(65 + n)}" for n in range(10)]
    assert sum("Handbuch" in page for page in kept) == 1


def test_chapters_are_no_running_heads_and_nothing_vanishes_altogether() -> None:
    assert without_running_lines([["1. 概述", "甲"], ["3. 安装", "乙"], ["9. 维护", "丙"]])[1] == ["3. 安装", "乙"]
    assert without_running_lines([["同一句话"]] * 5)[0] == ["同一句话"]


def test_pages_that_say_nothing_but_their_number_are_empty_and_others_are_not() -> None:
    assert without_running_lines([[f"第 {n} 页"] for n in range(1, 6)]) == [[]] * 5
    pages = [["Report", f"Result of page {n}"] for n in range(1, 6)]
    assert [page[-1] for page in without_running_lines(pages)] == [f"Result of page {n}" for n in range(1, 6)]
