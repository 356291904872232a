"""reStructuredText, parsed by docutils; nothing that a file points to is opened, and no raw HTML comes through."""

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.core import publish_doctree
from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.encoding import read_text
from document_loaders.errors import DocumentUnreadable
from document_loaders.markdown_table import markdown_table
from document_loaders.sections import Block, sections

_SETTINGS: dict[str, Any] = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    # Faults of the markup are no reason not to read the text; below 5 they go to the console or end the parsing.
    "report_level": 5,
    "halt_level": 5,
    "_disable_config": True,
    "syntax_highlight": "none",
    "doctitle_xform": False,
    "docinfo_xform": False,
}
# A role of Sphinx, which docutils alone does not know: :ref:`text <target>`.
_ROLE = re.compile(r":[\w:+.-]+:`~?([^`<]+?)(?:\s*<[^`>]*>)?`")
_RAW = re.compile(r"\.\.\s+raw::")
_DROPPED = (nodes.comment, nodes.substitution_definition, nodes.target, nodes.raw, nodes.pending, nodes.meta)
_QUOTED = (nodes.literal_block, nodes.doctest_block, nodes.math_block)


class RstLoader(FileLoader):
    """Yields one document for each section, with its tables as Markdown; metadata: `headings`.

    The source of a directive that docutils does not know is kept as it is.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the sections in reading order.

        Raises:
            DocumentUnreadable: it is no text, its encoding cannot be told, or it is nested too deeply.
        """
        try:
            tree = publish_doctree(read_text(self.path), settings_overrides=_SETTINGS)
            blocks = list(_blocks(tree, 0))
        except RecursionError as error:
            raise DocumentUnreadable("its elements are nested too deeply", "元素嵌套过深") from error
        for section in sections(blocks):
            if section.text:
                yield Document(page_content=section.text, metadata={"headings": section.headings})


def _blocks(parent: nodes.Element, depth: int) -> Iterator[Block]:
    """The content in reading order; `depth` is how many sections are open."""
    for node in parent.children:
        if isinstance(node, nodes.section):
            yield from _blocks(node, depth + 1)
        elif isinstance(node, nodes.title) and isinstance(parent, nodes.section):
            yield Block(_words(node), depth)
        elif isinstance(node, nodes.table):
            yield from _table(node)
        elif isinstance(node, nodes.system_message):
            yield from _unknown(node)
        elif isinstance(node, nodes.Element) and not isinstance(node, _DROPPED):
            yield from _other(node, depth)


def _other(node: nodes.Element, depth: int) -> Iterator[Block]:
    if isinstance(node, nodes.bullet_list | nodes.enumerated_list):
        yield Block("\n".join(_items(node)))
    elif isinstance(node, _QUOTED):
        yield Block(f"```\n{node.astext()}\n```")
    elif isinstance(node, nodes.TextElement):
        if text := _words(node):
            yield Block(text)
    elif isinstance(node, nodes.field | nodes.footnote | nodes.citation):
        label, *body = node.children
        yield Block(f"{label.astext()}: {' '.join(_words(part) for part in body)}")
    elif isinstance(node, nodes.image):
        if text := str(node.get("alt", "")):
            yield Block(text)
    else:
        yield from _blocks(node, depth)


def _words(node: nodes.Node) -> str:
    return _ROLE.sub(r"\1", node.astext()).strip()


def _items(listing: nodes.Element) -> Iterator[str]:
    start = int(listing.get("start", 1))
    for number, item in enumerate(listing.children, start=start):
        mark = f"{number}. " if isinstance(listing, nodes.enumerated_list) else "- "
        inner = "\n".join(block.text for block in _blocks(item, 0)) if isinstance(item, nodes.Element) else ""
        yield mark + inner.replace("\n", "\n  ")


def _table(table: nodes.table) -> Iterator[Block]:
    for title in table.findall(nodes.title):
        yield Block(_words(title))
    rows: list[list[str]] = []
    below: dict[tuple[int, int], str] = {}  # (row, column) → text of a cell that reaches there from above
    for number, row in enumerate(table.findall(nodes.row)):
        cells: list[str] = []
        for entry in row.children:
            while (number, len(cells)) in below:
                cells.append(below[number, len(cells)])
            text = _words(entry)
            for _ in range(_more(entry, "morecols") + 1):
                below |= {(number + down, len(cells)): text for down in range(1, _more(entry, "morerows") + 1)}
                cells.append(text)
        while (number, len(cells)) in below:
            cells.append(below[number, len(cells)])
        rows.append(cells)
    if text := markdown_table(rows):
        yield Block(f"\n{text}\n")


def _more(entry: nodes.Node, name: str) -> int:
    return int(entry.get(name, 0)) if isinstance(entry, nodes.Element) else 0


def _unknown(message: nodes.system_message) -> Iterator[Block]:
    """What docutils could not make sense of, in its own words; not what docutils says about it."""
    for source in message.findall(nodes.literal_block):
        if not _RAW.match(source.astext()):
            yield Block(_ROLE.sub(r"\1", source.astext()))
