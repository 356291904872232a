"""How a page of a file looks: pages of PDFs, and pictures, as PNG."""

from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from server.errors import FileUnreadable, PageNotFound, UnsupportedFileType

if TYPE_CHECKING:
    from PIL.Image import Image

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
_LARGEST_SIDE = 1600  # pixels; enough to read a page of A4 on a screen


def page_picture(path: Path, page: int) -> bytes:
    """A page, from 1, as PNG. Blocks: call it in a thread.

    Raises:
        UnsupportedFileType: files of this kind have no pages that look like something.
        PageNotFound: the file has fewer pages.
        FileUnreadable: it is damaged, protected or too large.
    """
    from document_loaders.errors import DocumentUnreadable

    suffix = path.suffix.lower()
    if suffix != ".pdf" and suffix not in PICTURES:
        raise UnsupportedFileType(name=path.name, known=", ".join((".pdf", *PICTURES)))
    try:
        picture = _pdf_page(path, page) if suffix == ".pdf" else _frame(path, page)
    except DocumentUnreadable as error:
        raise FileUnreadable(name=path.name, reason_en=error.reason_en, reason_zh=error.reason_zh) from error
    picture.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
    made = BytesIO()
    picture.save(made, "PNG", compress_level=3)
    return made.getvalue()


def _pdf_page(path: Path, page: int) -> "Image":
    from document_loaders.pdf_document import PdfDocument

    pdf = PdfDocument(path)
    try:
        picture = pdf.render(page) if page <= pdf.count else None
        if picture is None:
            raise PageNotFound(name=path.name, page=page, pages=pdf.count)
        return picture
    finally:
        pdf.close()


def _frame(path: Path, page: int) -> "Image":
    from document_loaders.pictures import frames

    frame = next(islice(frames(path), page - 1, page), None)
    if frame is None:
        raise PageNotFound(name=path.name, page=page, pages=page - 1)
    return frame.picture
