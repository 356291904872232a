"""Where a text may be cut, and how well a cut fits there."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
_CLOSERS = "”’」』）】》〉\"')\\]"


class Strength(IntEnum):
    """How well a text can be cut at a place; with no separator at all there is only NONE."""

    NONE = 0
    WORD = 1
    CLAUSE = 2
    SEMICOLON = 3
    SENTENCE = 4
    LINE = 5
    PARAGRAPH = 6


# Separators stay at the end of their piece: a match ends where the cut may be made. The group's name is its strength;
# `item` is the number or bullet of a list entry, which looks like the end of a sentence and is none.
_SEPARATOR = re.compile(
    rf"""
    (?P<item>     (?m:^)[ \t]*(?:\d{{1,3}}[.)]|[-*+])[ \t]+)
  | (?P<PARAGRAPH>\n(?:[ \t\r]*\n)+)
  | (?P<LINE>     \n)
  | (?P<SENTENCE> [。！？…]+[{_CLOSERS}]*[ \t]*
                | [!?]+[{_CLOSERS}]*(?:[ \t]+|(?=[\s{_CJK}])|\Z)
                | \.+[{_CLOSERS}]*(?:[ \t]+|(?=\s)|\Z))
  | (?P<SEMICOLON>[；;][ \t]*)
  | (?P<CLAUSE>   [，、][ \t]* | ,(?!\d)[ \t]*)
  | (?P<WORD>     [ \t\u3000]+)
    """,
    re.VERBOSE,
)
_STRENGTHS = {strength.name: strength for strength in Strength}
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})([^\n]*)(?:\n|\Z)", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n(?:[ \t\r]*\n)+")
_LINE = re.compile(r"[^\n]+\n?")
_TABLE_HEAD = re.compile(r"^ {0,3}\|[^\n]*\n {0,3}\|[ :|-]*-[ :|-]*(?:\n|\Z)", re.MULTILINE)
_TABLE_ROW = re.compile(r" {0,3}\|[^\n]*(?:\n|\Z)")


@dataclass(frozen=True, slots=True)
class Table:
    """A Markdown table: its head (names and rule) and its rows, as spans of the text."""

    start: int
    rows_start: int
    end: int
    rows: list[tuple[int, int]]


class Boundaries:
    """The places where a text may be cut, in order, without those inside of something that fits in one chunk.

    `fits` says whether a span of the text does. With `rows` the text is one of rows: what stands between blank lines
    stays whole, or at least each line.
    """

    def __init__(self, text: str, fits: Callable[[int, int], bool], *, rows: bool = False) -> None:
        self.tables = _tables(text) if "|" in text else []
        whole = [row for table in self.tables for row in [(table.start, table.rows_start), *table.rows]]
        if "```" in text or "~~~" in text:
            whole.extend(_fenced_blocks(text))
        if rows:
            whole.extend(_paragraphs_and_lines(text))
        kept_whole = sorted(span for span in whole if fits(*span))
        self._positions: list[int] = []
        self._strengths = bytearray()  # searched much faster than a list
        self._find(text, kept_whole)
        self._table_starts = [table.start for table in self.tables]

    def _find(self, text: str, kept_whole: list[tuple[int, int]]) -> None:
        spans = iter(kept_whole)
        start, end = next(spans, (len(text), len(text)))
        for match in _SEPARATOR.finditer(text):
            position = match.end()
            while position >= end and end < len(text):
                start, end = next(spans, (len(text), len(text)))
            if match.lastgroup == "item" or start < position < end:
                continue
            self._positions.append(position)
            self._strengths.append(_STRENGTHS[match.lastgroup or ""])

    def best(self, above: int, upto: int) -> tuple[int, Strength]:
        """The strongest cut in (above, upto], of equal ones the last; where there is none, `upto` with NONE."""
        low, high = bisect_right(self._positions, above), bisect_right(self._positions, upto)
        if low >= high:
            return upto, Strength.NONE
        strongest = max(self._strengths[low:high])
        return self._positions[self._strengths.rindex(strongest, low, high)], Strength(strongest)

    def first(self, at_least: int, below: int, strength: Strength) -> int | None:
        """The first cut in [at_least, below) of this strength or more."""
        low, high = bisect_left(self._positions, at_least), bisect_left(self._positions, below)
        return next((self._positions[i] for i in range(low, high) if self._strengths[i] >= strength), None)

    def all(self, strength: Strength) -> list[int]:
        """All cuts of this strength or more, in order."""
        return [place for place, found in zip(self._positions, self._strengths, strict=True) if found >= strength]

    def table_at(self, position: int) -> Table | None:
        """The table among whose rows a chunk that starts here would start."""
        index = bisect_right(self._table_starts, position) - 1
        if index >= 0 and self.tables[index].rows_start <= position < self.tables[index].end:
            return self.tables[index]
        return None


def blocks(text: str) -> list[tuple[int, int]]:
    """Spans of fenced code and Markdown tables, in order; a table inside of code is code."""
    found = _fenced_blocks(text) if "```" in text or "~~~" in text else []
    code = list(found)
    for table in _tables(text) if "|" in text else []:
        if not any(start < table.end and table.start < end for start, end in code):
            found.append((table.start, table.end))
    return sorted(found)


def _paragraphs_and_lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for end in [*(match.end() for match in _BLANK_LINES.finditer(text)), len(text)]:
        yield start, end
        start = end
    yield from (match.span() for match in _LINE.finditer(text))


def _tables(text: str) -> list[Table]:
    found: list[Table] = []
    head = _TABLE_HEAD.search(text)
    while head:
        rows: list[tuple[int, int]] = []
        end = head.end()
        while end < len(text) and (row := _TABLE_ROW.match(text, end)):
            rows.append(row.span())
            end = row.end()
        found.append(Table(head.start(), head.end(), end, rows))
        head = _TABLE_HEAD.search(text, end)
    return found


def _fenced_blocks(text: str) -> list[tuple[int, int]]:
    """Spans of fenced code, fences included; a fence that is never closed protects nothing."""
    found: list[tuple[int, int]] = []
    opening: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opening is None:
            opening = fence
        elif fence[1].startswith(opening[1]) and not fence[2].strip():
            found.append((opening.start(), fence.end()))
            opening = None
    return found
