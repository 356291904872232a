"""The default splitter: cuts Chinese and English text where people would."""

import copy
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from langchain_core.documents import Document
from langchain_text_splitters import TextSplitter

from text_splitter.boundaries import Boundaries, Strength

# A strong cut that leaves a chunk emptier than this is passed over for a weaker one further on: it would part a
# heading from its first paragraph.
_MIN_FILL = 0.4
_JOINER = "\u200d"
_LONGEST_INDENT = 40
_BLANKS = re.compile(r"\s*")
_MANY_LINE_ENDS = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class _Chunk:
    text: str
    start: int


class ChineseRecursiveTextSplitter(TextSplitter):
    """Cuts at blank lines, line ends, sentence ends, semicolons, commas, blanks and characters, in this order.

    Nothing is longer than `chunk_size` characters and no text is lost. Neighbours overlap by whole sentences or
    clauses, `chunk_overlap` characters at the most. Table rows and fenced code stay whole where they fit, and a table
    cut in two repeats its head. Sizes are in characters. Chunks carry `start_index`, the place of their text in its
    document, behind a repeated table head.
    """

    def __init__(self, chunk_size: int = 250, chunk_overlap: int = 50, *, add_start_index: bool = True) -> None:
        super().__init__(chunk_size, chunk_overlap, add_start_index=add_start_index)

    def split_text(self, text: str) -> list[str]:
        """The chunks in reading order."""
        return [chunk.text for chunk in self._chunks(text)]

    def create_documents(self, texts: list[str], metadatas: list[dict[Any, Any]] | None = None) -> list[Document]:
        """One document for each chunk, with a copy of its text's metadata."""
        found: list[Document] = []
        for text, metadata in zip(texts, metadatas or [{}] * len(texts), strict=True):
            for chunk in self._chunks(text):
                extra = {"start_index": chunk.start} if self._add_start_index else {}
                found.append(Document(page_content=chunk.text, metadata=copy.deepcopy(metadata) | extra))
        return found

    def _chunks(self, text: str) -> Iterator[_Chunk]:
        boundaries = Boundaries(text, self._chunk_size)
        start = done = 0  # the next chunk starts at `start` and must go beyond `done`, where the last one ended
        while (start := _skip_blank(text, start)) < len(text):
            done = max(start, done)
            if self._overlap_tears(boundaries, start, done, len(text)):
                start = done = _skip_blank(text, done)
            head = self._repeated_head(text, boundaries, start) if start == done else ""
            end, strength = self._end(text, boundaries, (start, done), self._chunk_size - len(head))
            if content := _MANY_LINE_ENDS.sub("\n\n", text[start:end].rstrip()):
                yield _Chunk(head + content, start)
            start, done = self._next_start(text, boundaries, (start, end), strength), end

    def _overlap_tears(self, boundaries: Boundaries, start: int, done: int, length: int) -> bool:
        """Whether a sentence or table row that would fit is torn only because the overlap takes its room."""
        if start == done or start + self._chunk_size >= length:
            return False
        with_overlap = boundaries.best(done, start + self._chunk_size)[1]
        return with_overlap < Strength.SENTENCE <= boundaries.best(done, done + self._chunk_size)[1]

    def _end(self, text: str, boundaries: Boundaries, start_done: tuple[int, int], budget: int) -> tuple[int, Strength]:
        start, done = start_done
        limit = start + budget
        if limit >= len(text):
            return len(text), Strength.PARAGRAPH
        late = self._late_cut(boundaries, max(done, start + int(budget * _MIN_FILL)), limit, len(text))
        if late[1] >= Strength.SENTENCE:
            return late
        early = boundaries.best(done, limit)
        # Ending early is worth it when it keeps the next sentence or row whole.
        if (
            early[1] >= Strength.SENTENCE
            and boundaries.best(early[0], early[0] + self._chunk_size)[1] >= Strength.SENTENCE
        ):
            return early
        if late[1] or early[1]:
            return late if late[1] else early
        cut = _between_characters(text, limit)
        return (cut if cut > done else limit), Strength.NONE

    def _late_cut(self, boundaries: Boundaries, above: int, limit: int, length: int) -> tuple[int, Strength]:
        """The best cut of a well-filled chunk, an earlier one as good if it spares the text a tiny last chunk."""
        late = boundaries.best(above, limit)
        fair = length - int(self._chunk_size * _MIN_FILL)
        if above < fair < limit:
            balanced = boundaries.best(above, fair)
            return balanced if balanced[1] >= max(late[1], Strength.WORD) else late
        return late

    def _next_start(self, text: str, boundaries: Boundaries, span: tuple[int, int], strength: Strength) -> int:
        """Where the overlap begins: whole sentences, else clauses; words or characters only in a torn sentence."""
        start, end = span
        if end >= len(text):
            return end
        earliest = max(end - self._chunk_overlap, start + 1)
        content_end = start + len(text[start:end].rstrip())
        wanted = [Strength.SENTENCE, Strength.CLAUSE]
        if strength <= Strength.CLAUSE:
            wanted.append(Strength.WORD)
        found = (boundaries.first(earliest, content_end, each) for each in wanted)
        begin = next((position for position in found if position is not None), None)
        if begin is None and strength == Strength.NONE:
            begin = min(_between_characters(text, earliest, step=1), end)
        if begin is None or boundaries.table_at(begin):
            return end
        return begin

    def _repeated_head(self, text: str, boundaries: Boundaries, start: int) -> str:
        """The head of the table a chunk starts in the middle of, if the next row still fits below it."""
        table = boundaries.table_at(start)
        if table is None:
            return ""
        head = text[table.start : table.rows_start]
        row_end = text.find("\n", start, table.end) + 1 or table.end
        if (
            text[start - 1] != "\n"
            or len(head) > self._chunk_size // 2
            or len(head) + row_end - start > self._chunk_size
        ):
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
