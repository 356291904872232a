"""The text of OpenDocument files: paragraphs, headings, lists, notes, text boxes and pictures as blocks."""

from collections.abc import Callable, Iterator
from typing import Any

from document_loaders.markdown_table import markdown_table
from document_loaders.section_notes import Note
from document_loaders.sections import Block

_URN = "urn:oasis:names:tc:opendocument:xmlns:"
TEXT, TABLE, DRAW = f"{{{_URN}text:1.0}}", f"{{{_URN}table:1.0}}", f"{{{_URN}drawing:1.0}}"
OFFICE, STYLE, PRESENTATION = f"{{{_URN}office:1.0}}", f"{{{_URN}style:1.0}}", f"{{{_URN}presentation:1.0}}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_WRITTEN = {f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}
# Pieces of a paragraph that are blocks of their own, phonetic guides, and what is not text.
_ASIDE = frozenset(
    {f"{TEXT}note", f"{OFFICE}annotation", f"{DRAW}frame", f"{DRAW}g", f"{DRAW}custom-shape", f"{TEXT}ruby-text"}
)
_SKIPPED = frozenset(
    {f"{TEXT}{name}" for name in ("table-of-content", "illustration-index", "table-index", "object-index", "user-index",
                                  "alphabetical-index", "bibliography", "tracked-changes", "sequence-decls")}
)  # fmt: skip


def inline(element: Any) -> str:
    """The text of a paragraph without what stands aside of it."""
    parts = [element.text or ""]
    for child in element:
        if child.tag == f"{TEXT}s":
            count = child.get(f"{TEXT}c", "1")
            parts.append(" " * min(int(count) if count.isdigit() else 1, 100))
        elif child.tag in _WRITTEN:
            parts.append(_WRITTEN[child.tag])
        elif isinstance(child.tag, str) and child.tag not in _ASIDE:
            parts.append(inline(child))
        parts.append(child.tail or "")
    return "".join(parts)


class BlockReader:
    """Turns elements into blocks; `picture_text` is given the name of a picture's part and reads what stands in it."""

    def __init__(self, roots: list[Any], picture_text: Callable[[str], str]) -> None:
        self._picture_text = picture_text
        self._numbered = {
            (style.get(f"{STYLE}name"), level.get(f"{TEXT}level"))
            for root in roots
            for style in root.iter(f"{TEXT}list-style")
            for level in style.iterchildren(f"{TEXT}list-level-style-number")
            if level.get(f"{STYLE}num-format")
        }

    def blocks(self, parent: Any) -> Iterator[Block]:
        """The blocks below an element, in document order."""
        for child in parent:
            if child.tag in (f"{TEXT}p", f"{TEXT}h"):
                yield from self._paragraph(child, "")
            elif child.tag == f"{TEXT}list":
                yield from self._list(child, child.get(f"{TEXT}style-name"), 1)
            elif child.tag == f"{TABLE}table":
                yield from self._table(child)
            elif child.tag == f"{DRAW}image":
                yield from self._picture(child)
            elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
                yield from self.blocks(child)

    def _paragraph(self, element: Any, label: str) -> Iterator[Block]:
        text = inline(element).strip()
        level = element.get(f"{TEXT}outline-level", "1") if element.tag == f"{TEXT}h" else ""
        if text and level.isdigit():
            yield Block(text, max(1, int(level)), " ".join(text.split()))
        elif text:
            yield Block(f"{label}{text}")
        yield from self._asides(element)

    def _asides(self, element: Any) -> Iterator[Block]:
        for child in element:
            if child.tag == f"{TEXT}note":
                mark = "".join(inline(each) for each in child.iterchildren(f"{TEXT}note-citation"))
                yield from (Note(f"[{mark}] {text}") for text in self._note_texts(child))
            elif child.tag == f"{OFFICE}annotation":
                yield from (Note(f"[批注 Comment] {text}") for text in self._note_texts(child))
            elif child.tag in _ASIDE and child.tag != f"{TEXT}ruby-text":
                yield from self.blocks(child)
            else:
                yield from self._asides(child)

    def _note_texts(self, note: Any) -> Iterator[str]:
        text = " ".join(filter(None, (inline(each).strip() for each in note.iter(f"{TEXT}p"))))
        if text:
            yield text

    def _list(self, element: Any, style: str | None, depth: int) -> Iterator[Block]:
        is_numbered = (style, str(depth)) in self._numbered
        for number, item in enumerate(element.iterchildren(f"{TEXT}list-item", f"{TEXT}list-header"), start=1):
            label = f"{'  ' * (depth - 1)}{f'{number}.' if is_numbered else '-'} "
            for child in item:
                if child.tag == f"{TEXT}list":
                    yield from self._list(child, child.get(f"{TEXT}style-name") or style, depth + 1)
                elif child.tag in (f"{TEXT}p", f"{TEXT}h"):
                    yield from self._paragraph(child, label)
                    label = "  " * depth

    def _table(self, element: Any) -> Iterator[Block]:
        from document_loaders.odf_tables import rows_of

        if text := markdown_table(rows_of(element)):
            yield Block(f"\n{text}\n")

    def _picture(self, element: Any) -> Iterator[Block]:
        if text := self._picture_text(element.get(_LINK, "").removeprefix("./")):
            yield Block(text)
