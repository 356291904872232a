"""Reading XML as a stream, safely: no entity of another file, no entity made of entities, no endless nesting.

Python's own expat parses; what it cannot do is read the encodings of East Asia, so the bytes are decoded before it
sees them. Broken XML is refused with the line, not mended.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from xml.parsers import expat

from document_loaders.declared import open_declared
from document_loaders.errors import DocumentUnreadable

_BLOCK = 1 << 16
_DEEPEST = 200
# Entities are abbreviations; text that they swell to many times the file is an attack.
_MOST_SWELLING = 20
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*encoding\s*=\s*[\"']([\w.-]+)[\"']")
_ENTITY_INSIDE = re.compile(r"&(?!(?:lt|gt|amp|quot|apos);|#)")


@dataclass(frozen=True, slots=True)
class XmlEvent:
    """The start, text or end of an element; names are without their namespace."""

    kind: Literal["start", "text", "end"]
    line: int
    name: str = ""
    text: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


def xml_events(path: Path) -> Iterator[XmlEvent]:
    """Read the file; the text of an element may come in several events.

    Raises:
        DocumentUnreadable: it is no text, or it is broken or dangerous XML.
    """
    with path.open("rb") as start:
        declared = _DECLARED.search(start.read(200))
    with open_declared(path, declared[1].decode("ascii") if declared else "") as stream:
        parsing = _Parsing()
        try:
            while block := stream.read(_BLOCK):
                yield from parsing.feed(block)
            yield from parsing.feed("", is_last=True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise DocumentUnreadable(
                f"the XML is broken in line {error.lineno} ({reason})", f"XML 在第 {error.lineno} 行有错误（{reason}）"
            ) from error


class _Parsing:
    """Collects what expat calls back with."""

    def __init__(self) -> None:
        # The encoding given here overrules the one declared in the file, which was true of its bytes only.
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.EntityDeclHandler = self._entity
        self._parser.SkippedEntityHandler = self._unknown_entity
        self._parser.ExternalEntityRefHandler = self._foreign_entity
        self._events: list[XmlEvent] = []
        self._depth = self._fed = self._given = 0

    def feed(self, block: str, *, is_last: bool = False) -> list[XmlEvent]:
        """The events of the next block."""
        self._fed += len(block)
        self._events = []
        self._parser.Parse(block.encode("utf-8"), is_last)
        return self._events

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise DocumentUnreadable("its elements are nested too deeply", "元素嵌套过深")
        named = {_local(key): value for key, value in attributes.items()}
        self._events.append(XmlEvent("start", self._parser.CurrentLineNumber, _local(name), attributes=named))

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._events.append(XmlEvent("end", self._parser.CurrentLineNumber, _local(name)))

    def _text(self, text: str) -> None:
        self._given += len(text)
        if self._given > _BLOCK and self._given > self._fed * _MOST_SWELLING:
            raise _bomb()
        self._events.append(XmlEvent("text", self._parser.CurrentLineNumber, text=text))

    def _entity(self, _name: str, _is_parameter: bool, value: str | None, *_where: str | None) -> None:
        if value and _ENTITY_INSIDE.search(value):
            raise _bomb()

    def _unknown_entity(self, name: str, _is_parameter: bool) -> None:
        # Mostly a name of HTML, which a document type that is not read here would declare.
        self._text(html.unescape(f"&{name};"))

    def _foreign_entity(self, context: str | None, *_where: str | None) -> int:
        # Expat's context lists the known namespaces first, each behind a form feed.
        self._text("&" + re.split(r"[\f ]", context)[-1] + ";" if context else "")
        return 1


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _bomb() -> DocumentUnreadable:
    return DocumentUnreadable("its entities swell to far more than the file holds", "其实体展开后远超文件本身的大小")
