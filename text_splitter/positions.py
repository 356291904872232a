"""What a chunk's metadata says about its place: narrower than its document's wherever the text itself tells."""

import copy
import re
from bisect import bisect_right
from functools import cached_property
from typing import Any

_PLAIN = (str, int, float, bool, type(None))  # what need not be copied
_LINE_END = re.compile(r"\r\n|\n|\r")
_TABLE_RULE = re.compile(r" {0,3}\|[ :|-]*-[ :|-]*")


def narrowed(metadata: dict[Any, Any], text: str, start: int, end: int) -> dict[Any, Any]:
    """The metadata for `text[start:end]`; `metadata` is that of the whole text and stays as it is.

    `lines` and `rows` become those of the piece where the text has exactly one line for each of them; else they stay,
    which is less exact but true. `spans` are those that overlap the piece, counted from `start`.
    """
    return Places(metadata, text).narrowed(start, end)


class Places:
    """The same for many pieces of one text, which is searched for its lines only once."""

    def __init__(self, metadata: dict[Any, Any], text: str) -> None:
        self._lasting = {key: value for key, value in metadata.items() if key != "spans"}
        self._spans = metadata.get("spans")
        self._text = text

    def narrowed(self, start: int, end: int) -> dict[Any, Any]:
        """The metadata for one piece."""
        found = {key: value if type(value) in _PLAIN else copy.deepcopy(value) for key, value in self._lasting.items()}
        for key, starts in (("lines", self._line_starts), ("rows", self._row_starts)):
            if key in found and starts:
                first = max(bisect_right(starts, start) - 1, 0)
                last = max(bisect_right(starts, end - 1) - 1, first)
                found[key] = [found[key][0] + first, found[key][0] + last]
        if self._spans is not None:
            found["spans"] = [
                [max(a, start) - start, min(b, end) - start, list(box)]
                for a, b, box in self._spans
                if a < end and b > start
            ]
        return found

    @cached_property
    def _line_starts(self) -> list[int]:
        """Where the lines start; empty if they are not those that the metadata counts."""
        if "lines" not in self._lasting:
            return []
        first, last = self._lasting["lines"]
        starts = [0, *(match.end() for match in _LINE_END.finditer(self._text))]
        if starts[-1] == len(self._text) and len(starts) == last - first + 2:
            starts.pop()
        return starts if len(starts) == last - first + 1 else []

    @cached_property
    def _row_starts(self) -> list[int]:
        """Where the rows start, the head's line being one of them or not; empty if the metadata counts others."""
        if "rows" not in self._lasting:
            return []
        first, last = self._lasting["rows"]
        starts: list[int] = []
        at = 0
        for line in self._text.splitlines(keepends=True):
            if line.strip() and not _TABLE_RULE.fullmatch(line.rstrip()):
                starts.append(at)
            at += len(line)
        without_head = starts[1:] if len(starts) == last - first + 2 else starts
        return without_head if len(without_head) == last - first + 1 else []
