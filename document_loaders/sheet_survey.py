"""A look over the cells of a workbook before the fast reader, which allots every cell between the outermost two.

A sheet of two cells in opposite corners takes a few bytes on disk and half a terabyte there, which ends the process.
The reader also forgets which numbers are percentages.
"""

import re
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from document_loaders.errors import DocumentUnreadable
from document_loaders.packages import damaged, xml_root

_MAX_CELLS = 20_000_000
_PART = 1 << 20
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]*)(\d+)["']""")
_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*)>")
_CELL_PLACE = re.compile(rb"""\br="([A-Z]+)(\d+)\"""")
_CELL_STYLE = re.compile(rb"""\bs="(\d+)\"""")
_BUILT_IN_PERCENT = frozenset({9, 10})
_XLS_COLUMNS = 256
# Records with cells: formula, number, text, logical, blank, RK numbers, shared strings, and rows of them.
_XLS_CELLS = frozenset({0x0006, 0x0203, 0x0204, 0x0205, 0x0201, 0x027E, 0x00FD, 0x00BD, 0x00BE, 0x00D6})


@dataclass(slots=True)
class Survey:
    """Places of the cells of one sheet that show a percentage, as (row, column) from 0."""

    percent: set[tuple[int, int]] = field(default_factory=set)


def survey_xlsx(path: Path) -> dict[str, Survey]:
    """Survey every sheet by its name.

    Raises:
        DocumentUnreadable: a sheet spans more cells than can be held, or a part is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        if archive.testzip() is not None:
            raise damaged()
        percent_styles = _percent_styles(archive)
        return {name: _survey_sheet(archive, part, percent_styles) for name, part in _sheet_parts(archive)}


def survey_xls(path: Path) -> None:
    """Check that no cell stands outside of what the format allows.

    Raises:
        DocumentUnreadable: one does.
    """
    import olefile

    with olefile.OleFileIO(str(path)) as ole:
        name = "Workbook" if ole.exists("Workbook") else "Book"
        content = ole.openstream(name).read()
    place = 0
    while place + 8 <= len(content):
        kind, length = struct.unpack_from("<HH", content, place)
        if kind in _XLS_CELLS and struct.unpack_from("<H", content, place + 6)[0] >= _XLS_COLUMNS:
            raise damaged()
        place += 4 + length


def _sheet_parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    relations = xml_root(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    members = set(archive.namelist())
    for sheet in xml_root(archive.read("xl/workbook.xml")).iter("{*}sheet"):
        relation = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), None)
        target = targets.get(relation, "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if part in members:
            yield sheet.get("name", ""), part


def _percent_styles(archive: zipfile.ZipFile) -> frozenset[bytes]:
    if "xl/styles.xml" not in archive.NameToInfo:
        return frozenset()
    root = xml_root(archive.read("xl/styles.xml"))
    # A percent sign in quotes, or with a backslash before it, is only written and scales nothing.
    codes = {
        each.get("numFmtId"): re.sub(r'"[^"]*"|\\.', "", each.get("formatCode", "")) for each in root.iter("{*}numFmt")
    }
    percent = {int(number) for number, code in codes.items() if number and "%" in code} | _BUILT_IN_PERCENT
    formats = root.find("{*}cellXfs")
    styles = [] if formats is None else formats.findall("{*}xf")
    return frozenset(str(i).encode() for i, style in enumerate(styles) if int(style.get("numFmtId", "0")) in percent)


def _survey_sheet(archive: zipfile.ZipFile, part: str, percent_styles: frozenset[bytes]) -> Survey:
    survey = Survey()
    columns: set[bytes] = set()
    last_row = 0
    with archive.open(part) as stream:
        for piece in _whole_tags(stream):
            for letters, digits in _PLACE.findall(piece):
                columns.add(letters)
                last_row = max(last_row, int(digits[:10]))
            if percent_styles:
                survey.percent.update(_percent_cells(piece, percent_styles))
    last_column = max((_column(letters) for letters in columns), default=0)
    if last_row * (last_column + 1) > _MAX_CELLS:
        raise DocumentUnreadable(
            f"a sheet spans more than {_MAX_CELLS // 1_000_000} million cells; delete the far rows and columns",
            f"有工作表跨越超过 {_MAX_CELLS // 10_000} 万个单元格，请删除远处的行和列",
        )
    return survey


def _whole_tags(stream: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while part := stream.read(_PART):
        piece, bracket, rest = (rest + part).rpartition(b"<")
        yield piece
        rest = bracket + rest
    yield rest


def _percent_cells(piece: bytes, percent_styles: frozenset[bytes]) -> Iterator[tuple[int, int]]:
    for attributes in _CELL.findall(piece):
        style, place = _CELL_STYLE.search(attributes), _CELL_PLACE.search(attributes)
        if style and place and style[1] in percent_styles:
            yield int(place[2]) - 1, _column(place[1])


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper()[:8]:
        number = number * 26 + letter - ord("A") + 1
    return number - 1
