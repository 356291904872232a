"""The commit protocol: how a file appears, changes version or disappears in exactly one SQL commit.

Three places hold a file: bytes (disk), rows (SQL) and index entries. They cannot be committed together, so one of them
decides what is visible: `file.generation` in SQL. A chunk is visible when its generation is its file's (and nobody hid
it: `chunk_editor` has the protocol of single chunks).

    add or replace                                     delete
    a  insert chunks of generation g+1        (tx)     a  mark the row removing, drop its chunks  (tx)  ← unpublish
    b  index: add, save                                b  index: remove, save
    c  file.generation = g+1, drop the rest   (tx)     c  delete the bytes
       ← publish
    d  move the bytes into place
    e  index: remove the old ids, save                 d  delete the file's row                   (tx)

A crash between two letters leaves rows, entries or bytes that nobody can see; `reconcile` removes them and finishes d.
Chunk ids are never used twice, and the index is durable before the switch: without either, a crash could show the
wrong text (tests/unit/test_publish_crash.py tries every letter).

    operation           against another writer                        against a search
    parse, embed        nothing                                       nothing
    publish, delete     the file lock <kb>/.lock, over processes      the index's lock while numbers are touched
    rebuild             <kb>/.rebuild.lock, and .lock at the switch   works on a new index folder, then switches
    search              nothing                                       the index's lock, shared by nothing else
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from filelock import FileLock, Timeout

from server.db import jobs
from server.db import repositories as rows
from server.db.session import Database, Session
from server.db.tables import FileRow, KnowledgeBaseRow, now
from server.errors import KnowledgeBaseBusy, KnowledgeBaseNotFound, ZhiwenError
from server.knowledge_base import content
from server.knowledge_base.content import Received
from server.knowledge_base.edits import stamp_of
from server.knowledge_base.embed import Prepared, entries
from server.knowledge_base.index import Index, IndexPool
from server.knowledge_base.ingest import Parsed
from server.knowledge_base.names import Layout

LOCK_TIMEOUT_S = 60


@dataclass(frozen=True)
class Receipt:
    """What a deletion took away: files, chunks, entries of the two indexes, bytes on disk, entries of the cache.

    The indexes are counted before and after, not believed.
    """

    files: int = 0
    chunks: int = 0
    vectors: int = 0
    words: int = 0
    bytes: int = 0
    cache_entries: int = 0


@contextmanager
def locked(
    layout: Layout, knowledge_base: str, *, rebuild: bool = False, timeout_s: float = LOCK_TIMEOUT_S
) -> Iterator[None]:
    """Hold a knowledge base's write lock, or its rebuild lock. Raises `KnowledgeBaseBusy` after the time-out."""
    layout.root.mkdir(parents=True, exist_ok=True)
    # A new object each time: two threads of one process must exclude each other as two processes do.
    lock = FileLock(layout.root / (".rebuild.lock" if rebuild else ".lock"), timeout=timeout_s, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise KnowledgeBaseBusy(name=knowledge_base) from None
    try:
        yield
    finally:
        lock.release()


def open_index(pool: IndexPool, layout: Layout, kb: KnowledgeBaseRow) -> Index:
    """The index a knowledge base uses now."""
    folder = layout.index(kb.index_generation)
    return pool.get(folder, lambda: Index(kb.name, folder, kb.vector_store, kb.dimension))


class Overtaken(Exception):
    """Somebody changed a file's chunks after they were looked at; looking again helps. Never leaves this package."""


class Publisher:
    """Puts prepared files into one knowledge base, and takes files out of it."""

    def __init__(
        self, database: Database, indexes: IndexPool, layout: Layout, knowledge_base_id: int, name: str
    ) -> None:
        self._database = database
        self._indexes = indexes
        self._layout = layout
        self._id = knowledge_base_id
        self._name = name

    def publish(self, batch: Sequence[Prepared]) -> None:
        """Make all files of the batch visible at once, in place of their older versions.

        Raises:
            KnowledgeBaseNotFound: it was deleted meanwhile.
            KnowledgeBaseBusy: it changed its embedding model meanwhile, or the lock cannot be had.
            Overtaken: somebody changed chunks of these files meanwhile; nothing was published.
        """
        if not batch:
            return
        with locked(self._layout, self._name):
            kb, staged = self._insert(batch)
            index = open_index(self._indexes, self._layout, kb)
            try:
                index.change(add=entries(batch, [ids for _, _, ids in staged]))
            except BaseException:
                self._withdraw(staged)
                raise
            gone = self._switch(batch, staged)
            for prepared in batch:
                content.put_in_place(self._layout, prepared.parsed.received)
            if gone:
                index.change(remove=gone)

    def _insert(self, batch: Sequence[Prepared]) -> tuple[KnowledgeBaseRow, list[tuple[int, int, list[int]]]]:
        """Letter a. Returns (file id, generation, chunk ids) of each file."""
        staged: list[tuple[int, int, list[int]]] = []
        with self._database.unit_of_work() as session:
            kb = rows.get_knowledge_base(session, self._id)
            if kb is None:
                raise KnowledgeBaseNotFound(name=self._name)
            if any(prepared.embed_model != kb.embed_model for prepared in batch):
                raise KnowledgeBaseBusy(name=self._name)
            for prepared in batch:
                file = rows.get_or_add_file(session, self._id, prepared.parsed.received.name)
                if stamp_of(file) != prepared.based_on:
                    raise Overtaken
                generation = rows.next_generation(session, file)
                staged.append((file.id, generation, rows.add_chunks(session, file.id, generation, prepared.chunks)))
        return kb, staged

    def _switch(self, batch: Sequence[Prepared], staged: Sequence[tuple[int, int, list[int]]]) -> list[int]:
        """Letter c. Returns the chunk ids that are gone."""
        gone: list[int] = []
        with self._database.unit_of_work() as session:
            for prepared, (file_id, generation, _) in zip(batch, staged, strict=True):
                mark_ready(session.get_one(FileRow, file_id), prepared.parsed, generation, prepared.drafts.lost)
                gone += rows.delete_other_generations(session, file_id, generation)
        return gone

    def _withdraw(self, staged: Sequence[tuple[int, int, list[int]]]) -> None:
        """Take back letter a after b failed (a full disk, say); whatever b left behind is invisible."""
        with self._database.unit_of_work() as session:
            for file_id, _, ids in staged:
                rows.delete_chunks(session, ids)
                rows.delete_unused_file(session, file_id)

    def record_failure(self, parsed: Parsed) -> None:
        """Keep a file that could not be read, with the reason. An older version that was read stays as it is."""
        received = parsed.received
        with locked(self._layout, self._name):
            gone: list[int] = []
            with self._database.unit_of_work() as session:
                kb = rows.get_knowledge_base(session, self._id)
                if kb is None:
                    raise KnowledgeBaseNotFound(name=self._name)
                file = rows.get_or_add_file(session, self._id, received.name)
                keep_old = file.generation > 0 and not received.in_place
                if not keep_old:
                    mark_failed(file, parsed)
                    gone = rows.delete_other_generations(session, file.id, file.generation)
            if keep_old:
                content.discard(received)
                return
            content.put_in_place(self._layout, received)
            if gone:
                open_index(self._indexes, self._layout, kb).change(remove=gone)

    def unpublish(self, names: Sequence[str], *, delete_content: bool) -> Receipt:
        """Make files disappear; names without a file are passed over. Returns what went."""
        with locked(self._layout, self._name):
            gone: list[int] = []
            removed = (0, 0)
            size = sum(content.size(self._layout, name) for name in names) if delete_content else 0
            with self._database.unit_of_work() as session:
                kb = rows.get_knowledge_base(session, self._id)
                if kb is None:
                    raise KnowledgeBaseNotFound(name=self._name)
                for name in names:
                    if delete_content:
                        gone += _mark_removing(session, rows.get_or_add_file(session, self._id, name))
                    elif file := rows.find_file(session, self._id, name):
                        gone += rows.delete_file(session, file.id)
            if gone:
                removed = open_index(self._indexes, self._layout, kb).change(remove=gone)
            finish_removals(self._database, self._layout, self._id)
        return Receipt(len(names), len(gone), -removed[0], -removed[1], size)


def finish_removals(database: Database, layout: Layout, knowledge_base_id: int) -> int:
    """Delete the bytes of files that are being removed, then their rows. The caller holds the write lock."""
    with database.read() as session:
        files = rows.removing_files(session, knowledge_base_id)
    for file in files:
        content.remove(layout, file.name)
    with database.unit_of_work() as session:
        for file in files:
            rows.delete_file(session, file.id)
    return len(files)


def settle(database: Database, layout: Layout, knowledge_base_id: int) -> int:
    """Finish what a crash interrupted after its switch: bytes to delete, and bytes to move into place (letter d).

    The caller holds the write lock. Returns the number of files deleted or moved.
    """
    settled = finish_removals(database, layout, knowledge_base_id)
    with database.read() as session:
        files = {file.sha256: file.name for file in rows.files(session, knowledge_base_id) if file.sha256}
        needed = jobs.active_incoming(session, knowledge_base_id)
    for waiting, sha256 in content.waiting(layout):
        name = files.get(sha256)
        if name is not None and content.sha256(layout.file(name)) != sha256:
            content.put_in_place(layout, Received(name, waiting, sha256, waiting.stat().st_size))
            settled += 1
        elif waiting.name not in needed and content.is_abandoned(waiting):
            waiting.unlink(missing_ok=True)
    return settled


def _mark_removing(session: Session, file: FileRow) -> list[int]:
    """Letter a of deleting; returns the ids of the chunks that are gone."""
    file.state, file.generation, file.updated = rows.REMOVING, 0, now()
    return rows.delete_other_generations(session, file.id, 0)


def mark_ready(file: FileRow, parsed: Parsed, generation: int, edits_lost: int = 0) -> None:
    """Write down what a file's visible chunks were made of."""
    file.generation, file.state = generation, "ready"
    file.custom_docs, file.edits_lost = parsed.text.custom, edits_lost
    file.error_code, file.error_detail = "", {}
    _write_ledger(file, parsed)


def mark_failed(file: FileRow, parsed: Parsed) -> None:
    """Write down why a file has no chunks."""
    error = parsed.error or ZhiwenError()
    file.generation, file.state = 0, "failed"
    file.custom_docs, file.edits_lost = False, 0
    file.error_code, file.error_detail = error.code, dict(error.detail)
    _write_ledger(file, parsed)


def _write_ledger(file: FileRow, parsed: Parsed) -> None:
    file.sha256, file.size = parsed.received.sha256, parsed.received.size
    file.loader, file.splitter, file.recipe = parsed.text.loader, parsed.text.splitter, parsed.recipe.key
    pages = parsed.text.pages
    file.pages, file.pages_with_text, file.empty_pages = pages.found, pages.with_text, list(pages.empty)
    file.updated = now()
