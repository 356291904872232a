"""Paragraphs by a model of ModelScope that reads where the subject changes."""

import importlib
import re
from collections.abc import Iterator
from functools import lru_cache
from threading import Lock
from typing import Any

from text_splitter.base import ProseSplitter
from text_splitter.cutter import Piece
from text_splitter.errors import MissingModel, MissingPackage
from text_splitter.lengths import Lengths
from text_splitter.sentences import sentences

MODEL = "damo/nlp_bert_document-segmentation_chinese-base"
_BREAK = "\n\t"
_TAIL = 24
_VISIBLE = re.compile(r"\S")
_loading = Lock()


class AliTextSplitter(ProseSplitter):
    """Cuts where the document segmentation model of ModelScope sees a new paragraph; one that is too long is cut
    further as the default splitter does. Paragraphs do not overlap.

    Raises (when made):
        MissingPackage: modelscope is not installed.
        MissingModel: the model is not on this machine; it is never downloaded on the way.
    """

    def __init__(self, chunk_size: int = 250, chunk_overlap: int = 50, *, lengths: Lengths | None = None) -> None:
        super().__init__(chunk_size, chunk_overlap, lengths=lengths)
        with _loading:
            self._pipeline = _pipeline()

    def prose(self, text: str) -> Iterator[Piece]:
        """The paragraphs in reading order."""
        answer: str = self._pipeline(documents=text)["text"]
        return sentences(text, _ends(text, answer.split(_BREAK)))


def _ends(text: str, paragraphs: list[str]) -> Iterator[int]:
    """Where the model's paragraphs end in the text, of which it kept the characters but not the blanks.

    A paragraph whose end cannot be found there is joined with the next one.
    """
    places = [match.end() for match in _VISIBLE.finditer(text)]
    whole, done = "".join(text.split()), 0
    for paragraph in paragraphs:
        content = "".join(paragraph.split())
        tail = content[-_TAIL:]
        found = whole.find(tail, max(done, done + len(content) - 2 * _TAIL)) if tail else -1
        if found >= 0:
            done = found + len(tail)
            yield places[done - 1]


@lru_cache(maxsize=1)
def _pipeline() -> Any:
    try:
        hub = importlib.import_module("modelscope")
        pipelines = importlib.import_module("modelscope.pipelines")
    except ModuleNotFoundError as error:
        raise MissingPackage("AliTextSplitter", error.name or "modelscope") from error
    try:
        folder = hub.snapshot_download(MODEL, local_files_only=True)
    except _not_in_cache() as error:
        raise MissingModel("AliTextSplitter", f"the model {MODEL}", f"modelscope download --model {MODEL}") from error
    return pipelines.pipeline(task="document-segmentation", model=folder, device="cpu")


def _not_in_cache() -> tuple[type[Exception], ...]:
    """What modelscope raises for a model it does not have: a ValueError up to 1.37, an error of its hub since then."""
    try:
        return ValueError, importlib.import_module("modelscope_hub.errors").CacheError
    except ModuleNotFoundError:
        return (ValueError,)
