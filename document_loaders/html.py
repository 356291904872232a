"""Web pages."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.declared import decode
from document_loaders.errors import DocumentUnreadable
from document_loaders.markdown_table import markdown_table
from document_loaders.sections import Block, Section, sections

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_DECLARED = re.compile(rb"(?:<meta[^>]+charset|<\?xml[^>]+encoding)\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"\s*<\?xml[^>]*>")
_DROPPED = frozenset(
    {"script", "style", "noscript", "template", "svg", "iframe", "button", "select", "textarea", "nav", "aside"}
)
_PAGE_FRAME = ["header", "footer"]
_CONTENT = ["article", "main", "section"]
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(
    {"address", "article", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl", "dt", "fieldset",
     "figcaption", "figure", "footer", "form", "header", "hr", "html", "legend", "li", "main", "ol", "p", "section",
     "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"}
)  # fmt: skip
_BLANKS_IN_LINE = re.compile(r" {2,}")
_BLANKS = re.compile(r"[ \t\r\n\f\xa0\u200b]+")


class HtmlLoader(FileLoader):
    """Yields one document for each section of a page, with its tables as Markdown; metadata: `headings`, `title`.

    Menus, side bars, scripts and the like are left out.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the sections in reading order.

        Raises:
            DocumentUnreadable: it is no text, or its encoding cannot be told.
        """
        page = read_page(page_text(self.path.read_bytes()))
        about = {"title": page.title} if page.title else {}
        for section in page.sections:
            yield Document(page_content=section.text, metadata={"headings": section.headings, **about})


@dataclass(frozen=True, slots=True)
class Page:
    """What people read on a web page."""

    title: str
    sections: list[Section]

    @property
    def text(self) -> str:
        """All sections as one text."""
        return "\n\n".join(section.text for section in self.sections)


def page_text(content: bytes, declared: str = "") -> str:
    """The source of a page; `declared` is what its sender says, and else the page's own word counts.

    Raises:
        DocumentUnreadable: it is no text, or its encoding cannot be told.
    """
    return decode(content, declared or declared_in(content))


def declared_in(content: bytes) -> str:
    """The encoding that a page claims to be in, empty where it says none."""
    own = _DECLARED.search(content[:4096])
    return own[1].decode("ascii") if own else ""


def read_page(source: str) -> Page:
    """Read the source of a page, or a fragment of one.

    Raises:
        DocumentUnreadable: its elements are nested too deeply.
    """
    try:
        soup = _parsed(source)
        blocks = _Walk(soup).blocks
    except RecursionError as error:
        raise DocumentUnreadable("its elements are nested too deeply", "网页元素嵌套过深") from error
    return Page(_one_line(soup.title.get_text()) if soup.title else "", list(sections(blocks)))


def _parsed(source: str) -> "BeautifulSoup":
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(_XML_DECLARATION.sub("", source, count=1), "lxml")
    for tag in soup.find_all(_is_dropped):
        tag.decompose()
    for tag in soup.find_all(_PAGE_FRAME):
        # Inside of an article a header holds its heading, not the site's menu.
        if tag.find_parent(_CONTENT) is None:
            tag.decompose()
    return soup


def _is_dropped(tag: "Tag") -> bool:
    if tag.name in _DROPPED or not tag.attrs:
        return tag.name in _DROPPED
    return "hidden" in tag.attrs or tag.attrs.get("aria-hidden") == "true" or tag.attrs.get("role") == "navigation"


class _Walk:
    """Collects the blocks of a page in document order."""

    def __init__(self, soup: "BeautifulSoup") -> None:
        self.blocks: list[Block] = []
        self._line: list[str] = []
        self._mark = ""
        self._items: Counter[int] = Counter()  # list → how many of its items were met
        self._walk(soup.body or soup)
        self._end_block()

    def _walk(self, parent: "Tag") -> None:
        from bs4.element import NavigableString, Tag

        for child in parent.children:
            if isinstance(child, Tag):
                self._tag(child)
            elif type(child) is NavigableString:  # its subclasses are comments, declarations and the like
                self._line.append(_BLANKS.sub(" ", child))

    def _tag(self, tag: "Tag") -> None:
        if tag.name == "br":
            self._line.append("\n")
        elif tag.name in _HEADINGS:
            self._add(_one_line(tag.get_text()), _HEADINGS[tag.name])
        elif tag.name == "pre":
            self._add(f"```\n{tag.get_text().strip()}\n```" if tag.get_text().strip() else "")
        elif tag.name == "table" and _holds_data(tag):
            table = markdown_table(_rows(tag))
            self._add(f"\n{table}\n" if table else "")
        elif tag.name in _BLOCKS:
            self._end_block()
            self._mark = self._list_mark(tag) or self._mark
            self._walk(tag)
            self._end_block()
        else:
            self._walk(tag)

    def _list_mark(self, tag: "Tag") -> str:
        if tag.name != "li":
            return ""
        lists = tag.find_parents(["ul", "ol"])
        indent = "  " * max(0, len(lists) - 1)
        if lists and lists[0].name == "ol":
            self._items[id(lists[0])] += 1
            return f"{indent}{self._items[id(lists[0])]}. "
        return f"{indent}- "

    def _add(self, text: str, level: int = 0) -> None:
        self._end_block()
        if text:
            self.blocks.append(Block(text, level))

    def _end_block(self) -> None:
        lines = [line.strip() for line in "".join(self._line).split("\n")]
        self._line.clear()
        if text := "\n".join(line for line in lines if line):
            self.blocks.append(Block(self._mark + _BLANKS_IN_LINE.sub(" ", text)))
            self._mark = ""


def _one_line(text: str) -> str:
    return _BLANKS.sub(" ", text).strip()


def _holds_data(table: "Tag") -> bool:
    """Whether a table is one, not a frame that old pages lay their text out with."""
    return table.find(["table", *_HEADINGS, "pre"]) is None and len(table.find_all(["td", "th"])) > 1


def _rows(table: "Tag") -> list[list[str]]:
    """The cells, a merged one repeated in every place it covers."""
    rows: list[list[str]] = []
    below: dict[int, tuple[str, int]] = {}  # column → text of a cell from above and in how many rows it goes on
    for row in table.find_all("tr"):
        cells: list[str] = []
        for cell in row.find_all(["td", "th"], recursive=False):
            _fill_from_above(cells, below)
            text = _one_line(cell.get_text(" "))
            for _ in range(_span(cell, "colspan")):
                below[len(cells)] = (text, _span(cell, "rowspan") - 1)
                cells.append(text)
        _fill_from_above(cells, below)
        rows.append(cells)
    return rows


def _fill_from_above(cells: list[str], below: dict[int, tuple[str, int]]) -> None:
    while (left := below.get(len(cells), ("", 0)))[1] > 0:
        below[len(cells)] = (left[0], left[1] - 1)
        cells.append(left[0])


def _span(cell: "Tag", name: str) -> int:
    text = str(cell.get(name, "1"))
    return min(max(1, int(text)), 100) if text.isascii() and text.isdigit() else 1
