"""Markdown, cut at its headings first."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

from langchain_core.documents import Document

from text_splitter.base import PieceSplitter, chunk, is_table
from text_splitter.cutter import Piece
from text_splitter.positions import Places

_MAY_BE_HEADING = re.compile(r"(?:\A|(?<=[\r\n]))(?: {0,3}#| {0,3}(?:=+|-+)[ \t]*(?:[\r\n]|\Z))")


@dataclass(frozen=True, slots=True)
class _Heading:
    start: int
    end: int
    level: int
    title: str


@dataclass(frozen=True, slots=True)
class _Section:
    start: int
    end: int
    path: list[str]


class MarkdownHeaderTextSplitter(PieceSplitter):
    """Cuts at the headings of Markdown, and what stands under one heading as the default splitter does.

    The path of headings is added to the metadata `headings`; a heading which the document's own path already ends with
    is not named twice.
    """

    def pieces(self, text: str) -> Iterator[Piece]:
        """The pieces in reading order; none goes across a heading."""
        return (piece for section in _sections(text) for piece in self._section(text, section))

    def chunks(self, document: Document) -> Iterator[Document]:
        """The chunks of one document, which stays as it is."""
        text, known = document.page_content, list(document.metadata.get("headings", ()))
        if is_table(document.metadata):
            yield from super().chunks(document)
            return
        sections = _sections(text)
        outer = _above(known, next((section.path for section in sections if section.path), []))
        for section in sections:
            path = [*outer, *section.path] if section.path else known
            places = Places({**document.metadata, **({"headings": path} if path else {})}, text)
            for piece in self._section(text, section):
                yield chunk(text, piece, places)

    def _section(self, text: str, section: _Section) -> Iterator[Piece]:
        return (piece.moved(section.start) for piece in self._cutter.pieces(text[section.start : section.end].rstrip()))


def _above(known: list[str], first: list[str]) -> list[str]:
    """The part of the known path that lies above the first headings of the text."""
    shared = next((n for n in range(min(len(known), len(first)), 0, -1) if known[-n:] == first[:n]), 0)
    return known[: len(known) - shared]


def _sections(text: str) -> list[_Section]:
    """The text cut at its headings; headings with nothing between them start one section."""
    path: list[_Heading] = []
    found: list[_Section] = []
    start = body = 0
    for heading in _headings(text):
        begins = text[body : heading.start].strip() or (path and path[-1].level >= heading.level)
        if begins:
            found.append(_Section(start, heading.start, [each.title for each in path]))
            start = heading.start
        path = [*(each for each in path if each.level < heading.level), heading]
        body = heading.end
    found.append(_Section(start, len(text), [each.title for each in path]))
    return found


def _headings(text: str) -> list[_Heading]:
    if not _MAY_BE_HEADING.search(text):
        return []
    from markdown_it import MarkdownIt

    # Only these line ends are line ends to the parser.
    offsets = [0, *accumulate(len(line) for line in re.split(r"(?<=\n)|(?<=\r)(?!\n)", text))]
    tokens = MarkdownIt("commonmark").disable("inline").parse(text)
    return [
        _Heading(offsets[opening.map[0]], offsets[opening.map[1]], int(opening.tag[1:]), content.content.strip())
        for opening, content in pairwise(tokens)
        if opening.type == "heading_open" and opening.map is not None and not opening.level
    ]
