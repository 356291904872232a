"""What can be done with knowledge bases: list, create, delete, put files in, take files out, rebuild, search."""

import builtins
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from configs import Settings
from server.db import repositories as rows
from server.db.session import Database
from server.db.tables import KnowledgeBaseRow
from server.errors import FileExists, FileNotFound, KnowledgeBaseNotFound, UnsupportedFileType, ZhiwenError
from server.knowledge_base import content
from server.knowledge_base.embedders import Embedders
from server.knowledge_base.index import VECTOR_STORES, IndexPool
from server.knowledge_base.ingest import parse_batches
from server.knowledge_base.ingestor import Ingestor
from server.knowledge_base.job_book import ACTIVE, JobBook, JobInfo
from server.knowledge_base.jobs import JobQueue
from server.knowledge_base.ledger import FileInfo, file_infos, index_ids
from server.knowledge_base.lookup import find, named
from server.knowledge_base.maintenance import Maintenance
from server.knowledge_base.names import FileName, KbName, Layout
from server.knowledge_base.parsers import Parser, cache_of
from server.knowledge_base.publish import Receipt, locked, open_index
from server.knowledge_base.rebuild import Rebuild, RebuildStep, Tools
from server.knowledge_base.recipe import IngestOptions, Recipe, check_splitter, kept_settings, resolve
from server.knowledge_base.reconcile import DELETING
from server.knowledge_base.search import Searcher
from server.knowledge_base.uploads import Upload, opened, readable
from server.types import Chunk, Hit

Results = dict[str, ZhiwenError | None]
DEFAULTS = IngestOptions()


@dataclass(frozen=True)
class KnowledgeBaseInfo:
    """A knowledge base, what it holds (files, visible chunks, failed files), and how it reads files from now on."""

    name: str
    info: str
    vector_store: str
    embed_model: str
    files: int
    chunks: int
    failed: int
    created: datetime
    recipe: Recipe


@dataclass(frozen=True)
class Deleted:
    """What became of each file that was to go, and what went."""

    results: Results
    receipt: Receipt


@dataclass(frozen=True)
class Submitted:
    """What became of uploads: jobs by id with the file's name, files that are as before, and refused ones."""

    jobs: dict[int, str] = field(default_factory=dict)
    unchanged: builtins.list[str] = field(default_factory=builtins.list)
    refused: dict[str, ZhiwenError] = field(default_factory=dict)


class KnowledgeBases:
    """All knowledge bases of one installation. Every method may be called from any thread."""

    def __init__(self, settings: Settings, database: Database, embedders: Embedders, parser: Parser) -> None:
        self._settings = settings
        self._database = database
        self._embedders = embedders
        self._parser = parser
        self._indexes = IndexPool()
        self._cache = cache_of(settings)
        self._ingestor = Ingestor(settings, database, self._indexes, embedders, self._cache)
        self._book = JobBook(database)
        self._jobs = JobQueue(settings, self._book, parser, self._ingestor)
        self._searcher = Searcher(settings, database, self._indexes, embedders)
        self.maintenance = Maintenance(settings, database, self._indexes, embedders, self._cache)

    def list(self) -> builtins.list[KnowledgeBaseInfo]:
        """All knowledge bases, oldest first."""
        with self._database.read() as session:
            counts = rows.count(session)
            return [self._info(kb, counts.get(kb.id, rows.Counts())) for kb in rows.knowledge_bases(session)]

    def get(self, name: str) -> KnowledgeBaseInfo:
        """One knowledge base. Raises `KnowledgeBaseNotFound`, `BadName`."""
        kb = named(self._database, name)
        with self._database.read() as session:
            return self._info(kb, rows.count(session).get(kb.id, rows.Counts()))

    def create(
        self,
        name: str,
        *,
        info: str = "",
        vector_store: str = "",
        embed_model: str = "",
        options: IngestOptions = DEFAULTS,
    ) -> KnowledgeBaseInfo:
        """Create an empty knowledge base that keeps these options; "" and None mean the settings' choice.

        Raises:
            BadName, KnowledgeBaseExists: about the name.
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
            settings=kept_settings(options, {}, self._settings),
        )
        layout = self._layout(parsed.text)
        with self._database.unit_of_work() as session:
            rows.add_knowledge_base(session, kb)
            # Inside the unit of work: a folder that cannot be made leaves no knowledge base behind. An index that lies
            # here belongs to a database that is gone, whose chunk ids this one will use again for other texts.
            layout.content.mkdir(parents=True, exist_ok=True)
            self._drop_indexes(layout)
        return self._info(kb, rows.Counts())

    def update_settings(self, name: str, options: IngestOptions) -> KnowledgeBaseInfo:
        """Change how files are read from now on; those that were read stay as they are until a rebuild.

        Raises:
            KnowledgeBaseNotFound, UnknownPart, BadSetting: nothing was changed.
        """
        kb = named(self._database, name)
        with self._database.unit_of_work() as session:
            row = rows.get_knowledge_base(session, kb.id)
            if row is None:
                raise KnowledgeBaseNotFound(name=name)
            row.settings = kept_settings(options, row.settings, self._settings)
        return self.get(name)

    def delete(self, name: str) -> None:
        """Delete a knowledge base with all its files. Raises `KnowledgeBaseNotFound`, `KnowledgeBaseBusy`."""
        kb = named(self._database, name)
        layout = self._layout(kb.name)
        with locked(layout, kb.name):
            # The marker lets `reconcile` finish after a crash, and tell this folder from one a user put there.
            (layout.root / DELETING).touch()
            with self._database.unit_of_work() as session:
                hashes = rows.hashes(session, kb.id)
                rows.delete_knowledge_base(session, kb.id)
        self._drop_indexes(layout)
        shutil.rmtree(layout.root, ignore_errors=True)
        self._forget_cached(hashes.values())

    def _forget_cached(self, hashes: Collection[str]) -> int:
        """Delete what is cached of these bytes, unless another file has the same ones. Returns how many entries."""
        with self._database.read() as session:
            used = rows.hashes_in_use(session, hashes)
        return sum(self._cache.forget(sha256) for sha256 in {*hashes} - used)

    def forget_all(self) -> None:
        """Drop all tables and indexes and make empty tables; the uploaded files stay where they are."""
        for folder in self.folders():
            self._drop_indexes(self._layout(folder))
        self._database.drop_tables()
        self._database.create_tables()

    def folders(self) -> builtins.list[str]:
        """Names of all folders with files on disk, whether SQL knows them as knowledge bases or not."""
        root = self._settings.paths.knowledge_base
        return sorted(path.parent.name for path in root.glob("*/content") if not path.parent.name.startswith("."))

    def _drop_indexes(self, layout: Layout) -> None:
        for folder in layout.indexes.glob("*"):
            self._indexes.drop(folder)

    def files(self, name: str, *, with_entries: bool = False) -> builtins.list[FileInfo]:
        """All files of a knowledge base, by name; with `with_entries` what the two indexes hold of each."""
        infos = self._files(named(self._database, name), with_entries=with_entries)
        # SQL and indexes cannot be read at one moment: what a change in between made differ is looked at once more.
        return (
            infos
            if all(info.is_whole for info in infos)
            else self._files(named(self._database, name), with_entries=True)
        )

    def _files(self, kb: KnowledgeBaseRow, *, with_entries: bool) -> builtins.list[FileInfo]:
        active = self._book.info(kb.id, ACTIVE, limit=self._settings.ingest.queue_limit)
        held = index_ids(open_index(self._indexes, self._layout(kb.name), kb)) if with_entries else None
        with self._database.read() as session:
            return file_infos(rows.files(session, kb.id), rows.visible_ids_by_file(session, kb.id), active, held)

    def add_files(self, name: str, uploads: Iterable[Upload], options: IngestOptions) -> Results:
        """Store, read and index files; returns when all are done, with the error of each that failed."""
        submitted = self.submit_files(name, uploads, options)
        results: Results = {**submitted.refused, **dict.fromkeys(submitted.unchanged)}
        if not self._jobs.is_serving:
            self._jobs.run(list(submitted.jobs))
        outcomes = self._jobs.wait(list(submitted.jobs))
        results.update({file: outcomes[job_id] for job_id, file in submitted.jobs.items()})
        return results

    def submit_files(self, name: str, uploads: Iterable[Upload], options: IngestOptions) -> Submitted:
        """Store files and queue the work on them; returns at once.

        An archive becomes its members. The same bytes, to be read in the same way as before, are not read again.

        Raises:
            UnknownPart: no splitter of that name; nothing was read.
            QueueFull: before anything of the first file was read; later files are refused one by one.
        """
        kb = named(self._database, name)
        self._jobs.ensure_room()
        submitted = Submitted()
        recipe = resolve(options, kb.settings, self._settings)
        check_splitter(recipe.splitter, self._settings)
        for upload in uploads:
            for each in opened(upload, self._settings, submitted.refused):
                try:
                    self._submit(kb, each, options, recipe, submitted)
                except ZhiwenError as error:
                    submitted.refused[each.name] = error
        return submitted

    def _submit(
        self, kb: KnowledgeBaseRow, upload: Upload, options: IngestOptions, recipe: Recipe, submitted: Submitted
    ) -> None:
        name = self._accept(kb, upload.name, options)
        received = content.receive(
            self._layout(kb.name), name, upload.stream, self._settings.knowledge_base.max_file_mb
        )
        if not options.force and self._ingestor.has(kb.id, received.name, received.sha256, recipe):
            content.discard(received)
            submitted.unchanged.append(received.name)
            return
        try:
            submitted.jobs[self._jobs.submit(kb.id, received, recipe)] = received.name
        except BaseException:
            content.discard(received)
            raise

    def _accept(self, kb: KnowledgeBaseRow, name: str, options: IngestOptions) -> FileName:
        parsed = FileName.parse(name)
        if parsed.suffix not in readable(self._settings):
            raise UnsupportedFileType(name=parsed.text, known=" ".join(readable(self._settings)))
        with self._database.read() as session:
            file = rows.find_file(session, kb.id, parsed.text)
        if file is not None and file.state == "ready" and not options.replace:
            raise FileExists(name=parsed.text, knowledge_base=kb.name)
        return parsed

    def has(self, name: str, file_name: str, sha256: str, options: IngestOptions) -> bool:
        """Whether a file is searchable already, made of these bytes in the way the options ask for."""
        kb = named(self._database, name)
        recipe = resolve(options, kb.settings, self._settings)
        return self._ingestor.has(kb.id, FileName.parse(file_name).text, sha256, recipe)

    def index_files(
        self, name: str, file_names: Sequence[str], options: IngestOptions
    ) -> Iterator[tuple[str, ZhiwenError | None]]:
        """Read and index files that lie in the content folder; yields each one's name and error when it is done."""
        kb = named(self._database, name)
        layout = self._layout(kb.name)
        recipe = resolve(options, kb.settings, self._settings)
        found = (content.in_place(layout, file) for file in file_names)
        for batch in parse_batches(self._parser, layout, found, recipe, self._settings.ingest.parsers):
            errors = self._ingestor.publish(kb.id, batch)
            yield from zip((parsed.received.name for parsed in batch), errors, strict=True)

    @property
    def jobs(self) -> JobQueue:
        """The queue of uploads."""
        return self._jobs

    def retry_failed(self, name: str) -> Submitted:
        """Queue all failed files of a knowledge base again, read in the way it has now; returns at once.

        Raises:
            KnowledgeBaseNotFound: there is none of that name.
            QueueFull: before the first file was queued; later files are refused one by one.
        """
        kb = named(self._database, name)
        self._jobs.ensure_room()
        attempts = {job.file: job.attempts for job in reversed(self._book.info(kb.id, ["failed"]))}
        recipe = resolve(DEFAULTS, kb.settings, self._settings)
        submitted = Submitted()
        for file in self.files(name):
            if file.state != "failed" or file.job is not None:
                continue
            received = content.in_place(self._layout(kb.name), file.name)
            try:
                if not received.path.is_file():
                    raise FileNotFound(name=file.name, knowledge_base=kb.name)
                job_id = self._jobs.submit(kb.id, received, recipe, attempts.get(file.name, 0) + 1)
                submitted.jobs[job_id] = file.name
            except ZhiwenError as error:
                submitted.refused[file.name] = error
        return submitted

    def list_jobs(self, name: str = "", states: Collection[str] = ()) -> builtins.list[JobInfo]:
        """The newest jobs first, of all knowledge bases or one."""
        return self._book.info(named(self._database, name).id if name else None, states)

    def job(self, job_id: int) -> JobInfo:
        """One job. Raises `JobNotFound`."""
        return self._book.one(job_id)

    def delete_files(self, name: str, file_names: Sequence[str], *, delete_content: bool) -> Deleted:
        """Take files out of the indexes and the list; with `delete_content` bytes and what is cached of them go too."""
        kb = named(self._database, name)
        self._jobs.cancel_for_files(kb.id, file_names)
        results: Results = {}
        known: builtins.list[str] = []
        for file_name in file_names:
            try:
                known.append(self._known(kb, file_name))
                results[file_name] = None
            except ZhiwenError as error:
                results[file_name] = error
        with self._database.read() as session:
            hashes = rows.hashes(session, kb.id)
        receipt = self._ingestor.publisher(kb).unpublish(list(dict.fromkeys(known)), delete_content=delete_content)
        if delete_content:
            cached = self._forget_cached([hashes[file] for file in known if file in hashes])
            receipt = replace(receipt, cache_entries=cached)
        return Deleted(results, receipt)

    def _known(self, kb: KnowledgeBaseRow, file_name: str) -> str:
        name = FileName.parse(file_name).text
        with self._database.read() as session:
            file = rows.find_file(session, kb.id, name)
        gone = file is None or file.state == rows.REMOVING
        if gone and not self._layout(kb.name).file(name).is_file():
            raise FileNotFound(name=name, knowledge_base=kb.name)
        return name

    def content_path(self, name: str, file_name: str) -> Path:
        """Where the bytes of a file lie. Raises `FileNotFound`, `BadName`, `KnowledgeBaseNotFound`."""
        kb = named(self._database, name)
        path = self._layout(kb.name).file(file_name)
        if not path.is_file():
            raise FileNotFound(name=file_name, knowledge_base=kb.name)
        return path

    def content_names(self, name: str) -> builtins.list[str]:
        """Names of all files in the content folder, listed in SQL or not; the knowledge base need not exist."""
        return [*content.listing(self._layout(name))]

    def rebuild(
        self, name: str, options: IngestOptions, *, create: bool, vector_store: str = "", embed_model: str = ""
    ) -> Iterator[RebuildStep]:
        """Build the index anew from the files on disk, a step for each file; "" keeps what the knowledge base has.

        Raises:
            KnowledgeBaseNotFound: there is none of that name and `create` is false.
            KnowledgeBaseBusy: it is being rebuilt already.
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
        tools = Tools(self._settings, self._database, self._indexes, self._parser, self._cache)
        recipe = resolve(options, kb.settings, self._settings)
        yield from Rebuild(tools, kb, embedder, recipe, store).run(force=options.force)

    def search(self, names: Sequence[str], query: str, *, top_k: int, max_distance: float) -> builtins.list[Hit]:
        """The best chunks of these knowledge bases, best first; distances run from 0 to 2, smaller is better."""
        targets = [named(self._database, name) for name in names]
        return self._searcher.search(targets, query, top_k=top_k, max_distance=max_distance)

    def chunks(
        self, name: str, *, file_name: str = "", metadata: Mapping[str, Any] | None = None
    ) -> builtins.list[Chunk]:
        """Chunks in reading order, without a question; of one file, or whose first-level metadata is equal."""
        kb = named(self._database, name)
        with self._database.read() as session:
            found = rows.list_chunks(session, kb.id, file_name)
        wanted = (metadata or {}).items()
        return [chunk for chunk in found if all(chunk.meta.get(key) == value for key, value in wanted)]

    def _layout(self, name: str) -> Layout:
        return Layout.of(self._settings.paths.knowledge_base, name)

    def _info(self, kb: KnowledgeBaseRow, counts: rows.Counts) -> KnowledgeBaseInfo:
        return KnowledgeBaseInfo(
            name=kb.name,
            info=kb.info,
            vector_store=kb.vector_store,
            embed_model=kb.embed_model,
            files=counts.files,
            chunks=counts.chunks,
            failed=counts.failed,
            created=kb.created,
            recipe=resolve(DEFAULTS, kb.settings, self._settings),
        )
