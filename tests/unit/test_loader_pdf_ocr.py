"""PDF pages read from their pixels: scans, garbled text layers, pictures beside text."""

from io import BytesIO
from pathlib import Path

import pytest
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from document_loaders import ocr
from document_loaders.base import LoadOptions
from document_loaders.page_text import PlacedLine
from document_loaders.pdf import PdfLoader
from document_loaders.pdf_document import PageContent
from document_loaders.pdf_pictures import readable_pictures
from document_loaders.pdf_quality import is_garbled, is_picture_of_page
from document_loaders.reading_order import Line

SAMPLES = Path(__file__).resolve().parent.parent / "samples"


def _content(text: str, *pictures: tuple[float, float, float, float], unmapped: float = 0) -> PageContent:
    return PageContent([PlacedLine(text, (0.1, 0.1, 0.9, 0.12))] if text else [], unmapped, list(pictures))


def test_each_page_is_read_as_it_needs() -> None:
    text, scan, blank, both = PdfLoader(SAMPLES / "mixed.pdf").load()
    assert text.page_content == "本文件包含文字页、扫描页、空白页和带图片的文字页。"
    assert "上班时间调整为上午八点半，\n午休时间为一小时三十分钟。\n咨询电话：400-820-5588" in scan.page_content
    assert (blank.page_content, blank.metadata["blank"]) == ("", True)
    assert both.page_content.replace(" ", "").split("\n\n") == [
        "下面的图片展示了第三季度的销售情况，数字来自财务部门。",
        "三季度销售额1280万元",
    ]
    assert [page.metadata.get("ocr") for page in (text, scan, blank, both)] == [None, True, None, None]
    assert both.metadata["headings"] == ["第二章 图表", "2.1 销售"]


def test_boxes_are_those_of_the_page_as_it_is_shown() -> None:
    _, scan, _, both = PdfLoader(SAMPLES / "mixed.pdf").load()
    start, end, box = scan.metadata["spans"][0]
    assert scan.page_content[start:end] == "关于调整办公时间的通知"
    scale = 400 / 720  # the picture of 720 by 440 is 400 points wide; the page of 420 by 595 is turned
    left, top = 10 / 420, 60 / 595
    assert box == pytest.approx([left + 40 * scale / 420, top + 36 * scale / 595, left + 372 * scale / 420,
                                 top + 74 * scale / 595], abs=0.015)  # fmt: skip
    *_, box = both.metadata["spans"][-1]
    assert 90 / 420 < box[0] < box[2] < 330 / 420
    assert 1 - 355 / 595 < box[1] < box[3] < 1 - 300 / 595


def test_without_ocr_only_the_text_layers_are_read() -> None:
    pages = PdfLoader(SAMPLES / "mixed.pdf", LoadOptions(ocr=False)).load()
    assert [bool(page.page_content) for page in pages] == [True, False, False, True]
    assert "1280" not in pages[3].page_content
    assert [page.metadata.get("blank") for page in pages] == [None, None, True, None]


def test_a_garbled_text_layer_is_replaced_by_what_is_seen() -> None:
    (page,) = PdfLoader(SAMPLES / "garbled.pdf").load()
    assert page.page_content == (
        "The annual report shows that\nrevenue grew by twelve percent\nin every region of the country"
    )
    (page,) = PdfLoader(SAMPLES / "garbled.pdf", LoadOptions(ocr=False)).load()
    assert (page.page_content, "blank" in page.metadata) == ("", False)


def test_a_picture_on_every_page_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = BytesIO()
    canvas = Canvas(out)
    for number in range(4):
        canvas.drawString(72, 500, f"This is the text of page number {chr(65 + number)}.")
        canvas.drawImage(ImageReader(str(SAMPLES / "logo.png")), 100, 600, 210, 45, mask="auto")
        canvas.showPage()
    canvas.save()
    (tmp_path / "a.pdf").write_bytes(out.getvalue())
    read: list[object] = []
    monkeypatch.setattr(ocr, "read", lambda picture: read.append(picture) or [Line("LOGO", 1.0, (0, 0, 1, 1))])
    pages = PdfLoader(tmp_path / "a.pdf").load()
    assert [page.page_content.endswith("\n\nLOGO") for page in pages] == [True] * 4
    assert len(read) == 1


def test_what_makes_a_text_layer_unusable() -> None:
    usable = "这一页的文字层是可以使用的，café naïve déjà vu, 价格 €100。" * 3
    assert not is_garbled(_content(usable))
    assert is_garbled(_content(usable, unmapped=0.5))
    assert is_garbled(_content("ÖÐ»ªÈËÃñ¹²ºÍ¹ú"))
    assert is_garbled(_content("\ufffd\ufffd\ue001\ue002 abc"))


def test_a_stamp_on_a_scan_does_not_make_it_a_page_of_text() -> None:
    whole = (0.0, 0.0, 1.0, 1.0)
    assert is_picture_of_page(_content("Scanned with a phone", whole))
    assert not is_picture_of_page(_content("Scanned with a phone", (0.4, 0.4, 0.6, 0.6)))
    assert not is_picture_of_page(_content("a searchable scan " * 20, whole))
    assert not is_picture_of_page(PageContent(is_drawn=False))


def test_pictures_worth_reading() -> None:
    strips = [(0.1, 0.5 + 0.02 * index, 0.9, 0.52 + 0.02 * index) for index in range(5)]
    bullet, background = (0.1, 0.3, 0.12, 0.32), (0.0, 0.0, 1.0, 0.2)
    assert readable_pictures(_content("Text that is on the background", bullet, background, *strips)) == [
        (0.1, 0.5, 0.9, pytest.approx(0.6))
    ]
