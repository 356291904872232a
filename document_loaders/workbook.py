"""Spreadsheets: .xlsx, .xlsm, .xls (by calamine) and .ods."""

import datetime
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.errors import protected
from document_loaders.markdown_table import markdown_table
from document_loaders.packages import check_package, damage_told, damaged
from document_loaders.sheet_survey import survey_xls, survey_xlsx
from document_loaders.sniff import sniff

Row = tuple[int, list[str]]
Range = tuple[tuple[int, int], tuple[int, int]]
_BLOCK_ROWS = 20
_BLOCK_CHARACTERS = 1500
_TITLE_ROWS = 5


class _Merged(NamedTuple):
    last_row: int
    first: int
    end: int
    text: str


class WorkbookLoader(FileLoader):
    """Yields blocks of rows as Markdown tables under the header of their sheet; metadata: `sheet`, `rows`, `headings`.

    The first row with two different values is the header; lines above it are the sheet's title, given as heading. A
    merged cell repeats its value in every place it covers. Numbers, dates and percentages read as people write them;
    of a formula its last value is read. Empty sheets, rows and columns are skipped, hidden ones are read.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the blocks sheet by sheet, while they are being read.

        Raises:
            DocumentUnreadable: the file is damaged, protected, unpacks to too much or spans too many cells.
        """
        kind = sniff(self.path).name
        with damage_told():
            for name, rows in self._sheets(kind):
                yield from _documents(name, rows)

    def _sheets(self, kind: str) -> Iterator[tuple[str, Iterator[Row]]]:
        if kind in ("xlsx", "ods"):
            check_package(self.path, self.options.max_unpacked_mb)
        if kind == "ods":
            from document_loaders.odf_tables import sheets

            yield from sheets(self.path)
        elif kind in ("xlsx", "xls"):
            yield from self._excel_sheets(kind)
        else:
            raise damaged()

    def _excel_sheets(self, kind: str) -> Iterator[tuple[str, Iterator[Row]]]:
        from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

        surveys = survey_xlsx(self.path) if kind == "xlsx" else {}
        if kind == "xls":
            survey_xls(self.path)
        try:
            with CalamineWorkbook.from_path(self.path) as workbook:
                for about in workbook.sheets_metadata:
                    if about.typ == SheetTypeEnum.WorkSheet:
                        percent = surveys[about.name].percent if about.name in surveys else set[tuple[int, int]]()
                        yield about.name, _rows(workbook.get_sheet_by_name(about.name), percent)
        except PasswordError as error:
            raise protected() from error
        except CalamineError as error:
            raise damaged() from error


def _rows(sheet: Any, percent: set[tuple[int, int]]) -> Iterator[Row]:
    if sheet.start is None:
        return
    top, left = sheet.start
    merged = _repeat_merged(sheet.merged_cell_ranges or [], left)
    # The rows come from the first of the sheet on, their cells only from the first column that holds something.
    for number, values in enumerate(islice(sheet.iter_rows(), top, None), start=top):
        texts = [
            _percentage(value) if (number, column) in percent else _cell_text(value)
            for column, value in enumerate(values, start=left)
        ]
        yield number + 1, merged(number, texts)


def _repeat_merged(ranges: list[Range], left: int) -> Callable[[int, list[str]], list[str]]:
    """A function that is given the rows one after the other and fills in what the merged cells leave empty."""
    waiting = sorted(ranges, reverse=True)
    active: list[_Merged] = []

    def fill(number: int, texts: list[str]) -> list[str]:
        while waiting and waiting[-1][0][0] <= number:
            (first_row, first_column), (last_row, last_column) = waiting.pop()
            first, end = first_column - left, min(last_column + 1 - left, len(texts))
            if first_row == number and 0 <= first < end:
                active.append(_Merged(last_row, first, end, texts[first]))
        active[:] = [each for each in active if each.last_row >= number]
        for each in active:
            texts[each.first : each.end] = [each.text] * (each.end - each.first)
        return texts

    return fill


def _documents(sheet: str, rows: Iterator[Row]) -> Iterator[Document]:
    written = ((number, texts) for number, texts in rows if any(text.strip() for text in texts))
    start = list(islice(written, _TITLE_ROWS + 1))
    if not start:
        return
    header_at = next((index for index, (_, texts) in enumerate(start) if len(set(texts) - {""}) > 1), 0)
    titles = [next(filter(None, texts)) for _, texts in start[:header_at]]
    header_row, header = start[header_at]
    about = {"sheet": sheet, **({"headings": titles} if titles else {})}
    above = "".join(f"{title}\n" for title in titles)
    found = False
    for block in _blocks(chain(start[header_at + 1 :], written)):
        found = True
        text = above + ("\n" if above else "") + _table(header, [texts for _, texts in block])
        yield Document(page_content=text, metadata={**about, "rows": [block[0][0], block[-1][0]]})
        above = ""
    if not found:
        yield Document(page_content=_table(header, []), metadata={**about, "rows": [header_row, header_row]})


def _blocks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    block: list[Row] = []
    size = 0
    for row in rows:
        length = sum(len(text) + 3 for text in row[1])
        if block and (len(block) >= _BLOCK_ROWS or size + length > _BLOCK_CHARACTERS):
            yield block
            block, size = [], 0
        block.append(row)
        size += length
    if block:
        yield block


def _table(header: list[str], rows: list[list[str]]) -> str:
    width = max(len(row) for row in (header, *rows))
    every = [row + [""] * (width - len(row)) for row in (header, *rows)]
    used = [column for column in range(width) if any(row[column].strip() for row in every)]
    return markdown_table([[row[column] for column in used] for row in every])


def _percentage(value: Any) -> str:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{value * 100:.10g}%" if is_number else _cell_text(value)


def _cell_text(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else _clock(value.isoformat(" "))
    if isinstance(value, datetime.time):
        return _clock(value.isoformat())
    return str(value)


def _clock(text: str) -> str:
    """Leave out what is smaller than a second, and the seconds where they are zero."""
    return text.partition(".")[0].removesuffix(":00") if text.count(":") > 1 else text
