"""Plain text."""

from collections.abc import Iterator

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.encoding import open_text

_PART = 1 << 20


class TextLoader(FileLoader):
    """Reads text in any usual encoding; a long file comes in parts of about a million characters."""

    def lazy_load(self) -> Iterator[Document]:
        """Yield the text, cut only at line ends.

        Raises:
            DocumentUnreadable: it is no text, or its encoding cannot be told.
        """
        with open_text(self.path) as stream:
            # A form feed is how printers and old tools mark a new page.
            while part := stream.read(_PART) + stream.readline(_PART):
                if part.strip():
                    yield Document(page_content=part.replace("\f", "\n"))
