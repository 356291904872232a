"""The text of one paragraph or table of a Word document."""

from collections.abc import Iterator
from typing import Any

from document_loaders.docx_numbering import W, value

WRAPPERS = frozenset(f"{W}{name}" for name in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo"))
_WRITTEN = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}
IMAGE = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
OLD_IMAGE = "{urn:schemas-microsoft-com:vml}imagedata"
_TEXT_BOX = f"{W}txbxContent"
# Properties, deleted text, phonetic guides, and the second copy of a text box for old programs.
_SKIPPED = frozenset(
    {f"{W}pPr", f"{W}rPr", f"{W}tcPr", f"{W}del", f"{W}moveFrom", f"{W}rt",
     "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
)  # fmt: skip
_ASIDE = frozenset(
    {_TEXT_BOX, IMAGE, OLD_IMAGE, f"{W}footnoteReference", f"{W}endnoteReference", f"{W}commentReference"}
)  # fmt: skip


def text_of_paragraph(element: Any) -> str:
    """All text of a paragraph: also inserted by tracked changes, in links and fields; nothing deleted, no text box."""
    parts: list[str] = []
    for child in element:
        if child.tag == f"{W}t":
            parts.append(child.text or "")
        elif child.tag in _WRITTEN:
            parts.append(_WRITTEN[child.tag])
        elif child.tag in (f"{W}footnoteReference", f"{W}endnoteReference"):
            parts.append(f"[{child.get(f'{W}id', '')}]")
        elif child.tag not in _SKIPPED and child.tag != _TEXT_BOX:
            parts.append(text_of_paragraph(child))
    return "".join(parts)


def asides(element: Any) -> Iterator[Any]:
    """The text boxes, pictures and references to notes inside an element, in their order; not those in a text box."""
    for child in element:
        if child.tag in _ASIDE:
            yield child
        elif child.tag not in _SKIPPED:
            yield from asides(child)


def rows(table: Any) -> Iterator[list[str]]:
    """The cells of a table, a merged one repeated in every place it covers."""
    above: list[str] = []
    for row in _children(table, "tr"):
        cells = [""] * _number(row.find(f"{W}trPr/{W}gridBefore"), 0)
        for cell in _children(row, "tc"):
            text = " ".join(filter(None, (_text_in_cell(part) for part in cell)))
            merge = cell.find(f"{W}tcPr/{W}vMerge")
            if merge is not None and value(merge) in (None, "continue") and len(cells) < len(above):
                text = above[len(cells)]
            cells.extend([text] * max(1, _number(cell.find(f"{W}tcPr/{W}gridSpan"), 1)))
        above = cells
        yield cells


def _text_in_cell(part: Any) -> str:
    if part.tag == f"{W}tbl":
        return "; ".join(", ".join(filter(None, row)) for row in rows(part))
    return text_of_paragraph(part).strip()


def _children(parent: Any, name: str) -> Iterator[Any]:
    for child in parent:
        if child.tag == f"{W}{name}":
            yield child
        elif child.tag in WRAPPERS:
            yield from _children(child, name)


def _number(element: Any, default: int) -> int:
    text = value(element) or ""
    return min(int(text), 100) if text.isdigit() else default
