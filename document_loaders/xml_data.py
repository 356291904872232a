"""XML of any kind: an element a line, its name in front, what stands inside of it indented."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.xml_events import XmlEvent, xml_events

_PIECE = 4000
_TITLES = frozenset({"title", "head", "heading", "标题"})


class XmlLoader(FileLoader):
    """Yields documents of a few thousand characters, and one for each element that begins with a title.

    Metadata: `headings` (the path of elements, an element with a title by that title) and `lines`.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the elements in the order of the file.

        Raises:
            DocumentUnreadable: it is no text, or it is broken or dangerous XML; the reason names the line.
        """
        tree = _Tree()
        for event in xml_events(self.path):
            yield from tree.take(event)


@dataclass(slots=True)
class _Element:
    name: str
    line: int
    attributes: dict[str, str]
    title: str = ""
    content: list["str | _Closed"] = field(default_factory=list)
    size: int = 0
    is_section: bool = False  # parts of it are yielded already, or are going to be on their own


@dataclass(frozen=True, slots=True)
class _Closed:
    """An element as lines for its parent, and as words for a parent whose own text runs around it."""

    lines: list[str]
    words: str


class _Tree:
    """Holds the open elements; what is complete and long enough is given away."""

    def __init__(self) -> None:
        self._open: list[_Element] = []
        self._line = 1

    def take(self, event: XmlEvent) -> Iterator[Document]:
        """Add an event; yield what became complete by it."""
        self._line = event.line
        if event.kind == "start":
            self._open.append(_Element(event.name, event.line, event.attributes))
        elif event.kind == "end":
            yield from self._close()
        elif self._open:
            self._open[-1].content.append(event.text)
            self._open[-1].size += len(event.text)
            yield from self._give_if_long()

    def _close(self) -> Iterator[Document]:
        element = self._open[-1]
        if element.is_section or len(self._open) == 1:
            yield from self._give(self._open)
            self._open.pop()
            return
        self._open.pop()
        parent = self._open[-1]
        closed = _closed(element)
        if element.name.lower() in _TITLES and closed.words and not parent.title and not _has_content(parent):
            yield from self._give(self._open[:-1])
            parent.title, parent.is_section = closed.words, True
        if closed.lines:
            parent.content.append(closed)
            parent.size += sum(map(len, closed.lines))
            yield from self._give_if_long()

    def _give_if_long(self) -> Iterator[Document]:
        if self._open[-1].size > _PIECE:
            yield from self._give(self._open)

    def _give(self, elements: list[_Element]) -> Iterator[Document]:
        """Yield what the elements hold, outermost first: that is the order of the file."""
        for depth, element in enumerate(elements, start=1):
            lines = [*_attribute_lines(element), *_lines(element)]
            if lines:
                path = [each.title or each.name for each in elements[:depth]]
                about = {"headings": path, "lines": [element.line, self._line]}
                yield Document(page_content="\n".join(lines), metadata=about)
            element.content, element.attributes, element.size = [], {}, 0
            element.line, element.is_section = self._line, True


def _closed(element: _Element) -> _Closed:
    words = _words(element)
    has_elements = any(isinstance(part, _Closed) for part in element.content)
    if has_elements and not _has_own_text(element):
        inner = [*_attribute_lines(element), *_lines(element)]
        return _Closed([f"{element.name}:", *(f"  {line}" for line in inner)], words)
    about = ", ".join(f"{key}: {value}" for key, value in element.attributes.items())
    shown = " ".join(filter(None, (words, f"({about})" if about else "")))
    return _Closed([f"{element.name}: {shown}"] if shown else [], words)


def _attribute_lines(element: _Element) -> list[str]:
    return [f"{key}: {value}" for key, value in element.attributes.items()]


def _lines(element: _Element) -> list[str]:
    if _has_own_text(element):
        return [words] if (words := _words(element)) else []
    return [line for part in element.content if isinstance(part, _Closed) for line in part.lines]


def _words(element: _Element) -> str:
    texts = (part.words if isinstance(part, _Closed) else part for part in element.content)
    return " ".join("".join(texts).split())


def _has_own_text(element: _Element) -> bool:
    return any(isinstance(part, str) and part.strip() for part in element.content)


def _has_content(element: _Element) -> bool:
    return any(isinstance(part, _Closed) or part.strip() for part in element.content)
