"""Changes of single chunks: edit, hide, show, delete, add; searchable at once, and crash-safe.

The text of a row never changes, because the indexes know it by the row's id. An edited, enabled or added chunk is a new
row of the file's present generation, under the old public id:

    a  insert the new rows, staged                                  (tx)
    b  index: add them, save
    c  show them, drop or hide the old ones, count the revision up  (tx)   ← switch
    d  index: remove the old ones, save

A crash before c leaves staged rows and entries, one after it entries of hidden or dropped rows: nobody can see either,
and `reconcile` removes them. All changes of one call switch together. Texts are embedded before the lock is taken; who
was overtaken meanwhile by another change of the same chunk is told so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from server.analysis import terms
from server.db import chunks
from server.db import repositories as rows
from server.db.session import Database, Session
from server.db.tables import ChunkRow, FileRow, KnowledgeBaseRow, now
from server.errors import ChunkNotFound, FileNotFound, KnowledgeBaseBusy, KnowledgeBaseNotFound
from server.knowledge_base.edits import HAND, origin_of
from server.knowledge_base.embedders import Embedders
from server.knowledge_base.index import Entries, IndexPool
from server.knowledge_base.names import FileName, Layout
from server.knowledge_base.publish import locked, open_index
from server.knowledge_base.reading import indexed_text
from server.retrieval.dense import embed_documents


@dataclass(frozen=True)
class Change:
    """A change of one chunk: a new text (and `meta`), a new state, or both. An empty text deletes."""

    public: int
    text: str | None = None
    meta: dict[str, Any] | None = None
    state: str | None = None


@dataclass(frozen=True)
class Addition:
    """A chunk by hand in a file: after the chunk with the id `after`, at the end (None) or the beginning (0)."""

    file: str
    text: str
    meta: dict[str, Any] = field(default_factory=dict)
    after: int | None = None


@dataclass
class _Step:
    """One chunk on its way: the row there is, the row that takes its place, if any, and the state it ends in."""

    file: FileRow
    old: ChunkRow | None
    new: rows.NewChunk | None
    state: str = rows.SHOWN
    ordinal: int = 0
    new_id: int = 0


class ChunkEditor:
    """Changes the chunks of one knowledge base."""

    def __init__(self, database: Database, indexes: IndexPool, embedders: Embedders, layout: Layout) -> None:
        self._database = database
        self._indexes = indexes
        self._embedders = embedders
        self._layout = layout

    def change(self, kb: KnowledgeBaseRow, changes: Sequence[Change]) -> None:
        """Do all of these, or none.

        Raises:
            ChunkNotFound: there is no chunk of one of the ids.
            KnowledgeBaseBusy: somebody else changed one of them meanwhile, or the lock cannot be had.
        """
        with self._database.read() as session:
            wanted = {each.public: each for each in changes}.values()
            steps = [step for each in wanted if (step := self._step(session, kb, each)) is not None]
        self._run(kb, steps)

    def add(self, kb: KnowledgeBaseRow, addition: Addition) -> int:
        """Add a chunk by hand; returns its id. Raises `FileNotFound`, `ChunkNotFound` and what `change` raises."""
        name = FileName.parse(addition.file).text
        with self._database.read() as session:
            file = rows.find_file(session, kb.id, name)
            if file is None or file.state != "ready":
                raise FileNotFound(name=name, knowledge_base=kb.name)
            before = self._place(session, kb, file, addition.after)
            anchor = origin_of(session, before) if before is not None else ""
        origin = anchor if anchor.startswith(HAND) else f"{HAND}{anchor}"
        ordinal = before.ordinal + 1 if before is not None else 0
        chunk = rows.NewChunk(addition.text, addition.meta, state=rows.STAGED, origin=origin)
        step = _Step(file, None, chunk, ordinal=ordinal)
        self._run(kb, [step])
        return step.new_id

    def _place(self, session: Session, kb: KnowledgeBaseRow, file: FileRow, after: int | None) -> ChunkRow | None:
        if after == 0:
            return None
        if after is None:
            return chunks.at_ordinal(session, file, chunks.last_ordinal(session, file))
        found = chunks.find_chunk(session, kb.id, after)
        if found is None or found[1].id != file.id:
            raise ChunkNotFound(id=after, knowledge_base=kb.name)
        return found[0]

    def _step(self, session: Session, kb: KnowledgeBaseRow, change: Change) -> _Step | None:
        found = chunks.find_chunk(session, kb.id, change.public)
        if found is None:
            raise ChunkNotFound(id=change.public, knowledge_base=kb.name)
        old, file = found
        text = old.text if change.text is None else change.text
        meta = old.meta if change.meta is None else change.meta
        state = rows.DELETED if not text.strip() else change.state or old.state
        same = (text, meta) == (old.text, old.meta)
        if same and state == old.state:
            return None
        if state == rows.DELETED or (state == rows.DISABLED and same):
            return _Step(file, old, None, state)
        new = rows.NewChunk(text, meta, old.public or old.id, rows.STAGED, origin_of(session, old))
        return _Step(file, old, new, state)

    def _run(self, kb: KnowledgeBaseRow, steps: Sequence[_Step]) -> None:
        if not steps:
            return
        shown = [step for step in steps if step.new is not None and step.state == rows.SHOWN]
        texts = [indexed_text(s.file.name, s.new.text, s.new.meta) for s in shown if s.new is not None]
        embedder = self._embedders.for_index(kb)
        vectors = embed_documents(embedder, texts)
        with locked(self._layout, kb.name):
            current = self._stage(kb, steps)
            index = open_index(self._indexes, self._layout, current)
            if shown:
                ids = [step.new_id for step in shown]
                try:
                    index.change(add=Entries(ids, vectors, [" ".join(terms(text)) for text in texts]))
                except BaseException:
                    self._withdraw(steps)
                    raise
            gone = self._switch(steps)
            if gone:
                index.change(remove=gone)

    def _stage(self, kb: KnowledgeBaseRow, steps: Sequence[_Step]) -> KnowledgeBaseRow:
        """Letter a; also makes sure that everything is as it was when the texts were embedded."""
        with self._database.unit_of_work() as session:
            current = rows.get_knowledge_base(session, kb.id)
            if current is None:
                raise KnowledgeBaseNotFound(name=kb.name)
            if current.embed_model != kb.embed_model or not all(_is_current(session, step) for step in steps):
                raise KnowledgeBaseBusy(name=kb.name)
            for step in steps:
                if step.new is not None:
                    step.new_id = chunks.insert(session, step.file, step.ordinal, step.new)
        return current

    def _switch(self, steps: Sequence[_Step]) -> list[int]:
        """Letter c. Returns the ids whose index entries are to go."""
        gone: list[int] = []
        with self._database.unit_of_work() as session:
            for step in steps:
                if step.old is None:
                    chunks.make_room(session, step.file, step.ordinal)
                elif step.new is None:
                    chunks.hide(session, step.old.id, step.state, origin_of(session, step.old))
                    gone.append(step.old.id)
                else:
                    chunks.drop(session, [step.old.id])
                    gone.append(step.old.id)
                if step.new is not None:
                    chunks.set_state(session, step.new_id, step.state)
            for file_id in {step.file.id for step in steps}:
                file = session.get_one(FileRow, file_id)
                file.revision, file.updated = file.revision + 1, now()
        return gone

    def _withdraw(self, steps: Sequence[_Step]) -> None:
        """Take back letter a after b failed (a full disk, say)."""
        with self._database.unit_of_work() as session:
            chunks.drop(session, [step.new_id for step in steps if step.new is not None])


def _is_current(session: Session, step: _Step) -> bool:
    """Whether a chunk is as it was when its change was prepared; its place may have moved, and is noted anew."""
    file = session.get(FileRow, step.file.id)
    if file is None or file.generation != step.file.generation:
        return False
    if step.old is None:
        return file.revision == step.file.revision
    old = session.get(ChunkRow, step.old.id)
    if old is None or old.state != step.old.state:
        return False
    step.ordinal = old.ordinal
    return True
