"""What all splitters of ours share: exact places, metadata that fits the chunk, and rows that are not torn."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from langchain_core.documents import Document
from langchain_text_splitters import TextSplitter

from text_splitter.boundaries import blocks
from text_splitter.cutter import Cutter, Piece
from text_splitter.lengths import Characters, Lengths
from text_splitter.positions import Places


class PieceSplitter(TextSplitter):
    """A splitter that says where its chunks stand.

    Nothing is longer than `chunk_size` and no text is lost. Chunks carry `start_index`, the offset of their first own
    character in their document's text, which follows a repeated table head; `lines`, `rows` and `spans` are narrowed to
    the chunk. Documents that are rows of a table (metadata `row`, `rows` or `sheet`) are cut between rows, without an
    overlap, whatever the splitter; a row is torn only when it is longer than a chunk.
    """

    def __init__(self, chunk_size: int = 250, chunk_overlap: int = 50, *, lengths: Lengths | None = None) -> None:
        self.lengths = lengths or Characters()
        super().__init__(chunk_size, chunk_overlap, length_function=self.lengths.count, add_start_index=True)
        self._cutter = Cutter(chunk_size, chunk_overlap, self.lengths)
        self._row_cutter = Cutter(chunk_size, 0, self.lengths, rows=True)

    @abstractmethod
    def pieces(self, text: str) -> Iterator[Piece]:
        """The pieces of a text that is no table, in reading order."""

    def split_text(self, text: str) -> list[str]:
        """The chunks in reading order."""
        return [piece.shown(text) for piece in self.pieces(text)]

    def create_documents(self, texts: list[str], metadatas: list[dict[Any, Any]] | None = None) -> list[Document]:
        """One document for each chunk, with a copy of its text's metadata."""
        pairs = zip(texts, metadatas or [{}] * len(texts), strict=True)
        return self.split_documents(Document(page_content=text, metadata=metadata) for text, metadata in pairs)

    def split_documents(self, documents: Iterable[Document]) -> list[Document]:
        """The chunks of all documents, each document on its own."""
        return [chunk for document in documents for chunk in self.chunks(document)]

    def chunks(self, document: Document) -> Iterator[Document]:
        """The chunks of one document, which stays as it is."""
        cut = self._row_cutter.pieces if is_table(document.metadata) else self.pieces
        places = Places(document.metadata, document.page_content)
        return (chunk(document.page_content, piece, places) for piece in cut(document.page_content))


class ProseSplitter(PieceSplitter):
    """A splitter with rules for prose only; tables and fenced code in between are cut as the default splitter does."""

    @abstractmethod
    def prose(self, text: str) -> Iterator[Piece]:
        """The pieces of a text without tables and code, in reading order; one that is too long is cut further."""

    def pieces(self, text: str) -> Iterator[Piece]:
        """The pieces of a text, in reading order."""
        done = 0
        for start, end in blocks(text):
            yield from self._fitting(text[done:start], done)
            yield from _moved(self._cutter.pieces(text[start:end]), start)
            done = end
        yield from self._fitting(text[done:], done)

    def _fitting(self, text: str, offset: int) -> Iterator[Piece]:
        if not text.strip():
            return
        for piece in self.prose(text):
            content = piece.shown(text)
            if self.lengths.count(content) <= self._chunk_size:
                yield piece.moved(offset)
            else:
                yield from _moved(self._cutter.pieces(text[piece.start : piece.end]), piece.start + offset)


def is_table(metadata: Mapping[str, Any]) -> bool:
    """Whether a document holds rows of a table, to judge by the words its loader uses for places."""
    return any(key in metadata for key in ("row", "rows", "sheet"))


def chunk(text: str, piece: Piece, places: Places) -> Document:
    """The document of one piece; its spans count from the start of what is shown."""
    content = piece.shown(text)
    metadata: dict[Any, Any] = places.narrowed(piece.start, piece.end) | {"start_index": piece.start}
    if metadata.get("spans") and len(content) != piece.end - piece.start:
        metadata["spans"] = [
            [piece.shown_at(text, start), piece.shown_at(text, end), box] for start, end, box in metadata["spans"]
        ]
    return Document(page_content=content, metadata=metadata)


def _moved(pieces: Iterator[Piece], by: int) -> Iterator[Piece]:
    return (piece.moved(by) for piece in pieces)
