"""Cut a text into pieces that can be quoted whole: sentences, list items, table rows, records, code blocks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from server.analysis import has_cjk, sentences

Kind = Literal["heading", "lead", "sentence", "item", "row", "record", "code"]

_HEADING = re.compile(r"^\s{0,3}(?:#{1,6}\s+(?P<marked>.+?)\s*#*|\*\*(?P<bold>[^*]+)\*\*)\s*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_ITEM = re.compile(r"^\s*(?:[-*+•·▪●]|\d{1,3}[.)、．](?!\d)|[(（][\d一二三四五六七八九十]{1,3}[)）]|[①-⑳])\s*\S")
_ROW = re.compile(r"^\s*\|.*\|\s*$")
_RULE = re.compile(r"^[\s|:-]+$")
_FIELD = re.compile(r"^\s*(?!#)(?!\d+[:：]\d)[^\s:：][^:：。！？]{0,30}[:：](?!//)\s*\S.{0,150}$")
_UNFINISHED = re.compile(r"[^。！？；…：.!?;:）)”’」』\s]\s*$")
_STOPPED = re.compile(r"[。！？；.!?;]\s*$")
_LEAD = re.compile(r"[:：]\s*$")
_TITLE_LIMIT = 30
_CHAPTER = re.compile(r"^\s*第[一二三四五六七八九十百\d]+[章节篇编]\s?[^，。；：？！,;:?!]{1,24}$")
_NUMBERED = re.compile(r"^\s*(?:\d+(?:\.\d+)+(?!\d)|第[一二三四五六七八九十百\d]+[章节条款])")
# Words and then the numbers of a row, as tables come out of a PDF.
_FIGURES = re.compile(r"^(?!.{200})\s*\S.*?(?:\s+[-+±]?[¥$€]?\d[\d.,]*[%‰℃]?){2,}\s*$")
# A row whose last cell is a measure: "满 1 年不满 5 年 7 天". Such tables are quoted whole: their rows are ranges, and
# which of them holds the number of the question cannot be told by words.
_MEASURE = re.compile(r"^(?!.{60})\s*\S.*\s[\d.,]+\s?(?P<unit>[^\s\d，。；：,.;:]{1,3})\s*$")
_WRAP_FROM = 25
# Lines of narrow columns: wrapped where they are nearly as long as the longest of at least so many lines.
_NARROW_FROM = 8
_NARROW_LINES = 4
_FULL = 0.7


@dataclass(frozen=True, slots=True)
class Piece:
    """A quotable piece. `heading` is the nearest one above; `prefix` belongs in front of a quote (a table's head)."""

    kind: Kind
    text: str
    heading: str = ""
    prefix: str = ""


def pieces(text: str) -> list[Piece]:
    """The pieces of a text in reading order; each is a part of it, but for heading marks and wrapped lines."""
    found: list[Piece] = []
    heading = ""
    for kind, lines in _blocks(text.splitlines()):
        if kind == "heading":
            heading = _heading_text(lines[0])
        found.extend(_pieces_of(kind, lines, heading))
    return found


def _blocks(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Runs of lines of the same make."""
    position = 0
    while position < len(lines):
        kind, end = _make(lines, position)
        if kind != "blank":
            yield kind, lines[position:end]
        position = end


def _make(lines: list[str], start: int) -> tuple[str, int]:
    line = lines[start]
    if not line.strip():
        return "blank", start + 1
    if fence := _FENCE.match(line):
        closing = (n for n in range(start + 1, len(lines)) if lines[n].strip().startswith(fence.group(1)))
        return "code", next(closing, len(lines) - 1) + 1
    if _is_heading(lines, start):
        return "heading", start + 1
    for kind, form, least in (("row", _ROW, 1), ("item", _ITEM, 1), ("record", _FIELD, 2)):
        end = _run_end(lines, start, form)
        if end - start >= least:
            return kind, end
    kind, end = _headed(lines, start)
    if kind:
        return kind, end
    end = start + 1
    while end < len(lines) and lines[end].strip() and _make_is_plain(lines, end):
        end += 1
    return "plain", end


def _make_is_plain(lines: list[str], start: int) -> bool:
    return not (
        _FENCE.match(lines[start])
        or _ROW.match(lines[start])
        or _ITEM.match(lines[start])
        or _is_heading(lines, start)
        or _headed(lines, start)[0]
    )


def _run_end(lines: list[str], start: int, form: re.Pattern[str]) -> int:
    end = start
    while end < len(lines) and form.match(lines[end]):
        end += 1
    return end


def _headed(lines: list[str], start: int) -> tuple[str, int]:
    """A table without marks below the line that heads it, as tables come out of a PDF; "" where there is none."""
    for kind, end_of in (("record", _measures_end), ("figures", _figures_end)):
        if (end := end_of(lines, start)) > start:
            return kind, end
    return "", start


def _figures_end(lines: list[str], start: int) -> int:
    """The end of rows of figures below the line that heads them; the start where there are none."""
    if _FIGURES.match(lines[start]) or _STOPPED.search(lines[start]):
        return start
    end = _run_end(lines, start + 1, _FIGURES)
    return end if end - start > 2 else start


def _measures_end(lines: list[str], start: int) -> int:
    """The end of lines that all close with a number of the same unit, below the line that heads them."""
    if len(lines[start].split()) < 2 or _STOPPED.search(lines[start]) or _MEASURE.match(lines[start]):
        return start
    end, units = start + 1, set[str]()
    while end < len(lines) and (found := _MEASURE.match(lines[end])) and units <= {found.group("unit")}:
        units.add(found.group("unit"))
        end += 1
    return end if end - start > 2 else start


def _is_heading(lines: list[str], position: int) -> bool:
    """Marked as a heading, or a short line that is no sentence and stands above something."""
    line = lines[position].strip()
    if _HEADING.match(line) or _CHAPTER.match(line):
        return True
    if position + 1 >= len(lines) or len(line) > _TITLE_LIMIT or not _UNFINISHED.search(line) or _ITEM.match(line):
        return False
    before_blank = not lines[position + 1].strip()
    after_blank = position == 0 or not lines[position - 1].strip()
    return before_blank and after_blank


def _heading_text(line: str) -> str:
    found = _HEADING.match(line)
    return (found.group("marked") or found.group("bold")).strip() if found else line.strip()


def _pieces_of(kind: str, lines: list[str], heading: str) -> Iterator[Piece]:
    if kind == "heading":
        yield Piece("heading", heading, heading)
    elif kind == "code":
        yield Piece("code", "\n".join(_closed(lines)), heading)
    elif kind == "record":
        yield Piece("record", "\n".join(line.strip() for line in lines), heading)
    elif kind == "item":
        yield from (Piece("item", line.strip(), heading) for line in lines)
    elif kind == "row":
        yield from _rows(lines, heading)
    elif kind == "figures":
        yield from (Piece("row", line.strip(), heading, lines[0].strip()) for line in lines[1:])
    else:
        for sentence in sentences(_unwrapped(lines)):
            yield Piece("lead" if _LEAD.search(sentence) else "sentence", sentence, heading)


def _closed(lines: list[str]) -> list[str]:
    """A source may end within code; what is put behind the quote must not become a part of it."""
    fence = lines[0].strip()[:3]
    return lines if len(lines) > 1 and lines[-1].strip().startswith(fence) else [*lines, fence]


def _rows(lines: list[str], heading: str) -> Iterator[Piece]:
    has_head = len(lines) > 1 and _RULE.match(lines[1])
    if has_head and len(lines) == 2:
        yield from _lone_row(lines[0].strip(), heading)
        return
    prefix = "\n".join(line.strip() for line in lines[:2]) if has_head else ""
    for line in lines[2 if has_head else 0 :]:
        yield Piece("row", line.strip(), heading, prefix)


def _lone_row(line: str, heading: str) -> Iterator[Piece]:
    """A table of one row: a note in a sheet, mostly."""
    cells = line.strip("|").split("|")
    if len(cells) > 1:
        yield Piece("row", line, heading)
    else:
        yield from (Piece("sentence", sentence, heading) for sentence in sentences(cells[0]))


def _unwrapped(lines: list[str]) -> str:
    """Put sentences together again that were broken at the right margin."""
    text = lines[0].strip()
    longest = max(len(line.strip()) for line in lines)
    narrow = _NARROW_FROM <= longest < _WRAP_FROM and len(lines) >= _NARROW_LINES
    full = _FULL * longest if narrow else _WRAP_FROM
    for before, line in pairwise(lines):
        after = line.strip()
        new = narrow and (_NUMBERED.match(after) or _FIELD.match(after) or _FIELD.match(before))
        if len(before.strip()) >= full and _UNFINISHED.search(before) and not new:
            text += after if has_cjk(text[-1:]) or has_cjk(after[:1]) else f" {after}"
        else:
            text += f"\n{after}"
    return text
