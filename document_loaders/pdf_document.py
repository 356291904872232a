"""PDFium behind one lock: what stands on a page, how it looks, and the outline.

PDFium keeps state for the whole process and must not be entered by two threads at a time. The lock is taken page by
page, so that a long file does not keep the others waiting.
"""

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from document_loaders.errors import DocumentUnreadable, protected
from document_loaders.pdf_lines import clipped, split_lines
from document_loaders.reading_order import Box

if TYPE_CHECKING:
    import pypdfium2
    from PIL.Image import Image

    from document_loaders.page_text import PlacedLine

_PDFIUM = threading.Lock()
_POINTS_AN_INCH = 72
_DPI = 200
_SMALLEST_SIDE, _LARGEST_SIDE = 1400, 2400  # pixels of the longer side of a page that is rendered whole
_UNITS = 1 << 20  # of the imaginary screen on which places are measured: PDFium gives whole numbers
_MOST_PICTURES = 200
_MOST_DEPTH = 5


@dataclass(frozen=True, slots=True)
class PageContent:
    """What is on a page. `unmapped` is the share of characters that its fonts do not translate to Unicode."""

    lines: "list[PlacedLine]" = field(default_factory=list)
    unmapped: float = 0.0
    pictures: list[Box] = field(default_factory=list)
    is_drawn: bool = True


class PdfDocument:
    """An open PDF; boxes are in fractions of a page as it is shown, from its top left corner."""

    def __init__(self, path: Path) -> None:
        with _PDFIUM:
            self._pdf = _opened(path)
            self.count = len(self._pdf)

    def close(self) -> None:
        """Let go of the file."""
        with _PDFIUM:
            self._pdf.close()

    def title(self) -> str:
        """The title its author gave it, or the program that made it."""
        with _PDFIUM:
            return self._pdf.get_metadata_value("Title")

    def outline(self) -> list[tuple[int, int, str]]:
        """Page (from 1), level (from 1) and title of the bookmarks."""
        found: list[tuple[int, int, str]] = []
        with _PDFIUM:
            for bookmark in self._pdf.get_toc():
                target = bookmark.get_dest()
                index = target.get_index() if target else None
                if index is not None:
                    found.append((index + 1, bookmark.level + 1, bookmark.get_title()))
        return found

    def content(self, number: int) -> PageContent:
        """What is on a page; a page that is too damaged to be opened comes as one with marks and without text."""
        import pypdfium2

        try:
            with self._page(number) as page:
                return _content(page)
        except pypdfium2.PdfiumError:
            return PageContent()

    def render(self, number: int, box: Box = (0, 0, 1, 1)) -> "Image | None":
        """A page, or a part of one, as people see it at 200 dpi or what its size allows; None if it is damaged."""
        import pypdfium2

        try:
            with self._page(number) as page:
                width, height = page.get_size()
                longest = max(width, height)
                scale = min(max(_DPI / _POINTS_AN_INCH, _SMALLEST_SIDE / longest), _LARGEST_SIDE / longest)
                left, top, right, bottom = box
                crop = (left * width, (1 - bottom) * height, (1 - right) * width, top * height)
                bitmap = page.render(scale=scale, crop=tuple(max(0.0, edge) for edge in crop))  # pyright: ignore[reportArgumentType]
                try:
                    return bitmap.to_pil().convert("RGB")
                finally:
                    bitmap.close()
        except (pypdfium2.PdfiumError, ValueError):
            return None

    @contextmanager
    def _page(self, number: int) -> Iterator["pypdfium2.PdfPage"]:
        with _PDFIUM:
            page = self._pdf[number - 1]
            try:
                yield page
            finally:
                page.close()


def _opened(path: Path) -> "pypdfium2.PdfDocument":
    import pypdfium2
    from pypdfium2 import raw

    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise protected() from error
        raise DocumentUnreadable("the PDF is damaged or incomplete", "PDF 文件已损坏或不完整") from error


def _content(page: "pypdfium2.PdfPage") -> PageContent:
    from pypdfium2 import raw

    text = page.get_textpage()
    try:
        count = text.count_chars()
        characters = "".join(chr(raw.FPDFText_GetUnicode(text, index)) for index in range(count))
        unmapped = sum(raw.FPDFText_HasUnicodeMapError(text, index) == 1 for index in range(count))
        lines = split_lines(characters, lambda start, end: _line_box(page, text, start, end))
    finally:
        text.close()
    is_drawn = raw.FPDFPage_CountObjects(page) > 0 or raw.FPDFPage_GetAnnotCount(page) > 0
    return PageContent(lines, unmapped / max(1, count), _pictures(page), is_drawn)


def _line_box(page: "pypdfium2.PdfPage", text: "pypdfium2.PdfTextPage", start: int, end: int) -> Box | None:
    boxes = [_shown(page, text.get_rect(index)) for index in range(text.count_rects(start, end - start))]
    return _around(boxes) if boxes else None


def _pictures(page: "pypdfium2.PdfPage") -> list[Box]:
    from pypdfium2 import raw

    boxes: list[Box] = []
    for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=_MOST_DEPTH):
        bounds, container = each.get_bounds(), each.container
        while container is not None:  # PDFium measures what is in a form by the form
            bounds, container = container.get_matrix().on_rect(*bounds), container.container
        box = clipped(_shown(page, bounds))
        boxes += [box] if box else []
    # A drawing of a thousand little pictures is one.
    return boxes if len(boxes) <= _MOST_PICTURES else [_around(boxes)]


def _shown(page: "pypdfium2.PdfPage", bounds: Any) -> Box:
    """From PDF coordinates to fractions of the page as it is shown: turned, and cut to its crop box."""
    from pypdfium2 import raw

    x, y = ctypes.c_int(), ctypes.c_int()
    places: list[tuple[float, float]] = []
    for corner in (bounds[:2], bounds[2:]):
        raw.FPDF_PageToDevice(page, 0, 0, _UNITS, _UNITS, 0, *corner, x, y)
        places.append((x.value / _UNITS, y.value / _UNITS))
    (x0, y0), (x1, y1) = places
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _around(boxes: list[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
