"""Web pages."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.encoding import encoding_of, read_text
from document_loaders.errors import DocumentUnreadable
from document_loaders.markdown_table import markdown_table
from document_loaders.sections import Block, sections

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_DECLARED = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "iso8859-1": "cp1252", "shift_jis": "cp932"}
_DROPPED = (
    "script, style, noscript, template, svg, iframe, button, select, textarea, nav, aside, [hidden], "
    "[aria-hidden=true], [role=navigation]"
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
        soup = _parsed(_page_text(self.path))
        try:
            blocks = _Page(soup).blocks
        except RecursionError as error:
            raise DocumentUnreadable("its elements are nested too deeply", "网页元素嵌套过深") from error
        title = _one_line(soup.title.get_text()) if soup.title else ""
        about = {"title": title} if title else {}
        for section in sections(blocks):
            yield Document(page_content=section.text, metadata={"headings": section.headings, **about})


def _page_text(path: Path) -> str:
    """UTF-8 proves itself and wins over the page's own word; that word wins over a guess."""
    try:
        if encoding_of(path).startswith("utf"):
            return read_text(path)
    except DocumentUnreadable:
        pass  # the page itself may know better
    content = path.read_bytes()
    declared = _DECLARED.search(content[:4096])
    if declared:
        try:
            name = codecs.lookup(declared[1].decode("ascii")).name
            return content.decode(_WIDER.get(name, name))
        except (LookupError, UnicodeDecodeError):
            pass  # the page is wrong about itself
    return read_text(path)


def _parsed(text: str) -> "BeautifulSoup":
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(text, "lxml")
    for tag in soup.select(_DROPPED):
        tag.decompose()
    for tag in soup.find_all(_PAGE_FRAME):
        # Inside of an article a header holds its heading, not the site's menu.
        if tag.find_parent(_CONTENT) is None:
            tag.decompose()
    return soup


class _Page:
    """Collects the blocks of a page in document order."""

    def __init__(self, soup: "BeautifulSoup") -> None:
        self.blocks: list[Block] = []
        self._line: list[str] = []
        self._mark = ""
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
            self._mark = _list_mark(tag) or self._mark
            self._walk(tag)
            self._end_block()
        else:
            self._walk(tag)

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


def _list_mark(tag: "Tag") -> str:
    if tag.name != "li":
        return ""
    lists = tag.find_parents(["ul", "ol"])
    indent = "  " * max(0, len(lists) - 1)
    if lists and lists[0].name == "ol":
        return f"{indent}{len(tag.find_previous_siblings('li')) + 1}. "
    return f"{indent}- "


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
