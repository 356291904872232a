"""The splitters that know Chinese punctuation: the default one, and the one that cuts at every sentence."""

from collections.abc import Iterator

from text_splitter.base import PieceSplitter, ProseSplitter
from text_splitter.boundaries import Boundaries, Strength
from text_splitter.cutter import Piece
from text_splitter.sentences import sentences


class ChineseRecursiveTextSplitter(PieceSplitter):
    """Cuts at blank lines, line ends, sentence ends, semicolons, commas, blanks and characters, in this order.

    Neighbours overlap by whole sentences or clauses, `chunk_overlap` at the most. Table rows and fenced code stay whole
    where they fit, and a table cut in two repeats its head.
    """

    def pieces(self, text: str) -> Iterator[Piece]:
        """The pieces in reading order."""
        return self._cutter.pieces(text)


class ChineseTextSplitter(ProseSplitter):
    """Makes every sentence and every line a chunk of its own; `chunk_size` is the longest sentence.

    A longer one is cut at commas and blanks. Whole sentences do not overlap.
    """

    def prose(self, text: str) -> Iterator[Piece]:
        """The sentences in reading order."""
        return sentences(text, Boundaries(text, lambda start, end: False).all(Strength.SEMICOLON))
