"""Word: headings, lists, numbers that Word makes, tables, text in unusual places."""

from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from langchain_core.documents import Document

from document_loaders.docx import DocxLoader
from document_loaders.docx_numbering import _chinese, _roman

SAMPLES = Path(__file__).resolve().parent.parent / "samples"


def _load(word: Any, path: Path) -> list[Document]:
    word.save(str(path))
    return DocxLoader(path).load()


def test_sections_lists_and_tables_in_document_order() -> None:
    before, rules, end = DocxLoader(SAMPLES / "rules.docx").load()
    assert before.metadata == {"headings": [], "title": "考勤制度"}
    assert rules.metadata["headings"] == ["总则", "适用范围"]
    assert rules.page_content == (
        "总则\n适用范围\n适用于全体员工。\n1. 上班时间为九点\n2. 下班时间为十八点\n- 弹性工作另行申请\n\n"
        "| 假期 | 天数 | 备注 |\n| --- | --- | --- |\n| 年假 | 10 | 需提前申请 |\n| 病假 | 12 | 需提前申请 |\n\n"
        "以上天数均为工作日。"
    )
    assert end.metadata["headings"] == ["附则"]


def test_numbers_of_chapters_are_written_out(tmp_path: Path) -> None:
    word = docx.Document()
    numbering = word.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for i, (kind, text) in enumerate((("chineseCounting", "第%1章"), ("decimal", "%1.%2")))
    )
    numbering.insert(0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">{levels}</w:abstractNum>'))
    numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))
    for text, depth in (("总则", 0), ("范围", 1), ("附则", 0), ("解释", 1)):
        properties = word.add_heading(text, depth + 1)._p.get_or_add_pPr()
        properties.append(
            parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{depth}"/><w:numId w:val="77"/></w:numPr>')
        )
        word.add_paragraph("正文。")
    headings = [document.metadata["headings"] for document in _load(word, tmp_path / "a.docx")]
    assert headings == [["第一章 总则"], ["第一章 总则", "一.1 范围"], ["第二章 附则"], ["第二章 附则", "二.1 解释"]]


def test_inserted_text_stays_and_deleted_text_goes(tmp_path: Path) -> None:
    word = docx.Document()
    paragraph = word.add_paragraph("保留")._p
    paragraph.append(parse_xml(f'<w:ins {nsdecls("w")} w:id="1"><w:r><w:t>新增</w:t></w:r></w:ins>'))
    paragraph.append(parse_xml(f'<w:del {nsdecls("w")} w:id="2"><w:r><w:delText>删除</w:delText></w:r></w:del>'))
    (document,) = _load(word, tmp_path / "a.docx")
    assert document.page_content == "保留新增"


def test_content_controls_are_read_and_tables_of_contents_left_out(tmp_path: Path) -> None:
    word = docx.Document()
    control = "<w:sdtContent><w:p><w:r><w:t>控件里的文字</w:t></w:r></w:p></w:sdtContent>"
    word.element.body.insert(0, parse_xml(f"<w:sdt {nsdecls('w')}>{control}</w:sdt>"))
    word.styles.add_style("toc 1", 1)
    word.add_paragraph("第一章........1", style="toc 1")
    (document,) = _load(word, tmp_path / "a.docx")
    assert document.page_content == "控件里的文字"


def test_merged_cells_repeat_and_bars_are_escaped(tmp_path: Path) -> None:
    word = docx.Document()
    table = word.add_table(2, 3)
    for column, text in enumerate(("a|b", "", "c")):
        table.cell(0, column).text = text
    table.cell(0, 0).merge(table.cell(0, 1))
    for column in range(3):
        table.cell(1, column).text = str(column)
    (document,) = _load(word, tmp_path / "a.docx")
    assert document.page_content == "| a\\|b | a\\|b | c |\n| --- | --- | --- |\n| 0 | 1 | 2 |"


def test_the_title_paragraph_is_the_title_where_the_properties_have_none(tmp_path: Path) -> None:
    word = docx.Document()
    word.core_properties.title = ""
    word.add_paragraph("员工手册", style="Title")
    word.add_paragraph("正文。")
    assert _load(word, tmp_path / "a.docx")[0].metadata["title"] == "员工手册"


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (101, "一百零一"), (110, "一百一十"), (2003, "二千零三")],
)
def test_chinese_numerals(number: int, text: str) -> None:
    assert _chinese(number) == text


def test_roman_numerals() -> None:
    assert [_roman(number) for number in (1, 4, 9, 14, 49, 1999)] == ["i", "iv", "ix", "xiv", "xlix", "mcmxcix"]
