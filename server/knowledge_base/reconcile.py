"""Compare disk, SQL and indexes of the knowledge bases after a crash, and finish or remove what was left half done.

Nothing here is needed for right answers (see `publish`); it frees space and finishes moves. A knowledge base that is
being written to is left alone. SQL decides: what it does not know goes, what it knows and an index lacks is added.
"""

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from configs import Settings
from server.analysis import terms
from server.db import repositories as rows
from server.db.session import Database
from server.db.tables import KnowledgeBaseRow
from server.errors import KnowledgeBaseBusy
from server.knowledge_base.embedders import Embedders
from server.knowledge_base.index import Entries, Index, IndexPool
from server.knowledge_base.ingest import EMBED_BATCH
from server.knowledge_base.names import Layout
from server.knowledge_base.publish import locked, open_index, settle
from server.knowledge_base.reading import indexed_text
from server.retrieval.dense import embed_documents

log = logging.getLogger(__name__)

DELETING = ".deleting"


@dataclass(frozen=True)
class Repairs:
    """What was found and put right."""

    chunks_removed: int = 0
    entries_removed: int = 0
    entries_added: int = 0
    files_moved: int = 0

    def __bool__(self) -> bool:
        return any((self.chunks_removed, self.entries_removed, self.entries_added, self.files_moved))


def reconcile(settings: Settings, database: Database, indexes: IndexPool, embedders: Embedders) -> dict[str, Repairs]:
    """Check every knowledge base; returns the repairs by name."""
    with database.read() as session:
        every = rows.knowledge_bases(session)
    _finish_deletions(settings.paths.knowledge_base, {kb.name for kb in every})
    done: dict[str, Repairs] = {}
    for kb in every:
        layout = Layout.of(settings.paths.knowledge_base, kb.name)
        try:
            with locked(layout, kb.name, rebuild=True, timeout_s=0), locked(layout, kb.name, timeout_s=0):
                done[kb.name] = _Check(database, indexes, embedders, layout, kb.id).run()
        except KnowledgeBaseBusy:
            log.info("%s is in use, not checked", kb.name)
    return done


def _finish_deletions(root: Path, known: set[str]) -> None:
    for marker in root.glob(f"*/{DELETING}"):
        if marker.parent.name in known:
            marker.unlink(missing_ok=True)
        else:
            shutil.rmtree(marker.parent, ignore_errors=True)


class _Check:
    """The check of one knowledge base, whose locks the caller holds."""

    def __init__(
        self, database: Database, indexes: IndexPool, embedders: Embedders, layout: Layout, knowledge_base_id: int
    ) -> None:
        self._database = database
        self._indexes = indexes
        self._embedders = embedders
        self._layout = layout
        self._id = knowledge_base_id

    def run(self) -> Repairs:
        """Check one after the other: rows, index folders, index entries, uploads."""
        with self._database.unit_of_work() as session:
            kb = rows.get_knowledge_base(session, self._id)
            if kb is None:
                return Repairs()
            invisible = rows.invisible_ids(session, self._id)
            rows.delete_chunks(session, invisible)
            for file in rows.files(session, self._id):
                rows.delete_unused_file(session, file.id)
            visible = rows.visible_ids(session, self._id)
        moved = settle(self._database, self._layout, self._id)
        for folder in self._layout.indexes.glob("*"):
            if folder.name != str(kb.index_generation):
                self._indexes.drop(folder)
        index = open_index(self._indexes, self._layout, kb)
        removed = self._remove_extra(index, visible)
        added = self._add_missing(kb, index, visible)
        return Repairs(len(invisible), removed, added, moved)

    def _remove_extra(self, index: Index, visible: set[int]) -> int:
        vectors, words = index.ids()
        extra = (vectors | words) - visible
        if extra:
            index.change(remove=extra)
        return len(extra)

    def _add_missing(self, kb: KnowledgeBaseRow, index: Index, visible: set[int]) -> int:
        vectors, words = index.ids()
        missing = sorted(visible - (vectors & words))
        for start in range(0, len(missing), EMBED_BATCH):
            batch = missing[start : start + EMBED_BATCH]
            with self._database.read() as session:
                chunks = rows.visible_chunks(session, batch)
            texts = [indexed_text(chunks[i].file, chunks[i].text, chunks[i].meta) for i in batch]
            embedder = self._embedders.for_index(kb.name, kb.embed_model, kb.dimension)
            entries = Entries(batch, embed_documents(embedder, texts), [terms(text) for text in texts])
            index.change(remove=batch, add=entries)
        return len(missing)
