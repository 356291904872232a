"""The splitters, by name.

A splitter is a LangChain `TextSplitter` whose constructor takes `chunk_size` and `chunk_overlap`. A name that is an
address ("package.module:Class") is loaded as such.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_text_splitters import TextSplitter

SPLITTERS = {
    "ChineseRecursiveTextSplitter": "text_splitter.chinese:ChineseRecursiveTextSplitter",
    "RecursiveCharacterTextSplitter": "langchain_text_splitters:RecursiveCharacterTextSplitter",
}


class UnknownSplitter(Exception):
    """There is no splitter of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f'there is no splitter "{name}"; known splitters: {", ".join(SPLITTERS)}')
        self.name = name
        self.known = list(SPLITTERS)


def make_splitter(name: str, chunk_size: int, chunk_overlap: int) -> "TextSplitter":
    """Build a splitter; sizes are in characters.

    Raises:
        UnknownSplitter: no splitter of that name.
        ValueError: the overlap is larger than the size, or one of them is negative.
    """
    address = SPLITTERS.get(name, name if ":" in name else None)
    if address is None:
        raise UnknownSplitter(name)
    module, _, attribute = address.partition(":")
    splitter_class = getattr(importlib.import_module(module), attribute)
    return splitter_class(chunk_size=chunk_size, chunk_overlap=chunk_overlap)
