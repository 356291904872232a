"""Blocks of a document, cut into sections by their headings."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list, table ... or, with a level from 1 on, a heading. `title` is a heading's bare text.

    `line` is the first line of the file it came from, 0 where that is not known.
    """

    text: str
    level: int = 0
    title: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """The blocks under one heading, that heading first, and the path to it from the outermost heading."""

    headings: list[str]
    blocks: list[Block]

    @property
    def text(self) -> str:
        """The source of the section."""
        return "\n".join(block.text for block in self.blocks).strip("\n")


def sections(blocks: Iterable[Block]) -> Iterator[Section]:
    """Cut at the headings; a heading with nothing but a deeper heading below it starts that one's section."""
    path: list[Block] = []
    current: list[Block] = []
    for block in blocks:
        if block.level:
            if any(not each.level for each in current) or (current and current[-1].level >= block.level):
                yield _section(path, current)
                current = []
            path = [*(heading for heading in path if heading.level < block.level), block]
        current.append(block)
    if current:
        yield _section(path, current)


def _section(path: list[Block], blocks: list[Block]) -> Section:
    return Section([heading.title or heading.text for heading in path], blocks)
