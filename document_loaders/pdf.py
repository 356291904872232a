"""PDF files: pages with text, scans, and pages of both."""

from collections.abc import Iterator
from typing import Any

from langchain_core.documents import Document

from document_loaders import ocr
from document_loaders.base import FileLoader
from document_loaders.page_text import PageText, PlacedLine, joined
from document_loaders.pdf_document import PageContent, PdfDocument
from document_loaders.pdf_outline import Outline
from document_loaders.pdf_pictures import readable_pictures
from document_loaders.pdf_quality import is_garbled, is_picture_of_page
from document_loaders.pdf_running import RunningLines
from document_loaders.pictures import is_worth_reading, lines_of
from document_loaders.reading_order import Box

_PAGES_AHEAD = 40  # in which lines that come back are looked for
_PLACEHOLDER_TITLES = frozenset({"", "untitled", "(anonymous)", "anonymous", "unspecified", "(unspecified)"})


class PdfLoader(FileLoader):
    """Yields one document for each page; metadata as in `base`: page, pages, title, headings, ocr, blank, spans.

    Lines are joined to paragraphs, and lines that come back on most pages (running heads, page numbers) are dropped.
    A page whose text layer is missing or garbled is read by OCR as a whole; the text of pictures on other pages comes
    behind their text. A page without text comes as an empty document.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the pages in order; a page is read by OCR when it is asked for.

        Raises:
            DocumentUnreadable: the file is damaged or wants a password.
        """
        pdf = PdfDocument(self.path)
        try:
            title = pdf.title().strip().removeprefix("Microsoft Word - ")
            about = {} if title.lower() in _PLACEHOLDER_TITLES else {"title": title}
            outline = Outline(pdf.outline())
            for number, content, lines in _pages(pdf):
                place = {"page": number, "pages": pdf.count, **about}
                if headings := outline.headings(number):
                    place["headings"] = headings
                if not content.is_drawn:
                    text, marks = PageText(), {"blank": True}
                elif is_picture_of_page(content):
                    text, marks = self._seen_text(pdf, number, content)
                else:
                    text, marks = self._written_text(pdf, number, content, lines), {}
                yield _document(text, place, marks)
        finally:
            pdf.close()

    def _seen_text(self, pdf: PdfDocument, number: int, content: PageContent) -> tuple[PageText, dict[str, Any]]:
        """The text of a page that is a picture; without OCR the little that is written on it."""
        picture = pdf.render(number) if self.options.ocr else None
        lines = [PlacedLine(line.text, line.box) for line in ocr.read(picture)] if picture else []
        if lines:
            return joined(lines), {"ocr": True}
        written = PageText() if is_garbled(content) else joined(content.lines)
        return written, {"blank": True} if picture and not written.text and ocr.is_blank(picture) else {}

    def _written_text(self, pdf: PdfDocument, number: int, content: PageContent, lines: list[PlacedLine]) -> PageText:
        """The text layer, then what pictures beside it say."""
        text = joined(lines)
        for box in readable_pictures(content) if self.options.ocr else []:
            picture = pdf.render(number, box)
            if picture is not None and is_worth_reading(picture.width, picture.height):
                text += joined([PlacedLine(line.text, _inside(box, line.box)) for line in lines_of(picture)])
        return text


def _pages(pdf: PdfDocument) -> Iterator[tuple[int, PageContent, list[PlacedLine]]]:
    """Number, content and own lines of the pages; pictures of pages have no lines here."""
    running = RunningLines()
    for first in range(1, pdf.count + 1, _PAGES_AHEAD):
        numbers = range(first, min(first + _PAGES_AHEAD, pdf.count + 1))
        contents = [pdf.content(number) for number in numbers]
        written = [[] if is_picture_of_page(content) else content.lines for content in contents]
        yield from zip(numbers, contents, running.without(first, written), strict=True)


def _document(text: PageText, place: dict[str, Any], marks: dict[str, Any]) -> Document:
    if text.text:
        marks = marks | {"spans": list(text.spans)}
    return Document(page_content=text.text, metadata=place | marks)


def _inside(outer: Box, inner: Box) -> Box:
    """A box in fractions of another one, in fractions of the page."""
    left, top, right, bottom = outer
    width, height = right - left, bottom - top
    return (
        round(left + inner[0] * width, 4),
        round(top + inner[1] * height, 4),
        round(left + inner[2] * width, 4),
        round(top + inner[3] * height, 4),
    )
