"""The files of a knowledge base: what is known of each, where its bytes lie, and taking them out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from configs import Settings
from server.db import chunks
from server.db import repositories as rows
from server.db.session import Database
from server.db.tables import KnowledgeBaseRow
from server.errors import FileNotFound, ZhiwenError
from server.knowledge_base import content
from server.knowledge_base.index import IndexPool
from server.knowledge_base.ingestor import Ingestor
from server.knowledge_base.job_book import ACTIVE, JobBook
from server.knowledge_base.ledger import FileInfo, file_infos, index_ids
from server.knowledge_base.lookup import named
from server.knowledge_base.names import FileName, Layout
from server.knowledge_base.parse_cache import ParseCache
from server.knowledge_base.publish import Receipt, open_index
from server.knowledge_base.uploading import Results


@dataclass(frozen=True)
class Deleted:
    """What became of each file that was to go, and what went."""

    results: Results
    receipt: Receipt


class Files:
    """Looks at files, and takes them out. Every method may be called from any thread."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        indexes: IndexPool,
        ingestor: Ingestor,
        book: JobBook,
        cache: ParseCache,
    ) -> None:
        self._settings = settings
        self._database = database
        self._indexes = indexes
        self._ingestor = ingestor
        self._book = book
        self._cache = cache

    def ledger(self, name: str, *, with_entries: bool) -> list[FileInfo]:
        """All files of a knowledge base, by name; with `with_entries` what the two indexes hold of each."""
        infos = self._list(named(self._database, name), with_entries=with_entries)
        # SQL and indexes cannot be read at one moment: what a change in between made differ is looked at once more.
        return (
            infos
            if all(info.is_whole for info in infos)
            else self._list(named(self._database, name), with_entries=True)
        )

    def _list(self, kb: KnowledgeBaseRow, *, with_entries: bool) -> list[FileInfo]:
        active = self._book.info(kb.id, ACTIVE, limit=self._settings.ingest.queue_limit)
        held = index_ids(open_index(self._indexes, self._layout(kb), kb)) if with_entries else None
        with self._database.read() as session:
            counted = chunks.counted(session, kb.id)
            visible = rows.visible_ids_by_file(session, kb.id)
            return file_infos(rows.files(session, kb.id), visible, counted, active, held)

    def delete(self, kb: KnowledgeBaseRow, file_names: Sequence[str], *, delete_content: bool) -> Deleted:
        """Take files out of the indexes and the list; with `delete_content` bytes and what is cached of them go too."""
        results: Results = {}
        known: list[str] = []
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
            cached = self.forget_cached([hashes[file] for file in known if file in hashes])
            receipt = replace(receipt, cache_entries=cached)
        return Deleted(results, receipt)

    def _known(self, kb: KnowledgeBaseRow, file_name: str) -> str:
        name = FileName.parse(file_name).text
        with self._database.read() as session:
            file = rows.find_file(session, kb.id, name)
        gone = file is None or file.state == rows.REMOVING
        if gone and not self._layout(kb).file(name).is_file():
            raise FileNotFound(name=name, knowledge_base=kb.name)
        return name

    def forget_cached(self, hashes: Collection[str]) -> int:
        """Delete what is cached of these bytes, unless another file has the same ones. Returns how many entries."""
        with self._database.read() as session:
            used = rows.hashes_in_use(session, hashes)
        return sum(self._cache.forget(sha256) for sha256 in {*hashes} - used)

    def path(self, name: str, file_name: str) -> Path:
        """Where the bytes of a file lie. Raises `FileNotFound`, `BadName`, `KnowledgeBaseNotFound`."""
        kb = named(self._database, name)
        path = self._layout(kb).file(file_name)
        if not path.is_file():
            raise FileNotFound(name=file_name, knowledge_base=kb.name)
        return path

    def on_disk(self, name: str) -> list[str]:
        """Names of all files in the content folder, listed in SQL or not; the knowledge base need not exist."""
        return [*content.listing(Layout.of(self._settings.paths.knowledge_base, name))]

    def _layout(self, kb: KnowledgeBaseRow) -> Layout:
        return Layout.of(self._settings.paths.knowledge_base, kb.name)
