"""PDF files with a text layer."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.errors import DocumentUnreadable
from document_loaders.pdf_lines import clean_lines, paragraphs, without_running_lines

if TYPE_CHECKING:
    import pypdfium2

# PDFium keeps state for the whole process and must not be entered by two threads at a time.
_PDFIUM = threading.Lock()
_PLACEHOLDER_TITLES = frozenset({"", "untitled", "(anonymous)", "anonymous", "unspecified", "(unspecified)"})


class PdfLoader(FileLoader):
    """Yields one document for each page with text; metadata: `page` from 1, and `title` when it is known.

    Lines are joined to paragraphs, and lines that come back on most pages (running heads, page numbers) are dropped.
    A PDF of pictures only yields nothing.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the pages, after all have been read: what comes back on most pages shows only then.

        Raises:
            DocumentUnreadable: the file is damaged or wants a password.
        """
        title, pages = self._read()
        about = {"title": title} if title else {}
        for number, lines in enumerate(without_running_lines(pages), start=1):
            if lines:
                yield Document(page_content=paragraphs(lines), metadata={"page": number, **about})

    def _read(self) -> tuple[str, list[list[str]]]:
        with _PDFIUM:
            pdf = _opened(self.path)
        try:
            # The lock is taken page by page, so that a long file does not keep the others waiting.
            pages = [clean_lines(_page_text(pdf, index)) for index in range(len(pdf))]
            with _PDFIUM:
                title = pdf.get_metadata_value("Title").strip().removeprefix("Microsoft Word - ")
        finally:
            with _PDFIUM:
                pdf.close()
        return "" if title.lower() in _PLACEHOLDER_TITLES else title, pages


def _opened(path: Path) -> "pypdfium2.PdfDocument":
    import pypdfium2
    from pypdfium2 import raw

    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise DocumentUnreadable("it is protected by a password", "文件受密码保护") from error
        raise DocumentUnreadable("the PDF is damaged or incomplete", "PDF 文件已损坏或不完整") from error


def _page_text(pdf: "pypdfium2.PdfDocument", index: int) -> str:
    import pypdfium2

    with _PDFIUM:
        try:
            page = pdf[index]
            try:
                text = page.get_textpage()
                try:
                    return text.get_text_bounded()
                finally:
                    text.close()
            finally:
                page.close()
        except pypdfium2.PdfiumError as error:
            raise DocumentUnreadable(
                f"page {index + 1} of the PDF is damaged", f"PDF 的第 {index + 1} 页已损坏"
            ) from error
