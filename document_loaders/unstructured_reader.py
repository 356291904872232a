"""`unstructured` as a reader of any of its formats, for those who choose it: see `ingest.loaders` in the settings.

Out of the box unstructured fetches a spaCy model from the internet before it reads anything, only to count sentences
and words. This module gives it those few functions before it is imported; spaCy, numba and torch are then never loaded.
"""

import os
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.errors import DocumentUnreadable

_TOKENIZER = "unstructured.nlp.tokenize"
_SENTENCE_END = re.compile(r"(?<=[。！？；…])|(?<=[.!?])\s+")
_WORD = re.compile(r"[\u3400-\u9fff]|\w+|[^\w\s]")
_QUIET = {"DO_NOT_TRACK": "1", "SCARF_NO_ANALYTICS": "1", "UNSTRUCTURED_DISABLE_NOTICE": "1"}
LANGUAGES = ["zho", "eng"]


def _sentences(text: str) -> list[str]:
    return [piece for piece in _SENTENCE_END.split(text) if piece.strip()]


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _tags(text: str) -> list[tuple[str, str]]:
    # Only "does it hold a verb" is ever asked; every longer word may be one.
    return [(word, "VB" if len(word) > 1 else "NN") for word in _words(text)]


def _prepare() -> None:
    """Put our functions where unstructured looks for its tokenizer, before its first import."""
    os.environ.update(_QUIET)
    if _TOKENIZER not in sys.modules:
        module = ModuleType(_TOKENIZER)
        functions: dict[str, Any] = {"sent_tokenize": _sentences, "word_tokenize": _words, "pos_tag": _tags}
        vars(module).update(functions)
        sys.modules[_TOKENIZER] = module


class UnstructuredLoader(FileLoader):
    """What `unstructured.partition.auto` makes of a file: a document for each run of elements of one page."""

    def lazy_load(self) -> Iterator[Document]:
        """Yield the text page by page, tables as their HTML's text.

        Raises:
            DocumentUnreadable: unstructured cannot read the file; its own words are the reason.
            ModuleNotFoundError: unstructured is not installed.
        """
        _prepare()
        from unstructured.partition.auto import partition

        try:
            elements = partition(filename=str(self.path), languages=LANGUAGES)
        except (ImportError, ValueError, OSError, KeyError, RuntimeError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0].replace(str(self.path), self.path.name)
            raise DocumentUnreadable(f"unstructured says: {reason}", f"unstructured 报告：{reason}") from error
        texts: dict[int, list[str]] = {}
        for element in elements:
            texts.setdefault(element.metadata.page_number or 0, []).append(element.text)
        for page, found in texts.items():
            yield Document(page_content="\n\n".join(found), metadata={"page": page} if page else {})
