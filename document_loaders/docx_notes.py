"""Footnotes, endnotes and comments of a Word document, which stand in parts of their own."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from document_loaders.docx_numbering import W
from document_loaders.docx_text import text_of_paragraph
from document_loaders.packages import xml_root
from document_loaders.section_notes import Note

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

_KINDS = ("footnote", "endnote", "comment")


class Notes:
    """The notes of one document, by their references in its text."""

    def __init__(self, word: "WordDocument") -> None:
        self._notes = {
            (kind, note.get(f"{W}id")): note
            for relation in word.part.rels.values()
            for kind in _KINDS
            if relation.reltype.endswith(f"/{kind}s") and not relation.is_external
            for note in xml_root(relation.target_part.blob).iterchildren(f"{W}{kind}")
        }

    def note(self, reference: Any) -> Iterator[Note]:
        """The note that a reference leads to, if it says anything."""
        kind = reference.tag.removeprefix(W).removesuffix("Reference")
        number = reference.get(f"{W}id", "")
        note = self._notes.get((kind, number))
        paragraphs = () if note is None else note.iter(f"{W}p")
        if text := " ".join(filter(None, (text_of_paragraph(each).strip() for each in paragraphs))):
            yield Note(f"[批注 Comment] {text}" if kind == "comment" else f"[{number}] {text}")
