"""JSON: every value on a line of its own, behind the path that leads to it.

Numbers keep their digits and keys that occur twice are both kept: what is read is what is written.
"""

import json
from collections.abc import Iterator
from typing import Any

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.encoding import open_text
from document_loaders.json_reader import DECODER, JsonReader, broken, too_deep

_PIECE = 4000


class JsonLoader(FileLoader):
    """Yields one document for each item of an array, or of an array of objects directly inside of an object.

    What else an object holds comes in documents of a few thousand characters. Metadata: `part` ("item 3"), and
    `lines` for the items of an array that is the whole file, which is read item by item.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the values in the order of the file.

        Raises:
            DocumentUnreadable: it is no text, or no JSON; the reason names line and column.
        """
        with open_text(self.path) as stream:
            reader = JsonReader(stream)
            if reader.next_char() == "[":
                yield from _items(reader)
            else:
                yield from _documents(reader.value())
            if reader.next_char():
                raise reader.broken_here("more follows behind the end; a file of one value a line is named .jsonl")


class JsonLinesLoader(FileLoader):
    """Yields one document for each line that is not blank; metadata: `lines`."""

    def lazy_load(self) -> Iterator[Document]:
        """Yield the lines' values.

        Raises:
            DocumentUnreadable: it is no text, or a line is no JSON; the reason names line and column.
        """
        with open_text(self.path) as stream:
            for number, line in enumerate(stream, start=1):
                if not line.strip():
                    continue
                try:
                    value = DECODER.decode(line)
                except json.JSONDecodeError as error:
                    raise broken(number, error.colno, error.msg) from error
                except RecursionError as error:
                    raise too_deep() from error
                for text in _texts(value):
                    yield Document(page_content=text, metadata={"lines": [number, number]})


def _items(reader: JsonReader) -> Iterator[Document]:
    reader.take("[")
    number = 0
    while not reader.take("]"):
        if number and not reader.take(","):
            raise reader.broken_here("expecting ',' or ']'")
        number += 1
        reader.next_char()
        first = reader.line
        value = reader.value()
        about = {"part": f"item {number}", "lines": [first, reader.line]}
        for text in _texts(value):
            yield Document(page_content=text, metadata=about)


def _documents(value: Any) -> Iterator[Document]:
    """Of a value that is no array: the arrays of objects in it by their items, and the rest in between."""
    rest: list[tuple[str, Any]] = []
    for key, inner in value if isinstance(value, tuple) else [("", value)]:
        if not (isinstance(inner, list) and inner and all(isinstance(item, tuple) for item in inner)):
            rest.append((key, inner))
            continue
        yield from _rest(rest)
        rest = []
        for number, item in enumerate(inner, start=1):
            about = {"part": f"{key} item {number}", "headings": [key]}
            for text in _texts(item):
                yield Document(page_content=text, metadata=about)
    yield from _rest(rest)


def _rest(pairs: list[tuple[str, Any]]) -> Iterator[Document]:
    for text in _texts(tuple(pairs)):
        yield Document(page_content=text)


def _texts(value: Any) -> Iterator[str]:
    """The lines of a value in pieces; a value of many characters is never cut here."""
    piece: list[str] = []
    size = 0
    try:
        for line in _lines(value, ""):
            if piece and size + len(line) > _PIECE:
                yield "\n".join(piece)
                piece, size = [], 0
            piece.append(line)
            size += len(line) + 1
    except RecursionError as error:
        raise too_deep() from error
    if piece:
        yield "\n".join(piece)


def _lines(value: Any, path: str) -> Iterator[str]:
    if value in ((), []):
        if path:
            yield f"{path}: {'[]' if value == [] else '{}'}"
    elif isinstance(value, tuple):
        for key, inner in value:
            yield from _lines(inner, f"{path}.{key}" if path and key else path or key)
    elif not isinstance(value, list):
        yield f"{path}: {_shown(value)}" if path else _shown(value)
    elif any(isinstance(item, list | tuple) for item in value):
        for number, inner in enumerate(value, start=1):
            yield from _lines(inner, f"{path}[{number}]")
    else:
        texts = ", ".join(map(_shown, value))
        yield f"{path}: {texts}" if path else texts


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
