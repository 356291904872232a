"""Markdown, cut by its headings; the source text is kept as it is."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.encoding import read_text
from document_loaders.sections import Block, Section, sections

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?P<fields>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r"^title:[ \t]*(?P<quote>[\"']?)(?P<title>.+?)(?P=quote)[ \t]*$", re.MULTILINE)


class MarkdownLoader(FileLoader):
    """Yields one document for each section; metadata: `headings`, `lines`, and `title` when it is known."""

    def lazy_load(self) -> Iterator[Document]:
        """Yield the sections in reading order.

        Raises:
            DocumentUnreadable: it is no text, or its encoding cannot be told.
        """
        source = read_text(self.path)
        title, text = _without_front_matter(source)
        blocks = markdown_blocks(text, source.count("\n") - text.count("\n") + 1)
        top = [block.title for block in blocks if block.level == 1]
        title = title or (top[0] if len(top) == 1 else "")
        about = {"title": title} if title else {}
        for section in sections(blocks):
            if section.text:
                yield Document(
                    page_content=section.text,
                    metadata={"headings": section.headings, "lines": _lines(section), **about},
                )


def _lines(section: Section) -> list[int]:
    source = "\n".join(block.text for block in section.blocks)
    first = section.blocks[0].line + len(source) - len(source.lstrip("\n"))
    return [first, first + section.text.count("\n")]


def _without_front_matter(text: str) -> tuple[str, str]:
    matter = _FRONT_MATTER.match(text)
    if not matter:
        return "", text
    title = _TITLE.search(matter["fields"])
    return title["title"] if title else "", text[matter.end() :]


def markdown_blocks(text: str, first_line: int = 1) -> list[Block]:
    """The source in pieces: each heading one, and what stands between two headings one."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").disable("inline")
    tokens = parser.parse(text)
    lines = text.split("\n")
    found: list[Block] = []
    done = 0
    for opening, content in pairwise(tokens):
        if opening.type != "heading_open" or opening.level or opening.map is None:
            continue
        start, end = opening.map
        while end < len(lines) and not lines[end].strip():
            end += 1
        _append_body(found, lines[done:start], first_line + done)
        level, title = int(opening.tag[1:]), _bare(parser, content)
        found.append(Block("\n".join(lines[start:end]), level, title, first_line + start))
        done = end
    _append_body(found, lines[done:], first_line + done)
    return found


def _append_body(found: list[Block], lines: list[str], first_line: int) -> None:
    if any(line.strip() for line in lines):
        found.append(Block("\n".join(lines), line=first_line))


def _bare(parser: "MarkdownIt", heading: "Token") -> str:
    """The heading's text without its markup."""
    (inline,) = parser.enable("inline").parseInline(heading.content)
    return "".join(child.content for child in inline.children or []).strip()
