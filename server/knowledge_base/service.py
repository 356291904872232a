"""What can be done with knowledge bases: list, create, delete, put files in, take files out, rebuild, search."""

import builtins
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from configs import Settings
from server.caller import caller
from server.db import repositories as rows
from server.db.session import Database
from server.db.tables import KnowledgeBaseRow
from server.errors import KnowledgeBaseExists, KnowledgeBaseNotFound, ZhiwenError
from server.knowledge_base.choices import SearchChoices, kept_choices
from server.knowledge_base.chunk_desk import ChunkDesk
from server.knowledge_base.embedders import Embedders
from server.knowledge_base.files import Deleted, Files
from server.knowledge_base.filters import Filters
from server.knowledge_base.index import VECTOR_STORES, IndexPool
from server.knowledge_base.information import KnowledgeBaseInfo, Statistics, describe, take_statistics
from server.knowledge_base.ingest import never
from server.knowledge_base.ingestor import Ingestor
from server.knowledge_base.job_book import Documents, JobBook, JobInfo
from server.knowledge_base.jobs import JobQueue
from server.knowledge_base.ledger import FileInfo
from server.knowledge_base.lookup import find, named
from server.knowledge_base.maintenance import Maintenance
from server.knowledge_base.names import KbName, Layout
from server.knowledge_base.parsers import Cancelled, Parser, cache_of
from server.knowledge_base.publish import locked
from server.knowledge_base.rebuild import Rebuild, RebuildStep, Tools
from server.knowledge_base.recipe import IngestOptions, resolve
from server.knowledge_base.reconcile import DELETING, set_aside
from server.knowledge_base.same_model import sign
from server.knowledge_base.search import FindReranker, Found, Query, Searcher
from server.knowledge_base.uploading import DEFAULTS, Results, Submitted, Uploader
from server.knowledge_base.uploads import Upload
from server.types import Chunk, Hit

__all__ = ["KnowledgeBases", "Upload"]

FOLLOW = SearchChoices()
EVERYTHING = Filters()


class KnowledgeBases:
    """All knowledge bases of one installation. Every method may be called from any thread."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        embedders: Embedders,
        parser: Parser,
        find_reranker: FindReranker = lambda: None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._embedders = embedders
        self._parser = parser
        self._indexes = IndexPool()
        self._cache = cache_of(settings)
        ingestor = Ingestor(settings, database, self._indexes, embedders, self._cache)
        self._book = JobBook(database)
        self._uploader = Uploader(settings, database, ingestor, self._book, parser)
        self._files = Files(settings, database, self._indexes, ingestor, self._book, self._cache)
        self._searcher = Searcher(settings, database, self._indexes, embedders, find_reranker)
        self.chunk_desk = ChunkDesk(settings, database, self._indexes, embedders)
        self.maintenance = Maintenance(settings, database, self._indexes, embedders, self._cache)

    def list(self) -> builtins.list[KnowledgeBaseInfo]:
        """All knowledge bases that the caller may use, oldest first."""
        with self._database.read() as session:
            counts = rows.count(session)
            found = [kb for kb in rows.knowledge_bases(session) if caller().may_use(kb.key)]
            return [describe(kb, counts.get(kb.id, rows.Counts()), self._settings) for kb in found]

    def get(self, name: str) -> KnowledgeBaseInfo:
        """One knowledge base. Raises `KnowledgeBaseNotFound`, `BadName`."""
        kb = named(self._database, name)
        with self._database.read() as session:
            return describe(kb, rows.count(session, kb.id).get(kb.id, rows.Counts()), self._settings)

    def statistics(self, name: str) -> Statistics:
        """What a knowledge base holds. Raises `KnowledgeBaseNotFound`, `BadName`."""
        kb = named(self._database, name)
        return take_statistics(self._files.ledger(name, with_entries=True), self._layout(kb.name), kb)

    def create(
        self,
        name: str,
        *,
        info: str = "",
        vector_store: str = "",
        embed_model: str = "",
        options: IngestOptions = DEFAULTS,
        search: SearchChoices = FOLLOW,
    ) -> KnowledgeBaseInfo:
        """Create an empty knowledge base that keeps these options; "" and None mean the settings' choice.

        Raises:
            BadName, KnowledgeBaseExists: about the name.
            KnowledgeBaseBusy: one of that name is still being deleted.
            UnknownPart, BadSetting: about the options.
            ModelNotFound, ModelUnavailable: about the embedding model or the vector store.
        """
        parsed = KbName.parse(name)
        store = vector_store or self._settings.knowledge_base.vector_store
        VECTOR_STORES.get(store)
        embedder = self._embedders.get(embed_model)
        kb = KnowledgeBaseRow(
            name=parsed.text,
            key=parsed.key,
            info=info,
            vector_store=store,
            embed_model=embedder.name,
            dimension=embedder.dimension,
            model_sign=sign(embedder),
            settings=kept_choices(options, search, (), {}, self._settings),
        )
        layout = self._layout(parsed.text)
        if find(self._database, name) is not None:
            raise KnowledgeBaseExists(name=parsed.text)
        # The lock lets a deletion of the same name come to its end.
        with locked(layout, parsed.text), self._database.unit_of_work() as session:
            rows.add_knowledge_base(session, kb)
            # Inside the unit of work: a folder that cannot be made leaves no knowledge base behind. An index that lies
            # here belongs to a database that is gone, whose chunk ids this one will use again for other texts.
            layout.content.mkdir(parents=True, exist_ok=True)
            self._indexes.drop_all(layout.indexes)
        return describe(kb, rows.Counts(), self._settings)

    def update_settings(
        self, name: str, options: IngestOptions, search: SearchChoices = FOLLOW, reset: Collection[str] = ()
    ) -> KnowledgeBaseInfo:
        """Change how files are read from now on, and how chunks are searched; `reset` follows the service again.

        Files that were read stay as they are until a rebuild.

        Raises:
            KnowledgeBaseNotFound, UnknownPart, BadSetting: nothing was changed.
        """
        kb = named(self._database, name)
        with self._database.unit_of_work() as session:
            row = rows.get_knowledge_base(session, kb.id)
            if row is None:
                raise KnowledgeBaseNotFound(name=name)
            row.settings = kept_choices(options, search, reset, row.settings, self._settings)
        return self.get(name)

    def set_info(self, name: str, info: str) -> None:
        """Change the description. Raises `KnowledgeBaseNotFound`, `BadName`."""
        kb = named(self._database, name)
        with self._database.unit_of_work() as session:
            row = rows.get_knowledge_base(session, kb.id)
            if row is None:
                raise KnowledgeBaseNotFound(name=name)
            row.info = info

    def delete(self, name: str) -> None:
        """Delete a knowledge base with all its files. Raises `KnowledgeBaseNotFound`, `KnowledgeBaseBusy`."""
        kb = named(self._database, name)
        layout = self._layout(kb.name)
        with locked(layout, kb.name):
            with self._database.read() as session:
                if rows.get_knowledge_base(session, kb.id) is None:
                    raise KnowledgeBaseNotFound(name=name)  # somebody else was quicker
            # The marker lets `reconcile` finish after a crash, and tell this folder from one a user put there.
            (layout.root / DELETING).touch()
            with self._database.unit_of_work() as session:
                hashes = rows.hashes(session, kb.id)
                rows.delete_knowledge_base(session, kb.id)
            self._indexes.drop_all(layout.indexes)
            # Within the lock: whoever takes the name now must find an empty place, and keep what he puts there.
            leftovers = set_aside(layout)
        shutil.rmtree(leftovers, ignore_errors=True)
        self._files.forget_cached(hashes.values())

    def forget_all(self) -> None:
        """Drop all tables and indexes and make empty tables; the uploaded files stay where they are."""
        for folder in self.folders():
            self._indexes.drop_all(self._layout(folder).indexes)
        self._database.drop_tables()
        self._database.create_tables()

    def folders(self) -> builtins.list[str]:
        """Names of all folders with files on disk, whether SQL knows them as knowledge bases or not."""
        root = self._settings.paths.knowledge_base
        return sorted(path.parent.name for path in root.glob("*/content") if not path.parent.name.startswith("."))

    def files(self, name: str, *, with_entries: bool = False) -> builtins.list[FileInfo]:
        """See `Files.ledger`."""
        return self._files.ledger(name, with_entries=with_entries)

    def add_files(self, name: str, uploads: Iterable[Upload], options: IngestOptions) -> Results:
        """Store, read and index files; returns when all are done, with the error of each that failed."""
        return self._uploader.finish(self._uploader.submit(name, uploads, options))

    def submit_files(
        self,
        name: str,
        uploads: Iterable[Upload],
        options: IngestOptions,
        documents: Mapping[str, Documents] | None = None,
    ) -> Submitted:
        """See `Uploader.submit`."""
        return self._uploader.submit(name, uploads, options, documents)

    def update_files(
        self,
        name: str,
        file_names: Sequence[str],
        options: IngestOptions,
        documents: Mapping[str, Documents],
        *,
        override_custom: bool,
    ) -> Submitted:
        """See `Uploader.update`."""
        return self._uploader.update(name, file_names, options, documents, override_custom=override_custom)

    def finish(self, submitted: Submitted) -> Results:
        """See `Uploader.finish`."""
        return self._uploader.finish(submitted)

    def has(self, name: str, file_name: str, sha256: str, options: IngestOptions) -> bool:
        """See `Uploader.has`."""
        return self._uploader.has(name, file_name, sha256, options)

    def index_files(
        self, name: str, file_names: Sequence[str], options: IngestOptions
    ) -> Iterator[tuple[str, ZhiwenError | None]]:
        """See `Uploader.index`."""
        return self._uploader.index(name, file_names, options)

    @property
    def jobs(self) -> JobQueue:
        """The queue of uploads."""
        return self._uploader.jobs

    def retry_failed(self, name: str) -> Submitted:
        """Queue all failed files of a knowledge base again. Raises what `Uploader.retry_failed` raises."""
        failed = [file.name for file in self.files(name) if file.state == "failed" and file.job is None]
        return self._uploader.retry_failed(name, failed)

    def list_jobs(self, name: str = "", states: Collection[str] = ()) -> builtins.list[JobInfo]:
        """The newest jobs first, of all knowledge bases or one."""
        return self._book.info(named(self._database, name).id if name else None, states)

    def job(self, job_id: int) -> JobInfo:
        """One job. Raises `JobNotFound`."""
        return self._book.one(job_id)

    def delete_files(self, name: str, file_names: Sequence[str], *, delete_content: bool) -> Deleted:
        """Cancel work on files, then see `Files.delete`."""
        kb = named(self._database, name)
        self.jobs.cancel_for_files(kb.id, file_names)
        return self._files.delete(kb, file_names, delete_content=delete_content)

    def forget_cached(self, hashes: Collection[str]) -> int:
        """See `Files.forget_cached`."""
        return self._files.forget_cached(hashes)

    def content_path(self, name: str, file_name: str) -> Path:
        """See `Files.path`."""
        return self._files.path(name, file_name)

    def content_names(self, name: str) -> builtins.list[str]:
        """See `Files.on_disk`."""
        return self._files.on_disk(name)

    def rebuild(
        self,
        name: str,
        options: IngestOptions,
        *,
        create: bool,
        vector_store: str = "",
        embed_model: str = "",
        cancelled: Cancelled = never,
    ) -> Iterator[RebuildStep]:
        """Build the index anew from the files on disk, a step for each file; "" keeps what the knowledge base has.

        Raises:
            KnowledgeBaseNotFound: there is none of that name and `create` is false.
            KnowledgeBaseBusy: it is being rebuilt already.
            ParsingCancelled: `cancelled` turned true; the index of before stays in use.
        """
        kb = find(self._database, name)
        if kb is None:
            if not create:
                raise KnowledgeBaseNotFound(name=name)
            self.create(name, vector_store=vector_store, embed_model=embed_model)
            kb = named(self._database, name)
        embedder = self._embedders.get(embed_model or kb.embed_model)
        store = vector_store or kb.vector_store
        VECTOR_STORES.get(store)
        tools = Tools(self._settings, self._database, self._indexes, self._parser, self._cache, cancelled)
        recipe = resolve(options, kb.settings, self._settings)
        yield from Rebuild(tools, kb, embedder, recipe, store).run(force=options.force)

    def search(
        self, names: Sequence[str], query: str, *, top_k: int | None = None, max_distance: float | None = None
    ) -> builtins.list[Hit]:
        """The best chunks of these knowledge bases, best first; distances run from 0 to 2, smaller is better.

        None means what the knowledge bases decide for themselves, or else the settings.
        """
        return self.find(names, Query(query, top_k, max_distance)).hits

    def find(self, names: Sequence[str], query: Query) -> Found:
        """Like `search`, with everything that can be asked and told."""
        return self._searcher.search(list(dict.fromkeys(names)), query)

    def chunks(self, name: str, filters: Filters = EVERYTHING, *, file_name: str = "") -> builtins.list[Chunk]:
        """The shown chunks in reading order, without a question: all, or those of one file or that fit."""
        kb = named(self._database, name)
        with self._database.read() as session:
            return [chunk for chunk in rows.list_chunks(session, kb.id, file_name) if filters.allow(chunk)]

    def _layout(self, name: str) -> Layout:
        return Layout.of(self._settings.paths.knowledge_base, name)
