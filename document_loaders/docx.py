"""Word documents (.docx, .docm)."""

import re
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

from langchain_core.documents import Document

from document_loaders.base import FileLoader, LoadOptions
from document_loaders.docx_notes import Notes
from document_loaders.docx_numbering import Numbering, W
from document_loaders.docx_styles import Styles
from document_loaders.docx_text import IMAGE, OLD_IMAGE, WRAPPERS, asides, rows, text_of_paragraph
from document_loaders.embedded_pictures import embedded_text
from document_loaders.markdown_table import markdown_table
from document_loaders.packages import check_package, damage_told, without_dead_links
from document_loaders.section_notes import notes_last
from document_loaders.sections import Block, sections

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

_MACRO_TYPE = "application/vnd.ms-word.document.macroEnabled.main+xml"
_RELATIONS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_CONTENTS_STYLE = re.compile(r"^(?:toc|目录)\s*\d$", re.IGNORECASE)


class DocxLoader(FileLoader):
    """Yields one document for each section, with its tables as Markdown; metadata: `headings`, `title` when known.

    Numbers that Word makes by itself (chapters, lists) are written out. Footnotes and comments stand at the end of
    their section, text boxes and the text of pictures (by OCR) behind the paragraph that holds them. Running heads
    are left out, and tables of contents: they would be found instead of the text they point to.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the sections in reading order.

        Raises:
            DocumentUnreadable: the file is damaged, unpacks to too much, or is no Word document.
        """
        check_package(self.path, self.options.max_unpacked_mb)
        with damage_told(), without_dead_links(self.path) as stream:
            word = _opened(stream)
            reader = _Reader(word, self.options)
            blocks = list(notes_last(reader.blocks(word.element.body)))
            title = (word.core_properties.title or "").strip() or reader.title
        about = {"title": title} if title else {}
        for section in sections(blocks):
            yield Document(page_content=section.text, metadata={"headings": section.headings, **about})


def _opened(stream: IO[bytes]) -> "WordDocument":
    """Open also a document with macros, which differs only in a name that the library does not know."""
    from docx.opc.part import PartFactory
    from docx.package import Package
    from docx.parts.document import DocumentPart

    PartFactory.part_type_for.setdefault(_MACRO_TYPE, DocumentPart)
    main: Any = Package.open(stream).main_document_part
    return main.document


class _Reader:
    """Turns the elements of a document's body into blocks."""

    def __init__(self, word: "WordDocument", options: LoadOptions) -> None:
        self.title = ""
        self._part = word.part
        self._options = options
        self._styles = Styles(word)
        self._numbering = Numbering(word)
        self._notes = Notes(word)

    def blocks(self, parent: Any) -> Iterator[Block]:
        """The paragraphs and tables in document order, also those inside content controls."""
        for element in parent:
            if element.tag == f"{W}p":
                yield from self._paragraph(element)
                yield from self._asides(element)
            elif element.tag == f"{W}tbl":
                if table := markdown_table(list(rows(element))):
                    yield Block(f"\n{table}\n")
                yield from self._asides(element)
            elif element.tag in WRAPPERS:
                yield from self.blocks(element)

    def _paragraph(self, element: Any) -> Iterator[Block]:
        text = text_of_paragraph(element).strip()
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

    def _asides(self, element: Any) -> Iterator[Block]:
        """What hangs on a paragraph or table without being its text: text boxes, pictures, notes."""
        for aside in asides(element):
            if aside.tag == f"{W}txbxContent":
                yield from self.blocks(aside)
            elif aside.tag in (IMAGE, OLD_IMAGE):
                yield from self._picture(aside)
            else:
                yield from self._notes.note(aside)

    def _picture(self, element: Any) -> Iterator[Block]:
        relations = self._part.rels
        name = element.get(f"{_RELATIONS}embed") or element.get(f"{_RELATIONS}id")
        if not self._options.ocr or name not in relations or relations[name].is_external:
            return
        if text := embedded_text(relations[name].target_part.blob, self._options):
            yield Block(text)
