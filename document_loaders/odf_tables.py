"""Tables of OpenDocument files, as people see them: the text a cell shows stands in the file beside its value."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from document_loaders.odf_text import OFFICE, TABLE, TEXT, inline

# Sheets are filled up to their last column by one repeated cell; no cell that says something is repeated this often.
_MAX_REPEATS = 1000
_MAX_COLUMNS = 20_000
_ROW_GROUPS = frozenset(f"{TABLE}{name}" for name in ("table-header-rows", "table-row-group", "table-rows"))


class TableRows:
    """Turns the rows of one table, given in their order, into texts; a merged cell repeats its text."""

    def __init__(self) -> None:
        self._below: dict[int, tuple[int, str]] = {}

    def texts(self, row: Any) -> list[str]:
        """The cells of the next row."""
        found: list[str] = []
        beside, beside_left = "", 0
        for cell in row:
            if cell.tag not in (f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
                continue
            repeats = _number(cell, "number-columns-repeated")
            covered = cell.tag == f"{TABLE}covered-table-cell"
            text = "" if covered else cell_text(cell)
            if not covered:
                beside, beside_left = text, _number(cell, "number-columns-spanned") - 1
                self._remember(len(found), beside_left + 1, _number(cell, "number-rows-spanned"), text)
            # An empty rest of the sheet is written as one cell repeated thousands of times.
            for _ in range(min(repeats, _MAX_REPEATS, _MAX_COLUMNS - len(found))):
                if covered:
                    text = beside if beside_left > 0 else self._from_above(len(found))
                    beside_left -= 1
                found.append(text)
        while found and not found[-1]:
            found.pop()
        return found

    def _remember(self, column: int, width: int, height: int, text: str) -> None:
        for each in range(column, column + min(width, _MAX_REPEATS)) if height > 1 else ():
            self._below[each] = (height - 1, text)

    def _from_above(self, column: int) -> str:
        left, text = self._below.get(column, (0, ""))
        self._below[column] = (left - 1, text)
        return text if left > 0 else ""


def table_rows(table: Any) -> Iterator[Any]:
    """The row elements of a table, also those in groups and of its head."""
    for child in table:
        if child.tag == f"{TABLE}table-row":
            yield child
        elif child.tag in _ROW_GROUPS:
            yield from table_rows(child)


def rows_of(table: Any) -> list[list[str]]:
    """All rows of a table that is in memory already."""
    reader = TableRows()
    return [reader.texts(row) for row in table_rows(table)]


def cell_text(cell: Any) -> str:
    """The paragraphs of a cell, or its value where a program wrote no text for it."""
    shown = " ".join(filter(None, (inline(each).strip() for each in cell.iter(f"{TEXT}p", f"{TEXT}h"))))
    return shown or cell.get(f"{OFFICE}string-value") or cell.get(f"{OFFICE}value") or ""


def sheets(path: Path) -> Iterator[tuple[str, Iterator[tuple[int, list[str]]]]]:
    """The sheets of a spreadsheet, each with its name and its rows numbered from 1; read while they are asked for."""
    from lxml.etree import iterparse

    with zipfile.ZipFile(path) as archive, archive.open("content.xml") as stream:
        tags = (f"{TABLE}table", f"{TABLE}table-row", f"{TEXT}tracked-changes")
        events = iterparse(stream, events=("start", "end"), tag=tags, resolve_entities=False, no_network=True)
        for event, element in events:
            if event == "start" and element.tag == f"{TABLE}table":
                yield element.get(f"{TABLE}name", ""), _streamed_rows(events)


def _streamed_rows(events: Any) -> Iterator[tuple[int, list[str]]]:
    """The rows up to the end of the table; each is dropped from memory when it has been read."""
    reader = TableRows()
    number = 1
    for event, element in events:
        if event == "end" and element.tag == f"{TABLE}table":
            return
        if event == "end" and element.tag == f"{TABLE}table-row":
            texts = reader.texts(element)
            repeats = _number(element, "number-rows-repeated")
            for repeat in range(min(repeats, _MAX_REPEATS) if texts else 0):
                yield number + repeat, list(texts)
            number += repeats
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]


def _number(element: Any, name: str) -> int:
    text = element.get(f"{TABLE}{name}", "1")
    return max(1, int(text)) if text.isdigit() else 1
