"""Sentences by spaCy, without a model: a blank multilingual pipeline and rules."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from text_splitter.base import ProseSplitter
from text_splitter.cutter import Piece
from text_splitter.errors import MissingPackage
from text_splitter.lengths import Lengths
from text_splitter.sentences import packed

_ENDS = "。！？…；!?."
_OPENERS = "“‘「『（【《([{"
_BLANK_LINES = re.compile(r"\n(?:[ \t\r]*\n)+")
_SPLIT_OFF = (r"[。！？…；，、：]", r"[“”‘’「」『』（）【】《》]")


class SpacyTextSplitter(ProseSplitter):
    """Fills chunks with whole sentences as spaCy's rules find them; neighbours overlap by whole sentences.

    Raises (when made):
        MissingPackage: spaCy is not installed.
    """

    def __init__(self, chunk_size: int = 250, chunk_overlap: int = 50, *, lengths: Lengths | None = None) -> None:
        super().__init__(chunk_size, chunk_overlap, lengths=lengths)
        self._pipeline = _pipeline()

    def prose(self, text: str) -> Iterator[Piece]:
        """The pieces in reading order."""
        return packed(text, self._ends(text), self._chunk_size, self._chunk_overlap, self.lengths)

    def _ends(self, text: str) -> list[int]:
        """Where sentences end; a bracket or quote that opens belongs to the next one."""
        ends = {match.end() for match in _BLANK_LINES.finditer(text)}
        for sentence in self._pipeline(text).sents:
            ends.add(sentence.start_char + len(sentence.text.rstrip(_OPENERS)))
        return sorted(ends)


@lru_cache(maxsize=1)
def _pipeline() -> Any:
    try:
        import spacy
        from spacy.util import compile_infix_regex
    except ModuleNotFoundError as error:
        raise MissingPackage("SpacyTextSplitter", "spacy") from error
    pipeline: Any = spacy.blank("xx")
    # spaCy tells words apart by blanks; Chinese has none, so its punctuation would stay inside of "words".
    infixes = [*(pipeline.Defaults.infixes or ()), *_SPLIT_OFF]
    pipeline.tokenizer.infix_finditer = compile_infix_regex(infixes).finditer
    pipeline.add_pipe("sentencizer", config={"punct_chars": list(_ENDS)})
    # The limit protects parsers, which need memory for each word; rules do not.
    pipeline.max_length = 1 << 31
    return pipeline
