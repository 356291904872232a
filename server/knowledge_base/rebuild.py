"""Build the index of a knowledge base anew from the files on disk, beside the one in use, and switch at the end.

Searches go on with the old index until the switch, which is one SQL commit. Files that others upload, replace or
delete meanwhile are caught up with under the write lock just before it. A crash leaves the old index in use and
garbage that `reconcile` removes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from configs import Settings
from server.db import repositories as rows
from server.db.session import Database, Session
from server.db.tables import FileRow, KnowledgeBaseRow
from server.errors import BadName, IndexDamaged, KnowledgeBaseNotFound, ZhiwenError
from server.knowledge_base import content
from server.knowledge_base.custom_documents import KeepingDocuments
from server.knowledge_base.edits import Stamp, edits_of, stamp_of
from server.knowledge_base.embed import Prepared, entries, prepare
from server.knowledge_base.index import Index, IndexPool
from server.knowledge_base.ingest import Parsed, never, parse_batches
from server.knowledge_base.names import Layout
from server.knowledge_base.parse_cache import ParseCache
from server.knowledge_base.parsers import Cancelled, Parser, ParsingCancelled
from server.knowledge_base.publish import locked, mark_failed, mark_ready, open_index, settle
from server.knowledge_base.recipe import Recipe
from server.knowledge_base.same_model import is_same, sign
from server.llm.base import Embedder

REPAIR_PATIENCE_S = 5
"""The repair soon after the start holds the lock for a moment; another rebuild holds it longer."""


@dataclass(frozen=True)
class RebuildStep:
    """One file is done: the `finished`-th of `total`; `error` tells why it has no chunks.

    `edits_lost` counts changes of chunks by people that found no place, because the file's pieces are others now.
    """

    file: str
    finished: int
    total: int
    chunks: int = 0
    error: ZhiwenError | None = None
    unchanged: bool = False
    edits_lost: int = 0


@dataclass(frozen=True)
class Tools:
    """What a rebuild works with. `cancelled` tells that nobody wants it any more."""

    settings: Settings
    database: Database
    indexes: IndexPool
    parser: Parser
    cache: ParseCache
    cancelled: Cancelled = never


@dataclass
class _Built:
    """What the new index holds: by file name what was read, without its pieces, the generation and the chunks' ids.

    `lost` counts changes of chunks that found no place; `seen` is what the files were when the build began.
    """

    parsed: dict[str, Parsed] = field(default_factory=dict)
    generation: dict[str, int] = field(default_factory=dict)
    ids: dict[str, list[int]] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    seen: dict[str, Stamp] = field(default_factory=dict)


class Rebuild:
    """One rebuild of one knowledge base with a given embedding model, vector store and recipe."""

    def __init__(
        self, tools: Tools, kb: KnowledgeBaseRow, embedder: Embedder, recipe: Recipe, vector_store: str
    ) -> None:
        self._tools = tools
        self._database = tools.database
        self._indexes = tools.indexes
        self._kb = kb
        self._embedder = embedder
        self._recipe = recipe
        self._vector_store = vector_store
        self._layout = Layout.of(tools.settings.paths.knowledge_base, kb.name)
        self._built = _Built()

    def run(self, *, force: bool) -> Iterator[RebuildStep]:
        """Do it, yielding a step for each file; when nothing has changed and not `force`, there is nothing to do.

        Raises:
            KnowledgeBaseBusy: another rebuild of it is running.
            KnowledgeBaseNotFound: it was deleted meanwhile.
            ParsingCancelled: it was called off; the index of before stays in use.
        """
        with locked(self._layout, self._kb.name, rebuild=True, timeout_s=REPAIR_PATIENCE_S):
            with locked(self._layout, self._kb.name):
                settle(self._database, self._layout, self._kb.id)
            names = list(content.listing(self._layout))
            if not force and self._is_current(names):
                yield from (RebuildStep(name, n, len(names), unchanged=True) for n, name in enumerate(names, 1))
                return
            generation = self._next_generation()
            folder = self._layout.index(generation)
            self._indexes.drop(folder)
            index = Index(self._kb.name, folder, self._vector_store, self._embedder.dimension)
            try:
                yield from self._build(index, names)
                with locked(self._layout, self._kb.name):
                    self._catch_up(index)
                    self._stop_if_cancelled()
                    old = self._switch(generation)
            except BaseException:
                # An interruption may come between the commit of the switch and here: then the new index is in use.
                if not self._is_in_use(generation):
                    self._indexes.drop(folder)
                    self._withdraw()
                raise
            self._indexes.drop(self._layout.index(old))

    def _is_in_use(self, generation: int) -> bool:
        with self._database.read() as session:
            kb = rows.get_knowledge_base(session, self._kb.id)
        return kb is not None and kb.index_generation == generation

    def _next_generation(self) -> int:
        folders = [int(path.name) for path in self._layout.indexes.glob("*") if path.name.isdigit()]
        return max([self._kb.index_generation, *folders]) + 1

    def _is_current(self, names: Sequence[str]) -> bool:
        """Whether every file on disk is searchable as it is, in this way, in an index that is whole."""
        kb = self._kb
        built = (kb.embed_model, kb.dimension, kb.vector_store)
        if built != (self._embedder.name, self._embedder.dimension, self._vector_store):
            return False
        if not is_same(kb.model_sign, self._embedder):
            return False
        with self._database.read() as session:
            files = {file.name: file for file in rows.files(session, kb.id)}
            visible = rows.visible_ids(session, kb.id)
        if files.keys() != set(names) or not all(self._is_same(file) for file in files.values()):
            return False
        try:
            return open_index(self._indexes, self._layout, kb).ids() == (visible, visible)
        except IndexDamaged:
            return False

    def _is_same(self, file: FileRow) -> bool:
        if file.state != "ready" or not (file.custom_docs or file.recipe == self._recipe.key):
            return False
        path = self._layout.content / file.name
        return path.stat().st_size == file.size and content.sha256(path) == file.sha256

    def _build(self, index: Index, names: Sequence[str]) -> Iterator[RebuildStep]:
        self._built.seen = self._stamps()
        finished = 0
        for batch in self._parsed(names):
            self._add(index, batch)
            self._stop_if_cancelled()
            for parsed in batch:
                finished += 1
                name = parsed.received.name
                chunks = len(self._built.ids.get(name, ()))
                lost = self._built.lost.get(name, 0)
                yield RebuildStep(name, finished, len(names), chunks, parsed.error, edits_lost=lost)

    def _parsed(self, names: Sequence[str]) -> Iterator[list[Parsed]]:
        found = (content.in_place(self._layout, name) for name in names)
        threads = self._tools.settings.ingest.parsers
        with self._database.read() as session:
            custom = {file.name for file in rows.files(session, self._kb.id) if file.custom_docs}
        parser = KeepingDocuments(self._tools.parser, custom)
        return parse_batches(parser, self._layout, found, self._recipe, threads, self._tools.cancelled)

    def _stop_if_cancelled(self) -> None:
        if self._tools.cancelled():
            raise ParsingCancelled

    def _stamps(self) -> dict[str, Stamp]:
        with self._database.read() as session:
            return {file.name: stamp_of(file) for file in rows.files(session, self._kb.id)}

    def _add(self, index: Index, batch: Sequence[Parsed]) -> None:
        """Embed parsed files, insert their chunks invisibly and put them into the new index."""
        batch = [parsed for parsed in batch if not isinstance(parsed.error, BadName)]
        if not batch:
            return
        with self._database.read() as session:
            edits = edits_of(session, self._kb.id, [parsed.received.name for parsed in batch])
        prepared = prepare(self._embedder, self._tools.cache, batch, edits)
        index.change(add=entries(prepared, self._insert(prepared)))

    def _insert(self, batch: Sequence[Prepared]) -> list[list[int]]:
        with self._database.unit_of_work() as session:
            if rows.get_knowledge_base(session, self._kb.id) is None:
                raise KnowledgeBaseNotFound(name=self._kb.name)
            for prepared in batch:
                parsed = prepared.parsed
                name = parsed.received.name
                file = rows.get_or_add_file(session, self._kb.id, name)
                generation = rows.next_generation(session, file)
                self._built.ids[name] = rows.add_chunks(session, file.id, generation, prepared.chunks)
                self._built.generation[name] = generation
                self._built.lost[name] = prepared.drafts.lost
                self._built.parsed[name] = replace(parsed, text=replace(parsed.text, pieces=()))
        return [self._built.ids[prepared.parsed.received.name] for prepared in batch]

    def _catch_up(self, index: Index) -> None:
        """Under the write lock: bring what changed since the build began into the new index."""
        present = self._stamps()
        names = set(content.listing(self._layout))
        changed = [
            name
            for name in names
            if name not in self._built.parsed or present.get(name) != self._built.seen.get(name, (0, 0))
        ]
        stale = [i for name in {*changed, *(self._built.parsed.keys() - names)} for i in self._built.ids.pop(name, [])]
        for name in self._built.parsed.keys() - names:
            del self._built.parsed[name]
        if stale:
            index.change(remove=stale)
        for batch in self._parsed(changed):
            self._add(index, batch)

    def _switch(self, generation: int) -> int:
        """The one commit that makes the new index the one in use. Returns the old index generation."""
        model_sign = sign(self._embedder)
        with self._database.unit_of_work() as session:
            kb = rows.get_knowledge_base(session, self._kb.id)
            if kb is None:
                raise KnowledgeBaseNotFound(name=self._kb.name)
            for file in rows.files(session, kb.id):
                self._switch_file(session, file)
            old, kb.index_generation = kb.index_generation, generation
            kb.embed_model, kb.dimension = self._embedder.name, self._embedder.dimension
            kb.model_sign = model_sign
            kb.vector_store = self._vector_store
        return old

    def _switch_file(self, session: Session, file: FileRow) -> None:
        parsed = self._built.parsed.get(file.name)
        if parsed is None:
            # The bytes are gone from the folder, which is what a rebuild goes by.
            rows.delete_file(session, file.id)
        elif parsed.error is not None:
            mark_failed(file, parsed)
            rows.delete_other_generations(session, file.id, 0)
        else:
            mark_ready(file, parsed, self._built.generation[file.name], self._built.lost[file.name])
            rows.delete_other_generations(session, file.id, file.generation)

    def _withdraw(self) -> None:
        with self._database.unit_of_work() as session:
            rows.delete_chunks(session, [i for ids in self._built.ids.values() for i in ids])
            for file in rows.files(session, self._kb.id):
                rows.delete_unused_file(session, file.id)
