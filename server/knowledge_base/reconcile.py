"""Finish or remove what a crash left half done, on disk, in SQL and in the indexes. `audit` tells what that is.

Nothing here is needed for right answers (see `publish`); it frees space and finishes moves. A knowledge base that is
being written to is left alone. SQL decides: what it does not know goes, what it knows and an index lacks is added.
"""

import logging
import shutil
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from configs import Settings
from server.analysis import terms
from server.db import repositories as rows
from server.db.session import Database
from server.db.tables import KnowledgeBaseRow
from server.errors import KnowledgeBaseBusy, ZhiwenError
from server.knowledge_base.embedders import Embedders
from server.knowledge_base.index import Entries, Index, IndexPool
from server.knowledge_base.ingest import EMBED_BATCH
from server.knowledge_base.names import Layout
from server.knowledge_base.progress import Told, untold
from server.knowledge_base.publish import locked, open_index, settle
from server.knowledge_base.reading import indexed_text
from server.retrieval.dense import embed_documents

log = logging.getLogger(__name__)

DELETING = ".deleting"


@dataclass(frozen=True)
class Repairs:
    """What was found and put right; `problem` tells what kept the rest from being repaired."""

    chunks_removed: int = 0
    entries_removed: int = 0
    entries_added: int = 0
    files_moved: int = 0
    indexes_removed: int = 0
    problem: ZhiwenError | None = None

    def __bool__(self) -> bool:
        numbers = (self.chunks_removed, self.entries_removed, self.entries_added, self.files_moved)
        return any((*numbers, self.indexes_removed))


class Reconciler:
    """The repairs of all knowledge bases."""

    def __init__(self, settings: Settings, database: Database, indexes: IndexPool, embedders: Embedders) -> None:
        self._root = settings.paths.knowledge_base
        self._database = database
        self._indexes = indexes
        self._embedders = embedders

    def repair(self, names: Collection[str] = (), *, patience_s: float = 0, told: Told = untold) -> dict[str, Repairs]:
        """Repair these knowledge bases, or all, waiting so many seconds for those who write; the repairs by name."""
        with self._database.read() as session:
            every = rows.knowledge_bases(session)
        _finish_deletions(self._root, {kb.name for kb in every})
        keys = {name.casefold() for name in names}
        return {kb.name: self._repair(kb, patience_s, told) for kb in every if not keys or kb.key in keys}

    def _repair(self, kb: KnowledgeBaseRow, patience_s: float, told: Told) -> Repairs:
        layout = Layout.of(self._root, kb.name)
        try:
            with locked(layout, kb.name, rebuild=True, timeout_s=0), locked(layout, kb.name, timeout_s=patience_s):
                return _Repair(self._database, self._indexes, self._embedders, layout, kb.id).run(told)
        except KnowledgeBaseBusy as error:
            log.info("%s is in use, not checked", kb.name)
            return Repairs(problem=error)
        except ZhiwenError as error:
            # One damaged index, or a model that is gone, must not keep the others from being repaired.
            log.warning("%s was not repaired: %s", kb.name, error)
            return Repairs(problem=error)


def set_aside(layout: Layout) -> Path:
    """Move the folder of a deleted knowledge base out of the way; where it is now. Its marker must be set.

    Deleting many files takes long, and meanwhile its name may be taken again.
    """
    aside = layout.root.with_name(f".deleted-{uuid.uuid4().hex}")
    try:
        return layout.root.rename(aside)
    except PermissionError:
        return layout.root  # Windows moves no folder that holds an open file, and the lock is one


def _finish_deletions(root: Path, known: set[str]) -> None:
    for marker in root.glob(f"*/{DELETING}"):
        if marker.parent.name in known:
            marker.unlink(missing_ok=True)
        else:
            shutil.rmtree(marker.parent, ignore_errors=True)


class _Repair:
    """The repair of one knowledge base, whose locks the caller holds."""

    def __init__(
        self, database: Database, indexes: IndexPool, embedders: Embedders, layout: Layout, knowledge_base_id: int
    ) -> None:
        self._database = database
        self._indexes = indexes
        self._embedders = embedders
        self._layout = layout
        self._id = knowledge_base_id

    def run(self, told: Told) -> Repairs:
        """Repair one after the other: rows, uploads, index folders, index entries."""
        told("repairing", 0, 0)
        with self._database.unit_of_work() as session:
            kb = rows.get_knowledge_base(session, self._id)
            if kb is None:
                return Repairs()
            invisible = rows.invisible_ids(session, self._id)
            rows.delete_chunks(session, invisible)
            for file in rows.files(session, self._id):
                if file.state == "waiting":
                    rows.delete_unused_file(session, file.id)
            visible = rows.visible_ids(session, self._id)
        moved = settle(self._database, self._layout, self._id)
        old = [folder for folder in self._layout.indexes.glob("*") if folder.name != str(kb.index_generation)]
        for folder in old:
            self._indexes.drop(folder)
        index = open_index(self._indexes, self._layout, kb)
        removed = self._remove_extra(index, visible)
        added = self._add_missing(kb, index, visible, told)
        return Repairs(len(invisible), removed, added, moved, len(old))

    def _remove_extra(self, index: Index, visible: set[int]) -> int:
        vectors, words = index.ids()
        extra = (vectors | words) - visible
        if extra:
            index.change(remove=extra)
        return len(extra)

    def _add_missing(self, kb: KnowledgeBaseRow, index: Index, visible: set[int], told: Told) -> int:
        vectors, words = index.ids()
        missing = sorted(visible - (vectors & words))
        for start in range(0, len(missing), EMBED_BATCH):
            told("embedding", start, len(missing))
            batch = missing[start : start + EMBED_BATCH]
            with self._database.read() as session:
                chunks = rows.visible_chunks(session.connection(), batch)
            texts = [indexed_text(chunks[i].file, chunks[i].text, chunks[i].meta) for i in batch]
            embedder = self._embedders.for_index(kb)
            entries = Entries(batch, embed_documents(embedder, texts), [" ".join(terms(text)) for text in texts])
            index.change(remove=batch, add=entries)
        return len(missing)
