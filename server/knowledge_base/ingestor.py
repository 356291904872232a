"""Puts files that were read into the knowledge base they belong to: embed, publish, record failures."""

from collections.abc import Sequence

from configs import Settings
from server.db import repositories as rows
from server.db.session import Database
from server.db.tables import KnowledgeBaseRow
from server.errors import KnowledgeBaseBusy, KnowledgeBaseNotFound, ZhiwenError
from server.knowledge_base.edits import Edits, edits_of
from server.knowledge_base.embed import prepare
from server.knowledge_base.embedders import Embedders
from server.knowledge_base.index import IndexPool
from server.knowledge_base.ingest import Parsed
from server.knowledge_base.names import Layout
from server.knowledge_base.parse_cache import ParseCache
from server.knowledge_base.publish import Overtaken, Publisher
from server.knowledge_base.recipe import Recipe

ATTEMPTS = 5  # embedding holds no lock, so somebody may change a chunk meanwhile


class Ingestor:
    """The step between reading and being searchable, the same for uploads, command line and retries."""

    def __init__(
        self, settings: Settings, database: Database, indexes: IndexPool, embedders: Embedders, cache: ParseCache
    ) -> None:
        self._settings = settings
        self._database = database
        self._indexes = indexes
        self._embedders = embedders
        self._cache = cache

    def place(self, knowledge_base_id: int) -> tuple[Layout, str]:
        """Folders and name of a knowledge base. Raises `KnowledgeBaseNotFound`."""
        kb = self._row(knowledge_base_id)
        return Layout.of(self._settings.paths.knowledge_base, kb.name), kb.name

    def publisher(self, kb: KnowledgeBaseRow) -> Publisher:
        """The publisher of a knowledge base."""
        layout = Layout.of(self._settings.paths.knowledge_base, kb.name)
        return Publisher(self._database, self._indexes, layout, kb.id, kb.name)

    def has(self, knowledge_base_id: int, name: str, sha256: str, recipe: Recipe, *, custom: bool = False) -> bool:
        """Whether the file is searchable already, made of the same bytes in the same way (or of custom documents)."""
        with self._database.read() as session:
            file = rows.find_file(session, knowledge_base_id, name)
        made_of = (file.state, file.sha256, file.recipe, file.custom_docs) if file is not None else None
        return made_of == ("ready", sha256, recipe.key, custom)

    def publish(self, knowledge_base_id: int, batch: Sequence[Parsed]) -> list[ZhiwenError | None]:
        """Publish what could be read and record what could not; the error of each file, in their order.

        Raises:
            KnowledgeBaseNotFound, KnowledgeBaseBusy, ModelFailed, IndexDamaged: nothing of the batch was published.
            OSError: the disk cannot be written; nothing of the batch was published.
        """
        kb = self._row(knowledge_base_id)
        publisher = self.publisher(kb)
        embedder = self._embedders.for_index(kb)
        whole = [parsed for parsed in batch if parsed.error is None]
        for attempt in range(ATTEMPTS):
            try:
                publisher.publish(prepare(embedder, self._cache, whole, self.edits(kb.id, whole)))
                break
            except Overtaken:
                if attempt + 1 == ATTEMPTS:
                    raise KnowledgeBaseBusy(name=kb.name) from None
        for parsed in batch:
            if parsed.error is not None:
                publisher.record_failure(parsed)
        return [parsed.error for parsed in batch]

    def edits(self, knowledge_base_id: int, batch: Sequence[Parsed]) -> dict[str, Edits]:
        """What people changed in these files so far."""
        with self._database.read() as session:
            return edits_of(session, knowledge_base_id, [parsed.received.name for parsed in batch])

    def _row(self, knowledge_base_id: int) -> KnowledgeBaseRow:
        with self._database.read() as session:
            kb = rows.get_knowledge_base(session, knowledge_base_id)
        if kb is None:
            raise KnowledgeBaseNotFound(name=str(knowledge_base_id))
        return kb
