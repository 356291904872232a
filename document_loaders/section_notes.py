"""Footnotes and comments: they interrupt the text they belong to, so they are read at the end of its section."""

from collections.abc import Iterable, Iterator

from document_loaders.sections import Block


class Note(Block):
    """A footnote, endnote or comment."""

    __slots__ = ()


def notes_last(blocks: Iterable[Block]) -> Iterator[Block]:
    """The same blocks, with the notes of a section behind its other blocks."""
    waiting: list[Block] = []
    for block in blocks:
        if isinstance(block, Note):
            waiting.append(block)
            continue
        if block.level:
            yield from waiting
            waiting = []
        yield block
    yield from waiting
