"""What can be done with knowledge bases: list, create, delete, put files in, take files out, rebuild, search."""

import builtins
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from configs import Settings
from server.db import repositories as rows
from server.db.session import Database
from server.db.tables import FileRow, KnowledgeBaseRow
from server.errors import FileExists, FileNotFound, KnowledgeBaseNotFound, UnsupportedFileType, ZhiwenError, by_code
from server.knowledge_base import content
from server.knowledge_base.embedders import Embedders
from server.knowledge_base.index import VECTOR_STORES, IndexPool
from server.knowledge_base.ingest import parse_batches
from server.knowledge_base.ingestor import Ingestor
from server.knowledge_base.job_book import JobBook, JobInfo
from server.knowledge_base.jobs import JobQueue
from server.knowledge_base.names import FileName, KbName, Layout
from server.knowledge_base.parsers import Parser, cache_of
from server.knowledge_base.publish import locked
from server.knowledge_base.rebuild import Rebuild, RebuildStep, Tools
from server.knowledge_base.recipe import IngestOptions, Recipe, resolve
from server.knowledge_base.reconcile import DELETING, Repairs, reconcile
from server.knowledge_base.search import Searcher
from server.knowledge_base.uploads import Upload, opened
from server.types import Chunk, Hit

Results = dict[str, ZhiwenError | None]


@dataclass(frozen=True)
class KnowledgeBaseInfo:
    """A knowledge base and what it holds: files, visible chunks, failed files."""

    name: str
    info: str
    vector_store: str
    embed_model: str
    files: int
    chunks: int
    failed: int
    created: datetime


@dataclass(frozen=True)
class FileInfo:
    """A file and its state: waiting, ready or failed (then with the reason)."""

    name: str
    state: str
    size: int
    chunks: int
    loader: str
    splitter: str
    error_code: str
    error_en: str
    error_zh: str
    updated: datetime


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

    def list(self) -> builtins.list[KnowledgeBaseInfo]:
        """All knowledge bases, oldest first."""
        with self._database.read() as session:
            counts = rows.count(session)
            return [_kb_info(kb, counts.get(kb.id, rows.Counts())) for kb in rows.knowledge_bases(session)]

    def get(self, name: str) -> KnowledgeBaseInfo:
        """One knowledge base. Raises `KnowledgeBaseNotFound`, `BadName`."""
        kb = self._row(name)
        with self._database.read() as session:
            return _kb_info(kb, rows.count(session).get(kb.id, rows.Counts()))

    def create(self, name: str, *, info: str = "", vector_store: str = "", embed_model: str = "") -> KnowledgeBaseInfo:
        """Create an empty knowledge base; "" means the settings' choice.

        Raises:
            BadName, KnowledgeBaseExists: about the name.
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
        )
        layout = self._layout(parsed.text)
        with self._database.unit_of_work() as session:
            rows.add_knowledge_base(session, kb)
            # Inside the unit of work: a folder that cannot be made leaves no knowledge base behind. An index that lies
            # here belongs to a database that is gone, whose chunk ids this one will use again for other texts.
            layout.content.mkdir(parents=True, exist_ok=True)
            self._drop_indexes(layout)
        return _kb_info(kb, rows.Counts())

    def delete(self, name: str) -> None:
        """Delete a knowledge base with all its files. Raises `KnowledgeBaseNotFound`, `KnowledgeBaseBusy`."""
        kb = self._row(name)
        layout = self._layout(kb.name)
        with locked(layout, kb.name):
            # The marker lets `reconcile` finish after a crash, and tell this folder from one a user put there.
            (layout.root / DELETING).touch()
            with self._database.unit_of_work() as session:
                rows.delete_knowledge_base(session, kb.id)
        self._drop_indexes(layout)
        shutil.rmtree(layout.root, ignore_errors=True)

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

    def files(self, name: str) -> builtins.list[FileInfo]:
        """All files of a knowledge base, by name."""
        kb = self._row(name)
        with self._database.read() as session:
            chunks = rows.chunk_counts(session, kb.id)
            return [_file_info(file, chunks.get(file.id, 0)) for file in rows.files(session, kb.id)]

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
            QueueFull: before anything of the first file was read; later files are refused one by one.
        """
        kb = self._row(name)
        self._jobs.ensure_room()
        submitted = Submitted()
        recipe = resolve(options, kb.settings, self._settings)
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
        from document_loaders.table import suffixes

        parsed = FileName.parse(name)
        if parsed.suffix not in suffixes():
            raise UnsupportedFileType(name=parsed.text, known=" ".join(suffixes()))
        with self._database.read() as session:
            file = rows.find_file(session, kb.id, parsed.text)
        if file is not None and file.state == "ready" and not options.replace:
            raise FileExists(name=parsed.text, knowledge_base=kb.name)
        return parsed

    def index_files(
        self, name: str, file_names: Sequence[str], options: IngestOptions
    ) -> Iterator[tuple[str, ZhiwenError | None]]:
        """Read and index files that lie in the content folder; yields each one's name and error when it is done."""
        kb = self._row(name)
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

    def list_jobs(self, name: str = "", states: Collection[str] = ()) -> builtins.list[JobInfo]:
        """The newest jobs first, of all knowledge bases or one."""
        return self._book.info(self._row(name).id if name else None, states)

    def job(self, job_id: int) -> JobInfo:
        """One job. Raises `JobNotFound`."""
        return self._book.one(job_id)

    def delete_files(self, name: str, file_names: Sequence[str], *, delete_content: bool) -> Results:
        """Take files out of the indexes and the list; with `delete_content` their bytes are deleted too."""
        kb = self._row(name)
        self._jobs.cancel_for_files(kb.id, file_names)
        results: Results = {}
        known: builtins.list[str] = []
        for file_name in file_names:
            try:
                known.append(self._known(kb, file_name))
                results[file_name] = None
            except ZhiwenError as error:
                results[file_name] = error
        self._ingestor.publisher(kb).unpublish(known, delete_content=delete_content)
        return results

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
        kb = self._row(name)
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
        kb = self._find(name)
        if kb is None:
            if not create:
                raise KnowledgeBaseNotFound(name=name)
            self.create(name, vector_store=vector_store, embed_model=embed_model)
            kb = self._row(name)
        embedder = self._embedders.get(embed_model or kb.embed_model)
        store = vector_store or kb.vector_store
        VECTOR_STORES.get(store)
        tools = Tools(self._settings, self._database, self._indexes, self._parser, self._cache)
        recipe = resolve(options, kb.settings, self._settings)
        yield from Rebuild(tools, kb, embedder, recipe, store).run(force=options.force)

    def search(self, names: Sequence[str], query: str, *, top_k: int, max_distance: float) -> builtins.list[Hit]:
        """The best chunks of these knowledge bases, best first; distances run from 0 to 2, smaller is better."""
        targets = [self._row(name) for name in names]
        return self._searcher.search(targets, query, top_k=top_k, max_distance=max_distance)

    def chunks(
        self, name: str, *, file_name: str = "", metadata: Mapping[str, Any] | None = None
    ) -> builtins.list[Chunk]:
        """Chunks in reading order, without a question; of one file, or whose first-level metadata is equal."""
        kb = self._row(name)
        with self._database.read() as session:
            found = rows.list_chunks(session, kb.id, file_name)
        wanted = (metadata or {}).items()
        return [chunk for chunk in found if all(chunk.meta.get(key) == value for key, value in wanted)]

    def reconcile(self) -> dict[str, Repairs]:
        """Clean up after a crash; see `server.knowledge_base.reconcile`."""
        return reconcile(self._settings, self._database, self._indexes, self._embedders)

    def _layout(self, name: str) -> Layout:
        return Layout.of(self._settings.paths.knowledge_base, name)

    def _find(self, name: str) -> KnowledgeBaseRow | None:
        with self._database.read() as session:
            return rows.find_knowledge_base(session, KbName.parse(name).key)

    def _row(self, name: str) -> KnowledgeBaseRow:
        kb = self._find(name)
        if kb is None:
            raise KnowledgeBaseNotFound(name=name)
        return kb


def _kb_info(kb: KnowledgeBaseRow, counts: rows.Counts) -> KnowledgeBaseInfo:
    return KnowledgeBaseInfo(
        name=kb.name,
        info=kb.info,
        vector_store=kb.vector_store,
        embed_model=kb.embed_model,
        files=counts.files,
        chunks=counts.chunks,
        failed=counts.failed,
        created=kb.created,
    )


def _file_info(file: FileRow, chunks: int) -> FileInfo:
    error = by_code(file.error_code, file.error_detail) if file.error_code else None
    return FileInfo(
        name=file.name,
        state=file.state,
        size=file.size,
        chunks=chunks,
        loader=file.loader,
        splitter=file.splitter,
        error_code=file.error_code,
        error_en=error.message("en") if error else "",
        error_zh=error.message("zh") if error else "",
        updated=file.updated,
    )
