"""Look at a knowledge base on disk, in SQL and in both indexes, and tell where these disagree. Nothing is changed.

The locks are held while the three are compared, not while bytes are hashed, so uploads never wait for long. What of it
is a left-over of a crash, `reconcile` removes; the rest is for people to decide.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from server.db import audit, jobs
from server.db import repositories as rows
from server.db.session import Database
from server.db.tables import FileRow, KnowledgeBaseRow
from server.errors import IndexDamaged, KnowledgeBaseBusy
from server.knowledge_base import content
from server.knowledge_base.index import IndexPool
from server.knowledge_base.names import Layout
from server.knowledge_base.progress import Told, untold
from server.knowledge_base.publish import locked, open_index

State = Literal["checked", "busy", "damaged", "unknown"]
IN_MEMORY = "memory"
"""The vector store that lives in the process which serves it, so no other process can look at its vectors."""


@dataclass(frozen=True)
class Report:
    """What disagrees in one knowledge base: names of files and folders, and numbers of chunks and index entries.

    State: checked; busy, when somebody is changing it, and then nothing was looked at; damaged, when its index cannot
    be opened; unknown, for a folder with files that SQL does not know as a knowledge base.
    """

    name: str
    state: State = "checked"
    files: int = 0
    chunks: int = 0
    files_not_in_sql: tuple[str, ...] = ()
    files_not_on_disk: tuple[str, ...] = ()
    files_changed_on_disk: tuple[str, ...] = ()
    files_unfinished: tuple[str, ...] = ()
    files_being_removed: tuple[str, ...] = ()
    files_with_wrong_ledger: tuple[str, ...] = ()
    uploads_not_in_place: tuple[str, ...] = ()
    uploads_without_job: tuple[str, ...] = ()
    old_indexes: tuple[str, ...] = ()
    chunks_invisible: int = 0
    chunks_without_vector: int = 0
    chunks_without_words: int = 0
    vectors_without_chunk: int = 0
    words_without_chunk: int = 0

    @property
    def findings(self) -> dict[str, tuple[str, ...] | int]:
        """What disagrees, by the name of its field."""
        plain = ("name", "state", "files", "chunks")
        found = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in plain}
        return {name: value for name, value in found.items() if value}

    @property
    def agrees(self) -> bool:
        """Whether disk, SQL and indexes were compared and are the same."""
        return self.state == "checked" and not self.findings


def look_at_folder(layout: Layout) -> Report:
    """The report of a folder that SQL does not know."""
    return Report(layout.root.name, "unknown", files_not_in_sql=tuple(content.listing(layout)))


class Audit:
    """The look at one knowledge base."""

    def __init__(self, database: Database, indexes: IndexPool, layout: Layout, kb: KnowledgeBaseRow) -> None:
        self._database = database
        self._indexes = indexes
        self._layout = layout
        self._kb = kb

    def run(self, patience_s: float, told: Told = untold) -> Report:
        """Look, waiting at most `patience_s` seconds for those who write."""
        name = self._kb.name
        suspects = self._changed(self._files(), told)
        told("comparing", 0, 0)
        try:
            with (
                locked(self._layout, name, rebuild=True, timeout_s=0),
                locked(self._layout, name, timeout_s=patience_s),
            ):
                return self._compare(suspects)
        except KnowledgeBaseBusy:
            return Report(name, "busy")

    def _files(self) -> list[FileRow]:
        with self._database.read() as session:
            return rows.files(session, self._kb.id)

    def _changed(self, files: Sequence[FileRow], told: Told = untold) -> list[str]:
        found: list[str] = []
        for done, file in enumerate(files):
            told("hashing", done, len(files))
            if _differs(self._layout.content / file.name, file):
                found.append(file.name)
        return found

    def _compare(self, suspects: Collection[str]) -> Report:
        with self._database.read() as session:
            kb = rows.get_knowledge_base(session, self._kb.id) or self._kb
            files = rows.files(session, kb.id)
            removing = tuple(file.name for file in rows.removing_files(session, kb.id))
            invisible = rows.invisible_ids(session, kb.id)
            visible = rows.visible_ids(session, kb.id)
            numbers = audit.chunk_numbers(session, kb.id)
            needed = jobs.active_incoming(session, kb.id)
        moves, lost = self._uploads(files, needed)
        vectors, words = self._index_ids(kb, visible)
        old = [folder.name for folder in self._layout.indexes.glob("*") if folder.name != str(kb.index_generation)]
        listed = {file.name for file in files} | {*removing}
        # Hashed before the locks were held: looked at once more, as it may have been replaced since.
        changed = self._changed([file for file in files if file.name in suspects and file.name not in moves.values()])
        return Report(
            name=kb.name,
            state="damaged" if vectors is None else "checked",
            files=len(files),
            chunks=len(visible),
            files_not_in_sql=tuple(name for name in content.listing(self._layout) if name not in listed),
            files_not_on_disk=tuple(file.name for file in files if self._is_missing(file, moves)),
            files_changed_on_disk=tuple(changed),
            files_unfinished=tuple(file.name for file in files if file.state == "waiting"),
            files_being_removed=removing,
            files_with_wrong_ledger=tuple(
                file.name for file in files if _is_wrong(file, *numbers.get(file.id, (0, -1)))
            ),
            uploads_not_in_place=tuple(moves.values()),
            uploads_without_job=tuple(lost),
            old_indexes=tuple(sorted(old)),
            chunks_invisible=len(invisible),
            chunks_without_vector=len(visible - vectors) if vectors is not None else 0,
            chunks_without_words=len(visible - words),
            vectors_without_chunk=len((vectors or set()) - visible),
            words_without_chunk=len(words - visible) if vectors is not None else 0,
        )

    def _is_missing(self, file: FileRow, moves: Mapping[str, str]) -> bool:
        waits = file.state == "waiting" or file.name in moves.values()
        return not waits and not (self._layout.content / file.name).is_file()

    def _uploads(self, files: Sequence[FileRow], needed: Collection[str]) -> tuple[dict[str, str], list[str]]:
        """By upload the published file whose bytes it holds; and the uploads that nobody will ever ask for."""
        published = {file.sha256: file.name for file in files if file.sha256}
        moves: dict[str, str] = {}
        lost: list[str] = []
        for path, sha256 in content.waiting(self._layout):
            name = published.get(sha256)
            if name is not None and content.sha256(self._layout.content / name) != sha256:
                moves[path.name] = name
            elif path.name not in needed and content.is_abandoned(path):
                lost.append(path.name)
        return moves, lost

    def _index_ids(self, kb: KnowledgeBaseRow, visible: set[int]) -> tuple[set[int] | None, set[int]]:
        """Ids in the vector store and in the word index; None for the vectors when the index is damaged."""
        try:
            vectors, words = open_index(self._indexes, self._layout, kb).ids()
        except IndexDamaged:
            return None, visible
        return (visible if kb.vector_store == IN_MEMORY else vectors), words


def _differs(path: Path, file: FileRow) -> bool:
    """Whether the bytes on disk are others than those the chunks were made of."""
    if not file.sha256 or not path.is_file():
        return False
    return path.stat().st_size != file.size or content.sha256(path) != file.sha256


def _is_wrong(file: FileRow, chunks: int, highest: int) -> bool:
    """Whether what is written down of a file cannot be true. Rows of older versions have no recipe and no pages."""
    if file.state != "ready" or not file.recipe or not json.loads(file.recipe).get("index", True):
        return False
    without_gaps = 0 < chunks == highest + 1
    return not without_gaps or file.pages_with_text + len(file.empty_pages) > file.pages
