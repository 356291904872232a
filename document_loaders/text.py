"""Plain text."""

from collections.abc import Iterator

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.encoding import open_text

_PART = 1 << 20


class TextLoader(FileLoader):
    """Reads text in any usual encoding; a long file comes in parts of about a million characters.

    Metadata: `lines`. A document has exactly these lines of the file, so the line of any place in it can be counted.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the text, cut only at line ends.

        Raises:
            DocumentUnreadable: it is no text, or its encoding cannot be told.
        """
        first = 1
        with open_text(self.path) as stream:
            while part := stream.read(_PART) + stream.readline(_PART):
                ends = part.count("\n")
                if part.strip():
                    last = first + ends - part.endswith("\n")
                    # A form feed is how printers and old tools mark a new page; blank, it leaves the line count as is.
                    yield Document(page_content=part.replace("\f", " "), metadata={"lines": [first, last]})
                first += ends
