"""What the styles of a Word document make of a paragraph: a heading of some level, a list entry, plain text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from document_loaders.docx_numbering import W, value

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

_HEADING = re.compile(r"^(?:heading|标题)\s*([1-9])$", re.IGNORECASE)
_BODY_TEXT = 9


@dataclass(frozen=True, slots=True)
class Look:
    """`heading_level` is 0 for what is no heading, `list_id` empty for what is in no list."""

    name: str
    heading_level: int
    list_id: str
    list_depth: int


class Styles:
    """The paragraph styles of one document."""

    def __init__(self, word: "WordDocument") -> None:
        elements = [style for style in word.styles.element if style.get(f"{W}type") == "paragraph"]
        self._by_id: dict[str, Any] = {style.get(f"{W}styleId", ""): style for style in elements}
        self._default = next((name for name, style in self._by_id.items() if style.get(f"{W}default")), "")

    def look(self, paragraph: Any) -> Look:
        """What the paragraph's own properties and its style say, the own ones first."""
        own = paragraph.find(f"{W}pPr")
        style_id = value(own.find(f"{W}pStyle")) if own is not None else None
        chain = list(self._chain(style_id or self._default))
        sources = [source for source in (own, *(style.find(f"{W}pPr") for style in chain)) if source is not None]
        names = [value(style.find(f"{W}name")) or "" for style in chain]
        list_id = _first(sources, "numPr/numId") or ""
        return Look(
            name=names[0] if names else "",
            heading_level=_heading_level(names, _first(sources, "outlineLvl")),
            list_id="" if list_id == "0" else list_id,
            list_depth=int(_first(sources, "numPr/ilvl") or 0),
        )

    def _chain(self, style_id: str) -> Iterator[Any]:
        """The style and those it is based on; a style may not be met twice, for broken files make rings."""
        met: set[str] = set()
        while style_id in self._by_id and style_id not in met:
            met.add(style_id)
            style = self._by_id[style_id]
            yield style
            style_id = value(style.find(f"{W}basedOn")) or ""


def _first(sources: list[Any], path: str) -> str | None:
    steps = "/".join(f"{W}{step}" for step in path.split("/"))
    return next((found for source in sources if (found := value(source.find(steps))) is not None), None)


def _heading_level(names: list[str], outline_level: str | None) -> int:
    if outline_level is not None and outline_level.isdigit():
        return 0 if int(outline_level) >= _BODY_TEXT else int(outline_level) + 1
    match = next((match for name in names if (match := _HEADING.match(name))), None)
    return int(match[1]) if match else 0
