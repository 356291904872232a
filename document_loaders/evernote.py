"""Notes exported from Evernote (.enex)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.html import read_page
from document_loaders.xml_events import xml_events

_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)\d\dZ")
_DONE = re.compile(r"<en-todo[^>]*checked\s*=\s*[\"']true[\"'][^>]*>", re.IGNORECASE)
_TO_DO = re.compile(r"<en-todo[^>]*>", re.IGNORECASE)
_ENCRYPTED = re.compile(r"<en-crypt\b[^>]*>.*?</en-crypt>", re.IGNORECASE | re.DOTALL)
_WANTED = frozenset({"title", "content", "created", "updated", "tag", "file-name"})


class EvernoteLoader(FileLoader):
    """Yields one document for each note: its title, when it was made, its text, the names of what is attached.

    Metadata: `part` ("note 2"), `headings` (the note's title) and `lines`. Attachments are named, not read.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the notes in the order of the file.

        Raises:
            DocumentUnreadable: it is no text, or it is broken or dangerous XML.
        """
        for number, note in enumerate(_notes(self.path), start=1):
            title = note.one("title")
            about = {"part": f"note {number}", "headings": [title] if title else [], "lines": [note.first, note.last]}
            yield Document(page_content=_text(note), metadata=about)


@dataclass(slots=True)
class _Note:
    first: int
    last: int = 0
    fields: dict[str, list[str]] = field(default_factory=dict)

    def one(self, name: str) -> str:
        return "".join(self.fields.get(name, [])[:1]).strip()


def _notes(path: Path) -> Iterator[_Note]:
    note: _Note | None = None
    name = ""
    parts: list[str] = []
    for event in xml_events(path):
        if event.kind == "start":
            name, parts = event.name, []
            note = _Note(event.line) if name == "note" else note
        elif event.kind == "text" and name in _WANTED:
            # All else is not kept: the attachments are in there as text too, megabytes of it.
            parts.append(event.text)
        elif event.kind == "end" and note:
            if event.name in _WANTED:
                note.fields.setdefault(event.name, []).append("".join(parts))
            elif event.name == "note":
                note.last = event.line
                yield note
                note = None
            name, parts = "", []


def _text(note: _Note) -> str:
    source = _ENCRYPTED.sub("[encrypted 已加密]", note.one("content"))
    source = _TO_DO.sub("[ ] ", _DONE.sub("[x] ", source))
    lines = [
        note.one("title"),
        *(f"{label}: {_time(note.one(key))}" for label, key in (("Created", "created"), ("Updated", "updated"))),
        f"Tags: {', '.join(note.fields.get('tag', []))}",
    ]
    head = "\n".join(line for line in lines if line and not line.endswith(": "))
    attached = [f"Attachment: {name}" for name in note.fields.get("file-name", [])]
    return "\n\n".join(filter(None, (head, read_page(source).text, "\n".join(attached))))


def _time(text: str) -> str:
    return _TIME.sub(r"\1-\2-\3 \4:\5 UTC", text)
