"""The splitters, by name.

A name that is an address ("package.module:Class") is loaded as such: any LangChain `TextSplitter` whose constructor
takes `chunk_size` and `chunk_overlap` plugs in, and is made to keep what ours promise (see `base` and `foreign`).
"""

import importlib
from typing import TYPE_CHECKING

from text_splitter.errors import MissingModel, MissingPackage, NotInstalled, UnknownSplitter

if TYPE_CHECKING:
    from text_splitter.base import PieceSplitter

__all__ = ["SPLITTERS", "MissingModel", "MissingPackage", "NotInstalled", "UnknownSplitter", "make_splitter"]

SPLITTERS = {
    "ChineseRecursiveTextSplitter": "text_splitter.chinese:ChineseRecursiveTextSplitter",
    "ChineseTextSplitter": "text_splitter.chinese:ChineseTextSplitter",
    "RecursiveCharacterTextSplitter": "langchain_text_splitters:RecursiveCharacterTextSplitter",
    "MarkdownHeaderTextSplitter": "text_splitter.markdown:MarkdownHeaderTextSplitter",
    "SpacyTextSplitter": "text_splitter.spacy_sentences:SpacyTextSplitter",
    "AliTextSplitter": "text_splitter.ali:AliTextSplitter",
}


def make_splitter(name: str, chunk_size: int, chunk_overlap: int, tokenizer: str = "") -> "PieceSplitter":
    """Build a splitter; sizes are in characters, or in the tokens of `tokenizer` (see `tokenizers_on_disk`).

    Raises:
        UnknownSplitter: no splitter of that name.
        MissingPackage: a Python package that it needs is not installed.
        MissingModel: a model or tokenizer that it needs is not on this machine.
        ValueError: the overlap is larger than the size, or one of them is negative.
    """
    address = SPLITTERS.get(name, name if ":" in name else None)
    if address is None:
        raise UnknownSplitter(name, list(SPLITTERS))
    from text_splitter.base import PieceSplitter
    from text_splitter.foreign import ForeignSplitter

    lengths = None
    if tokenizer:
        from text_splitter.tokenizers_on_disk import tokens_of

        lengths = tokens_of(tokenizer)
    module, _, attribute = address.partition(":")
    splitter_class = getattr(importlib.import_module(module), attribute)
    if issubclass(splitter_class, PieceSplitter):
        return splitter_class(chunk_size, chunk_overlap, lengths=lengths)
    measure = {"length_function": lengths.count} if lengths else {}
    inner = splitter_class(chunk_size=chunk_size, chunk_overlap=chunk_overlap, **measure)
    return ForeignSplitter(inner, chunk_size, chunk_overlap, lengths=lengths)
