"""Pictures: scans, photographs, screenshots, faxes of many pages."""

from collections.abc import Iterator
from typing import Any

from langchain_core.documents import Document

from document_loaders import ocr, pictures
from document_loaders.base import FileLoader
from document_loaders.page_text import PlacedLine, joined


class ImageLoader(FileLoader):
    """Yields one document for each picture in the file, read by OCR; metadata: `page`, `pages`, `ocr`, `spans`.

    One without text, or read without OCR, comes as an empty document.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the pictures in order, each as soon as it is read.

        Raises:
            DocumentUnreadable: damaged, too large or no picture; possibly after some documents.
        """
        for frame in pictures.frames(self.path):
            place: dict[str, Any] = {"page": frame.number, "pages": frame.count}
            if not self.options.ocr:
                yield Document(page_content="", metadata=place)
                continue
            page = joined([PlacedLine(line.text, line.box) for line in ocr.read(frame.picture)])
            yield Document(page_content=page.text, metadata=place | {"ocr": True, "spans": list(page.spans)})
