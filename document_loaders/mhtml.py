"""Web pages saved as one file (.mhtml, .mht)."""

from collections.abc import Iterator
from email.message import Message

from langchain_core.documents import Document

from document_loaders import mime
from document_loaders.base import FileLoader
from document_loaders.errors import DocumentUnreadable
from document_loaders.html import page_text, read_page

_PAGES = ("text/html", "application/xhtml+xml")


class MhtmlLoader(FileLoader):
    """Reads the page itself, none of the frames and pictures saved with it; metadata: `headings`, `title`."""

    def lazy_load(self) -> Iterator[Document]:
        """Yield the sections in reading order.

        Raises:
            DocumentUnreadable: it is no saved page, its encoding cannot be told, or it is nested too deeply.
        """
        with self.path.open("rb") as stream:
            message = mime.parse(stream)
        root = _root(message)
        page = read_page(page_text(mime.content(root), mime.charset(root)))
        title = page.title or mime.field(message, "subject")
        about = {"title": title} if title else {}
        for section in page.sections:
            yield Document(page_content=section.text, metadata={"headings": section.headings, **about})


def _root(message: Message) -> Message:
    pages = [part for part in mime.leaves(message) if part.get_content_type() in _PAGES]
    if not pages:
        raise DocumentUnreadable("it holds no web page", "其中没有网页")
    start = message.get_param("start")
    return next((page for page in pages if start and page.get("content-id") == start), pages[0])
