"""The lines of a page put together to its text, without losing where each of them stands."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from document_loaders.reading_order import Box

_CJK = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003134f‘’“”…—]")
_SENTENCE_END = re.compile(r"[。！？：；.!?:;][”’」』）)\"']*$")
_NEW_PARAGRAPH = re.compile(
    r"\s{2}|\u3000|[•●○■□◆▪·*–—-]\s?|[(（]?(?:\d{1,3}|[一二三四五六七八九十]{1,3})[)）.、．]|\d+(?:\.\d+)+\s|"
    r"第[\d一二三四五六七八九十百]+[章节条篇部]"
)
_NARROWEST_COLUMN = 36
_FULL = 0.85
_BRIMFUL = 0.95


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line and its box in fractions of the page, where that is known."""

    text: str
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class PageText:
    """A text and the boxes of its pieces: [start, end, [left, top, right, bottom]]."""

    text: str = ""
    spans: tuple[list[Any], ...] = ()

    def __add__(self, other: "PageText") -> "PageText":
        """The other text as a block of its own below this one."""
        if not self.text or not other.text:
            return self if self.text else other
        offset = len(self.text) + 2
        moved = ([start + offset, end + offset, box] for start, end, box in other.spans)
        return PageText(f"{self.text}\n\n{other.text}", (*self.spans, *moved))


def joined(lines: Sequence[PlacedLine]) -> PageText:
    """Join the lines of each paragraph; the paragraphs stand below each other."""
    text = ""
    spans: list[list[Any]] = []
    for gap, line in zip(_gaps([line.text for line in lines]), lines, strict=True):
        text += gap
        start = len(text)
        # Blanks show a line's place in a list or program; inside a paragraph they mean nothing.
        text += line.text if gap == "\n" or not start else line.text.lstrip()
        if line.box:
            spans.append([start, len(text), list(line.box)])
    return PageText(text, tuple(spans))


def _gaps(lines: list[str]) -> list[str]:
    """What to put in front of each line: a line that fills its column goes on in the next one."""
    widths = [_width(line) for line in lines]
    column = sorted(widths)[int(len(widths) * 0.9)] if widths else 0
    found = [""] * len(lines[:1])
    for line, before, width in zip(lines[1:], lines, widths, strict=False):
        goes_on = column >= _NARROWEST_COLUMN and _goes_on(before, width / column) and not _NEW_PARAGRAPH.match(line)
        found.append(_glue(before, line) if goes_on else "\n")
    return found


def _goes_on(line: str, fill: float) -> bool:
    return fill >= (_BRIMFUL if _SENTENCE_END.search(line) else _FULL)


def _glue(before: str, after: str) -> str:
    return "" if _CJK.match(before[-1]) or _CJK.match(after.lstrip()[:1]) else " "


def _width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)
