"""The cutting of the default splitter: pieces of a text that are cut where people would, measured by any length."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from text_splitter.boundaries import Boundaries, Strength
from text_splitter.lengths import Lengths

# A strong cut that leaves a chunk emptier than this is passed over for a weaker one further on: it would part a
# heading from its first paragraph.
_MIN_FILL = 0.4
_JOINER = "\u200d"
_LONGEST_INDENT = 40
_BLANKS = re.compile(r"\s*")
_MANY_LINE_ENDS = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Piece:
    """`text[start:end]` of a document, shown below `head`, the repeated head of the table it is cut from."""

    start: int
    end: int
    head: str = ""

    def moved(self, by: int) -> "Piece":
        """The same piece in a text that has `by` more characters in front."""
        return Piece(self.start + by, self.end + by, self.head)

    def shown(self, text: str) -> str:
        """What is stored of the piece; runs of blank lines shrink to one."""
        return self.head + _MANY_LINE_ENDS.sub("\n\n", text[self.start : self.end])

    def shown_at(self, text: str, offset: int) -> int:
        """Where in `shown` the character at `offset` of `text[start:end]` stands."""
        return len(self.head) + len(_MANY_LINE_ENDS.sub("\n\n", text[self.start : self.start + offset]))


@dataclass(frozen=True, slots=True)
class Cutter:
    """Cuts into pieces of at most `size` units that overlap by whole sentences or clauses, `overlap` units at the most.

    With `rows` the text is a table of any kind: its rows are not torn where they fit.
    """

    size: int
    overlap: int
    lengths: Lengths
    rows: bool = False

    def pieces(self, text: str) -> Iterator[Piece]:
        """The pieces in reading order; blank ones are left out."""
        if self.lengths.count(text) > self.size:
            return _Walk(text, self).pieces()
        start, end = _skip_blank(text, 0), len(text.rstrip())
        return iter([Piece(start, end)] if start < end else [])


class _Walk:
    """One walk through one text."""

    def __init__(self, text: str, cutter: Cutter) -> None:
        self._text = text
        self._size = cutter.size
        self._overlap = cutter.overlap
        self._count = cutter.lengths.count
        self._ruler = cutter.lengths.ruler(text)
        self._boundaries = Boundaries(text, self._fits, rows=cutter.rows)

    def _fits(self, start: int, end: int) -> bool:
        return self._ruler.reach(start, self._size) >= end

    def pieces(self) -> Iterator[Piece]:
        start = done = 0  # the next piece starts at `start` and must go beyond `done`, where the last one ended
        while (start := _skip_blank(self._text, start)) < len(self._text):
            done = max(start, done)
            if self._overlap_tears(start, done):
                start = done = _skip_blank(self._text, done)
            piece, end, strength = self._piece(start, done)
            if piece is None:
                start = done
                continue
            if piece.end > piece.start:
                yield piece
            start, done = self._next_start(piece.start, end, strength), end

    def _piece(self, start: int, done: int) -> tuple[Piece | None, int, Strength]:
        """The next piece, where the text after it starts and how well that cut fits; None if the overlap is too long.

        Tokens cross the cut, so that a piece may count more alone than inside the text: then it gives up the excess.
        """
        head = self._repeated_head(start) if start == done else ""
        budget = self._size - self._count(head)
        while True:
            end, strength = self._end(start, done, budget)
            piece = Piece(start, start + len(self._text[start:end].rstrip()), head)
            excess = self._count(piece.shown(self._text)) - self._size
            if excess <= 0 or end - start == 1:
                return piece, end, strength
            if start < done:
                return None, end, strength
            budget = max(0, budget - excess)

    def _overlap_tears(self, start: int, done: int) -> bool:
        """Whether a sentence or table row that would fit is torn only because the overlap takes its room."""
        if start == done:
            return False
        limit = self._ruler.reach(start, self._size)
        if limit >= len(self._text):
            return False
        with_overlap = self._boundaries.best(done, limit)[1]
        without = self._boundaries.best(done, self._ruler.reach(done, self._size))[1]
        return with_overlap < Strength.SENTENCE <= without

    def _end(self, start: int, done: int, budget: int) -> tuple[int, Strength]:
        limit = max(self._ruler.reach(start, budget), done + 1)
        if limit >= len(self._text):
            return len(self._text), Strength.PARAGRAPH
        late = self._late_cut(max(done, self._ruler.reach(start, int(budget * _MIN_FILL))), limit)
        if late[1] >= Strength.SENTENCE:
            return late
        early = self._boundaries.best(done, limit)
        # Ending early is worth it when it keeps the next sentence or row whole.
        if early[1] >= Strength.SENTENCE:
            following = self._boundaries.best(early[0], self._ruler.reach(early[0], self._size))
            if following[1] >= Strength.SENTENCE:
                return early
        if late[1] or early[1]:
            return late if late[1] else early
        cut = _between_characters(self._text, limit)
        return (cut if cut > done else limit), Strength.NONE

    def _late_cut(self, above: int, limit: int) -> tuple[int, Strength]:
        """The best cut of a well-filled chunk, an earlier one as good if it spares the text a tiny last chunk."""
        late = self._boundaries.best(above, limit)
        fair = self._ruler.back(len(self._text), int(self._size * _MIN_FILL))
        if above < fair < limit:
            balanced = self._boundaries.best(above, fair)
            return balanced if balanced[1] >= max(late[1], Strength.WORD) else late
        return late

    def _next_start(self, start: int, end: int, strength: Strength) -> int:
        """Where the overlap begins: whole sentences, else clauses; words or characters only in a torn sentence."""
        if end >= len(self._text) or not self._overlap:
            return end
        earliest = max(self._ruler.back(end, self._overlap), start + 1)
        content_end = start + len(self._text[start:end].rstrip())
        wanted = [Strength.SENTENCE, Strength.CLAUSE]
        if strength <= Strength.CLAUSE:
            wanted.append(Strength.WORD)
        found = (self._boundaries.first(earliest, content_end, each) for each in wanted)
        begin = next((position for position in found if position is not None), None)
        if begin is None and strength == Strength.NONE:
            begin = min(_between_characters(self._text, earliest, step=1), end)
        if begin is None or self._boundaries.table_at(begin):
            return end
        return begin

    def _repeated_head(self, start: int) -> str:
        """The head of the table a chunk starts in the middle of, if the next row still fits below it."""
        table = self._boundaries.table_at(start)
        if table is None or self._text[start - 1] != "\n":
            return ""
        head = self._text[table.start : table.rows_start]
        row_end = self._text.find("\n", start, table.end) + 1 or table.end
        length = self._count(head)
        if length > self._size // 2 or length + self._count(self._text[start:row_end]) > self._size:
            return ""
        return head


def _skip_blank(text: str, start: int) -> int:
    """Pass blank lines, and blanks that do not indent a line."""
    content = _BLANKS.match(text, start)
    content_start = content.end() if content else start
    line_start = text.rfind("\n", max(0, start - 1), content_start) + 1
    is_indent = (line_start or start == 0) and content_start - max(line_start, start) <= _LONGEST_INDENT
    return max(line_start, start) if is_indent and content_start < len(text) else content_start


def _between_characters(text: str, position: int, step: int = -1) -> int:
    """Move a cut off the inside of what is one character to a reader: base and accent, emoji sequence, CR LF."""
    while 0 < position < len(text) and _is_joined(text[position - 1], text[position]):
        position += step
    return position


def _is_joined(before: str, after: str) -> bool:
    return (
        unicodedata.category(after) in ("Mn", "Me", "Mc")
        or _JOINER in (before, after)
        or "\U0001f3fb" <= after <= "\U0001f3ff"
        or ("\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff")
        or (before, after) == ("\r", "\n")
    )
