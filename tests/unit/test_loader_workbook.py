"""Spreadsheets: blocks of rows, headers, merged cells, values as people write them, sheets that are too large."""

import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from document_loaders.errors import DocumentUnreadable
from document_loaders.workbook import WorkbookLoader, _cell_text

SAMPLES = Path(__file__).resolve().parent.parent / "samples"


def book(path: Path, rows: list[list[Any]]) -> Path:
    work = openpyxl.Workbook()
    sheet = work.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    work.save(path)
    return path


def test_an_excel_workbook() -> None:
    sales, hidden = WorkbookLoader(SAMPLES / "sales.xlsx").load()
    assert sales.metadata == {"sheet": "销售", "headings": ["2024 年销售表"], "rows": [3, 4]}
    assert sales.page_content == (
        "2024 年销售表\n\n| 地区 | 日期 | 数量 | 增长率 | 备注 |\n| --- | --- | --- | --- | --- |\n"
        "| 华东 | 2024-05-01 | 120 | 15.5% | 含税\\|不含运费 |\n| 华东 | 2024-05-02 10:30 | 99.5 | -2% |  |"
    )
    assert hidden.metadata == {"sheet": "隐藏", "rows": [2, 5]}
    assert hidden.page_content.endswith("| 启用 | TRUE |\n| 时间 | 08:05 |")


def test_an_old_excel_workbook() -> None:
    (document,) = WorkbookLoader(SAMPLES / "old.xls").load()
    assert document.metadata == {"sheet": "旧表", "rows": [2, 2]}
    assert document.page_content == "| 品名 | 单价 |\n| --- | --- |\n| 旧版螺母 | 12.5 |"


def test_an_opendocument_spreadsheet() -> None:
    (document,) = WorkbookLoader(SAMPLES / "stock.ods").load()
    assert document.metadata == {"sheet": "仓库", "headings": ["库存盘点表"], "rows": [5, 7]}
    assert document.page_content == (
        "库存盘点表\n\n| 货品 | 完好率 | 盘点日 |\n| --- | --- | --- |\n"
        "| 螺栓 | 98.5% | 2024-05-01 |\n| 备用 | 7 |  |\n| 备用 | 7 |  |"
    )


def test_many_rows_come_in_blocks_under_their_header(tmp_path: Path) -> None:
    rows = [["编号", "说明"], *([number, f"第 {number} 行"] for number in range(2, 102))]
    documents = WorkbookLoader(book(tmp_path / "a.xlsx", rows)).load()
    assert [each.metadata["rows"] for each in documents] == [[first, first + 19] for first in range(2, 102, 20)]
    assert all(each.page_content.startswith("| 编号 | 说明 |\n") for each in documents)
    assert "| 41 | 第 41 行 |" in documents[1].page_content


def test_long_rows_make_small_blocks_and_no_row_is_lost(tmp_path: Path) -> None:
    rows = [["编号", "说明"], *([number, "长" * 400] for number in range(50))]
    places = [each.metadata["rows"] for each in WorkbookLoader(book(tmp_path / "a.xlsx", rows)).load()]
    assert places[0][0] == 2
    assert places[-1][1] == 51
    assert all(last + 1 == first for (_, last), (first, _) in pairwise(places))
    assert max(last - first for first, last in places) == 2


def test_a_header_alone_and_a_single_column_are_read(tmp_path: Path) -> None:
    (document,) = WorkbookLoader(book(tmp_path / "a.xlsx", [["甲", "乙"]])).load()
    assert document.metadata["rows"] == [1, 1]
    (document,) = WorkbookLoader(book(tmp_path / "b.xlsx", [["名单"], ["张三"], ["李四"]])).load()
    assert document.page_content == "| 名单 |\n| --- |\n| 张三 |\n| 李四 |"


def test_rows_far_from_the_corner_keep_their_numbers(tmp_path: Path) -> None:
    work = openpyxl.Workbook()
    assert work.active is not None
    for place, value in (("C5", "甲"), ("D5", "乙"), ("C6", "一"), ("D6", 0.25), ("E6", None)):
        work.active[place] = value
    work.active["D6"].number_format = "0%"
    work.active.merge_cells("C6:C8")
    work.active["D8"] = 8
    work.save(tmp_path / "a.xlsx")
    (document,) = WorkbookLoader(tmp_path / "a.xlsx").load()
    assert document.metadata["rows"] == [6, 8]
    assert document.page_content == "| 甲 | 乙 |\n| --- | --- |\n| 一 | 25% |\n| 一 |  |\n| 一 | 8 |"


@pytest.mark.parametrize(("sample", "reason"), [("corners.xlsx", "20 million"), ("far.xls", "damaged")])
def test_a_sheet_that_would_fill_the_memory_is_refused(sample: str, reason: str) -> None:
    with pytest.raises(DocumentUnreadable, match=reason):
        WorkbookLoader(SAMPLES / sample).load()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (0.1 + 0.2, "0.3"),
        (1e21, "1e+21"),
        (440000000000.0, "440000000000"),
        (True, "TRUE"),
        (datetime.date(2024, 1, 2), "2024-01-02"),
        (datetime.datetime(2024, 1, 2), "2024-01-02"),
        (datetime.datetime(2024, 1, 2, 3, 4, 5), "2024-01-02 03:04:05"),
        (datetime.time(10, 0), "10:00"),
        (datetime.timedelta(hours=30), "1 day, 6:00:00"),
    ],
)
def test_values_read_as_people_write_them(value: Any, text: str) -> None:
    assert _cell_text(value) == text
