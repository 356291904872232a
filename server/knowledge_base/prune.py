"""Make SQL follow the disk, or the disk follow SQL: forget files whose bytes are gone, delete bytes nobody listed.

Both hold the write lock while they look and act, so what somebody uploads meanwhile is never taken for a left-over.
"""

from collections.abc import Sequence

from server.db import repositories as rows
from server.db.session import Database
from server.db.tables import KnowledgeBaseRow
from server.knowledge_base import content
from server.knowledge_base.index import IndexPool
from server.knowledge_base.names import Layout
from server.knowledge_base.publish import locked, open_index, settle


class Pruner:
    """Pruning of one knowledge base."""

    def __init__(self, database: Database, indexes: IndexPool, layout: Layout, kb: KnowledgeBaseRow) -> None:
        self._database = database
        self._indexes = indexes
        self._layout = layout
        self._kb = kb

    def forget_missing(self) -> list[str]:
        """Take out of SQL and the indexes the files that are gone from the disk; returns their names.

        Raises:
            KnowledgeBaseBusy: the lock cannot be had.
            IndexDamaged: the files are gone from SQL, which is what counts.
        """
        with locked(self._layout, self._kb.name):
            settle(self._database, self._layout, self._kb.id)
            gone: list[int] = []
            with self._database.unit_of_work() as session:
                files = rows.files(session, self._kb.id)
                missing = [file for file in files if not (self._layout.content / file.name).is_file()]
                for file in missing:
                    gone += rows.delete_file(session, file.id)
            if gone:
                open_index(self._indexes, self._layout, self._kb).change(remove=gone)
        return [file.name for file in missing]

    def delete_unlisted(self, names: Sequence[str]) -> list[str]:
        """Delete those of these files in the content folder that SQL does not list; returns their names.

        Raises:
            KnowledgeBaseBusy: the lock cannot be had.
            OSError: one cannot be deleted; those before it are gone.
        """
        with locked(self._layout, self._kb.name):
            settle(self._database, self._layout, self._kb.id)
            with self._database.read() as session:
                listed = {file.name for file in rows.files(session, self._kb.id)}
            doomed = [name for name in content.listing(self._layout) if name in names and name not in listed]
            for name in doomed:
                content.delete_path(self._layout, self._layout.content / name)
        return doomed
