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
_FIELD = re.compile(r"^\s*(?!\d+[:：]\d)[^\s:：][^:：。！？]{0,30}[:：](?!//)\s*\S.{0,150}$")
_UNFINISHED = re.compile(r"[^。！？；…：.!?;:）)”’」』\s]\s*$")
_LEAD = re.compile(r"[:：]\s*$")
_TITLE_LIMIT = 30
_WRAP_FROM = 25


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
    end = start + 1
    while end < len(lines) and lines[end].strip() and _make_is_plain(lines, end):
        end += 1
    return "plain", end


def _make_is_plain(lines: list[str], start: int) -> bool:
    return not (_FENCE.match(lines[start]) or _ROW.match(lines[start]) or _ITEM.match(lines[start])) and not (
        _is_heading(lines, start)
    )


def _run_end(lines: list[str], start: int, form: re.Pattern[str]) -> int:
    end = start
    while end < len(lines) and form.match(lines[end]):
        end += 1
    return end


def _is_heading(lines: list[str], position: int) -> bool:
    """Marked as a heading, or a short line that is no sentence and stands above something."""
    line = lines[position].strip()
    if _HEADING.match(line):
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
    else:
        for sentence in sentences(_unwrapped(lines)):
            yield Piece("lead" if _LEAD.search(sentence) else "sentence", sentence, heading)


def _closed(lines: list[str]) -> list[str]:
    """A source may end within code; what is put behind the quote must not become a part of it."""
    fence = lines[0].strip()[:3]
    return lines if len(lines) > 1 and lines[-1].strip().startswith(fence) else [*lines, fence]


def _rows(lines: list[str], heading: str) -> Iterator[Piece]:
    has_head = len(lines) > 1 and _RULE.match(lines[1])
    prefix = "\n".join(line.strip() for line in lines[:2]) if has_head else ""
    for line in lines[2 if has_head else 0 :]:
        yield Piece("row", line.strip(), heading, prefix)


def _unwrapped(lines: list[str]) -> str:
    """Put sentences together again that were broken at the right margin."""
    text = lines[0].strip()
    for before, line in pairwise(lines):
        after = line.strip()
        if len(before.strip()) >= _WRAP_FROM and _UNFINISHED.search(before):
            text += after if has_cjk(text[-1:]) or has_cjk(after[:1]) else f" {after}"
        else:
            text += f"\n{after}"
    return text
