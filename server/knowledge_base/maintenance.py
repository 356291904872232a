"""The care of what lies on disk, in SQL and in the indexes: look, repair, prune, list what a backup knew."""

from collections.abc import Collection, Sequence

from configs import Settings
from server.db import repositories as rows
from server.db.session import Database
from server.errors import KnowledgeBaseNotFound, NotReadYet
from server.knowledge_base.audit import Audit, Report, look_at_folder
from server.knowledge_base.embedders import Embedders
from server.knowledge_base.index import IndexPool
from server.knowledge_base.lookup import find, named
from server.knowledge_base.names import FileName, Layout
from server.knowledge_base.parse_cache import ParseCache
from server.knowledge_base.progress import Told, untold
from server.knowledge_base.prune import Pruner
from server.knowledge_base.reconcile import Reconciler, Repairs

PATIENCE_S = 5


class Maintenance:
    """What an administrator asks for, and what is done at the start. Every method may be called from any thread."""

    def __init__(
        self, settings: Settings, database: Database, indexes: IndexPool, embedders: Embedders, cache: ParseCache
    ) -> None:
        self._root = settings.paths.knowledge_base
        self._database = database
        self._indexes = indexes
        self._cache = cache
        self._reconciler = Reconciler(settings, database, indexes, embedders)

    def look(self, names: Collection[str], *, told: Told = untold) -> list[Report]:
        """What disagrees in these knowledge bases or folders, in their order; changes nothing.

        Raises:
            KnowledgeBaseNotFound: there is neither a knowledge base nor a folder of a name.
        """
        return [self._look(name, told) for name in names]

    def _look(self, name: str, told: Told) -> Report:
        layout, kb = Layout.of(self._root, name), find(self._database, name)
        if kb is not None:
            return Audit(self._database, self._indexes, layout, kb).run(PATIENCE_S, told)
        if not layout.root.is_dir():
            raise KnowledgeBaseNotFound(name=name)
        return look_at_folder(layout)

    def repair(self, names: Collection[str] = (), *, patience_s: float = 0, told: Told = untold) -> dict[str, Repairs]:
        """Remove left-overs of crashes and add what indexes lack; of all knowledge bases without names."""
        return self._reconciler.repair(names, patience_s=patience_s, told=told)

    def forget_missing(self, name: str) -> list[str]:
        """See `Pruner.forget_missing`."""
        return self._pruner(name).forget_missing()

    def delete_unlisted(self, name: str, files: Sequence[str]) -> list[str]:
        """See `Pruner.delete_unlisted`."""
        return self._pruner(name).delete_unlisted(files)

    def forget_read(self, name: str) -> None:
        """Delete what is kept of reading a knowledge base's files, so that they are read from their bytes again."""
        with self._database.read() as session:
            hashes = {file.sha256 for file in rows.files(session, named(self._database, name).id)}
        for sha256 in hashes:
            self._cache.forget(sha256)

    def list_unread(self, name: str, files: Collection[str]) -> list[str]:
        """List files that a backup knew and SQL does not, to be read later; returns their names as they are kept.

        Raises:
            BadName: one has a name that files may not have; none is listed.
        """
        kb = named(self._database, name)
        wanted = sorted({FileName.parse(file).text for file in files})
        with self._database.unit_of_work() as session:
            new = [file for file in wanted if rows.find_file(session, kb.id, file) is None]
            for file in new:
                row = rows.get_or_add_file(session, kb.id, file)
                error = NotReadYet(name=file, knowledge_base=kb.name)
                row.state, row.error_code, row.error_detail = "failed", error.code, dict(error.detail)
        return new

    def _pruner(self, name: str) -> Pruner:
        kb = named(self._database, name)
        return Pruner(self._database, self._indexes, Layout.of(self._root, kb.name), kb)
