"""Word documents (.docx)."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.docx_numbering import Numbering, W, value
from document_loaders.docx_styles import Styles
from document_loaders.errors import DocumentUnreadable
from document_loaders.markdown_table import markdown_table
from document_loaders.sections import Block, sections

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

_WRAPPERS = frozenset(f"{W}{name}" for name in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo"))
_WRITTEN = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}
# Properties, deleted text, phonetic guides, and the second copy of a text box for old programs.
_SKIPPED = frozenset(
    {f"{W}pPr", f"{W}rPr", f"{W}tcPr", f"{W}del", f"{W}moveFrom", f"{W}rt",
     "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
)  # fmt: skip
_CONTENTS_STYLE = re.compile(r"^(?:toc|目录)\s*\d$", re.IGNORECASE)


class DocxLoader(FileLoader):
    """Yields one document for each section, with its tables as Markdown; metadata: `headings`, `title` when known.

    Numbers that Word makes by itself (chapters, lists) are written out. Tables of contents are left out: they would
    be found instead of the text they point to.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the sections in reading order.

        Raises:
            DocumentUnreadable: the file is damaged or no Word document.
        """
        import docx

        with self.path.open("rb") as stream, _damage_told():
            word = docx.Document(stream)
            reader = _Reader(word)
            blocks = list(reader.blocks(word.element.body))
            title = (word.core_properties.title or "").strip() or reader.title
        about = {"title": title} if title else {}
        for section in sections(blocks):
            yield Document(page_content=section.text, metadata={"headings": section.headings, **about})


@contextmanager
def _damage_told() -> Iterator[None]:
    """python-docx does not check what it reads: a broken file ends in whatever its broken place leads to."""
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    broken_archive = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)  # NotImplementedError is one
    broken_content = (OpcError, LxmlError, LookupError, ValueError, TypeError, AttributeError)
    try:
        yield
    except (*broken_archive, *broken_content) as error:
        raise DocumentUnreadable("the Word document is damaged or incomplete", "Word 文档已损坏或不完整") from error


class _Reader:
    """Turns the elements of a document's body into blocks."""

    def __init__(self, word: "WordDocument") -> None:
        self.title = ""
        self._styles = Styles(word)
        self._numbering = Numbering(word)

    def blocks(self, parent: Any) -> Iterator[Block]:
        """The paragraphs and tables in document order, also those inside content controls."""
        for element in parent:
            if element.tag == f"{W}p":
                yield from self._paragraph(element)
            elif element.tag == f"{W}tbl":
                if table := markdown_table(list(_rows(element))):
                    yield Block(f"\n{table}\n")
            elif element.tag in _WRAPPERS:
                yield from self.blocks(element)

    def _paragraph(self, element: Any) -> Iterator[Block]:
        text = _text(element).strip()
        look = self._styles.look(element)
        if not text or _CONTENTS_STYLE.match(look.name):
            return
        label = self._numbering.label(look.list_id, look.list_depth) if look.list_id else ""
        if look.name.lower() in ("title", "标题") and not self.title:
            self.title = text
        if look.heading_level:
            text = f"{label} {text}".strip()
            yield Block(text, look.heading_level, " ".join(text.split()))
        else:
            yield Block(f"{'  ' * look.list_depth}{label} {text}" if label else text)


def _text(element: Any) -> str:
    """All text of a paragraph: also inserted by tracked changes, in links, fields and text boxes; nothing deleted."""
    parts: list[str] = []
    for child in element:
        if child.tag == f"{W}t":
            parts.append(child.text or "")
        elif child.tag in _WRITTEN:
            parts.append(_WRITTEN[child.tag])
        elif child.tag == f"{W}txbxContent":
            parts.extend(f"\n{_text(paragraph)}\n" for paragraph in child)
        elif child.tag not in _SKIPPED:
            parts.append(_text(child))
    return "".join(parts)


def _rows(table: Any) -> Iterator[list[str]]:
    """The cells of a table, a merged one repeated in every place it covers."""
    above: list[str] = []
    for row in _children(table, "tr"):
        cells = [""] * _number(row.find(f"{W}trPr/{W}gridBefore"), 0)
        for cell in _children(row, "tc"):
            text = " ".join(filter(None, (_text(part).strip() for part in cell)))
            merge = cell.find(f"{W}tcPr/{W}vMerge")
            if merge is not None and value(merge) in (None, "continue") and len(cells) < len(above):
                text = above[len(cells)]
            cells.extend([text] * max(1, _number(cell.find(f"{W}tcPr/{W}gridSpan"), 1)))
        above = cells
        yield cells


def _children(parent: Any, name: str) -> Iterator[Any]:
    for child in parent:
        if child.tag == f"{W}{name}":
            yield child
        elif child.tag in _WRAPPERS:
            yield from _children(child, name)


def _number(element: Any, default: int) -> int:
    text = value(element) or ""
    return int(text) if text.isdigit() else default
