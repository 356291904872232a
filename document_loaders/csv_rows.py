"""Tables as text: one document for each row."""

import csv
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import TextIO

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.encoding import open_text
from document_loaders.errors import DocumentUnreadable

_DELIMITERS = ",\t;|"
_LOOK_AT = 1 << 16
# A line is read as a whole, each cell of it then takes fifty bytes and more; no table that people made is as wide.
_LONGEST_LINE = 8 << 20


class CsvLoader(FileLoader):
    """Reads comma-separated values, also with semicolons, tabs or bars instead of commas.

    The first row that is not empty names the columns. Each further row becomes lines of "column: value" without the
    empty cells; its metadata has `row`, which counts rows with content below the header from 1.
    """

    delimiters = _DELIMITERS

    def lazy_load(self) -> Iterator[Document]:
        """Yield the rows while the file is being read.

        Raises:
            DocumentUnreadable: it is no text, its encoding cannot be told, or a cell or line is too long to be one.
        """
        with open_text(self.path, newline="") as stream:
            rows = csv.reader(_lines(stream), delimiter=self._delimiter(stream))
            try:
                yield from _documents(row for row in rows if any(cell.strip() for cell in row))
            except csv.Error as error:
                raise DocumentUnreadable(
                    f"the table is broken near line {rows.line_num} ({error})",
                    f"表格在第 {rows.line_num} 行附近有错误（{error}）",
                ) from error

    def _delimiter(self, stream: TextIO) -> str:
        start = stream.tell()
        lines = stream.read(_LOOK_AT).splitlines(keepends=True)[:100]
        stream.seek(start)
        return max(self.delimiters, key=lambda delimiter: _regularity(lines, delimiter))


class TsvLoader(CsvLoader):
    """Reads tab-separated values, whatever other separators the cells hold."""

    delimiters = "\t"


def _lines(stream: TextIO) -> Iterator[str]:
    number = 0
    while line := stream.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE:
            raise DocumentUnreadable(
                f"line {number} is too long for a row of a table (more than {_LONGEST_LINE:,} characters)",
                f"第 {number} 行过长，不像表格的一行（超过 {_LONGEST_LINE:,} 个字符）",
            )
        yield line


def _regularity(lines: list[str], delimiter: str) -> tuple[int, int]:
    """How many of the first rows have the same number of columns, and that number; one column is no table."""
    try:
        widths = Counter(len(row) for row in islice(csv.reader(lines, delimiter=delimiter), 50) if row)
    except csv.Error:
        return 0, 0
    width, count = max(((width, count) for width, count in widths.items() if width > 1), default=(0, 0), key=_by_count)
    return count, width


def _by_count(item: tuple[int, int]) -> int:
    return item[1]


def _documents(rows: Iterator[list[str]]) -> Iterator[Document]:
    header = [name.strip() or f"column {index}" for index, name in enumerate(next(rows, []), start=1)]
    for number, row in enumerate(rows, start=1):
        names = header + [f"column {index}" for index in range(len(header) + 1, len(row) + 1)]
        lines = (f"{name}: {cell.strip()}" for name, cell in zip(names, row, strict=False) if cell.strip())
        yield Document(page_content="\n".join(lines), metadata={"row": number})
