"""Files whose text somebody gave: it takes the place of reading, and reading them again leaves it as it is."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from server.errors import NoText
from server.knowledge_base.edits import custom_pieces
from server.knowledge_base.parsers import Cancelled, Parser
from server.knowledge_base.reading import Report, Task, Text

LOADER = "custom_documents"


class KeepingDocuments:
    """A parser that passes over files with custom documents."""

    def __init__(self, parser: Parser, custom: Collection[str]) -> None:
        self._parser = parser
        self._custom = custom

    def parse(self, task: Task, report: Report, cancelled: Cancelled) -> Text:
        """See `Parser.parse`."""
        if task.name in self._custom:
            return Text(loader=LOADER, custom=True)
        return self._parser.parse(task, report, cancelled)

    def close(self) -> None:
        """The parser behind it belongs to somebody else."""


class GivenDocuments:
    """A parser that answers with the documents somebody gave for a file."""

    def __init__(self, documents: Sequence[Mapping[str, Any]]) -> None:
        self._documents = documents

    def parse(self, task: Task, report: Report, cancelled: Cancelled) -> Text:
        """See `Parser.parse`."""
        pieces = custom_pieces(task.name, self._documents)
        if not pieces:
            return Text(error=NoText(name=task.name))
        return Text(pieces, LOADER, custom=True)

    def close(self) -> None:
        """Nothing is open."""
