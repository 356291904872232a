"""Any LangChain splitter, made to keep what ours promise."""

import re
from collections.abc import Iterator

from langchain_text_splitters import TextSplitter

from text_splitter.base import ProseSplitter
from text_splitter.cutter import Piece
from text_splitter.lengths import Lengths

_BLANKS = re.compile(r"\s*")
_LOOK_BACK = 4


class ForeignSplitter(ProseSplitter):
    """Looks up where the chunks of another splitter stand, and cuts those that came out too long.

    Text that the other splitter left out, or changed so that it cannot be found again, is cut as the default splitter
    does, so that nothing is lost.
    """

    def __init__(self, inner: TextSplitter, chunk_size: int, chunk_overlap: int, *, lengths: Lengths | None) -> None:
        super().__init__(chunk_size, chunk_overlap, lengths=lengths)
        self._inner = inner

    def prose(self, text: str) -> Iterator[Piece]:
        """The other splitter's chunks, and between them what it left out."""
        done = 0
        for content in self._inner.split_text(text):
            blank = _BLANKS.match(text, done)
            limit = (blank.end() if blank else done) + len(content)
            # The place furthest on that leaves no gap: of a text that stands there several times none is passed over.
            start = text.rfind(content, max(0, done - _LOOK_BACK * len(content)), limit)
            if start < 0:
                start = text.find(content, done)
                if start < 0:
                    continue
                yield from self._left_out(text, done, start)
            if start + len(content) > done:
                yield Piece(start, start + len(content))
                done = start + len(content)
        yield from self._left_out(text, done, len(text))

    def _left_out(self, text: str, start: int, end: int) -> Iterator[Piece]:
        return (piece.moved(start) for piece in self._cutter.pieces(text[start:end]))
