"""The two derived indexes of a knowledge base, opened once a process and changed together.

Several processes may use one index folder (the API and `init_database.py`). Writers hold the knowledge base's file
lock; each change ends by writing a new stamp, and every use compares the stamp and opens the index anew when another
process has written. In one process searches run side by side, and changes alone: but only while numbers are touched,
not while embedding and not while saving.
"""

import shutil
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from configs import Settings
from server.errors import IndexDamaged
from server.knowledge_base.shared_lock import SharedLock
from server.registry import Registry
from server.stores.base import Matrix, Vector, VectorStore, WordIndex
from server.stores.files import replace_file

VECTOR_STORES: Registry[type[VectorStore]] = Registry(
    "vector store",
    "向量库",
    {"faiss": "server.stores.faiss_store:FaissStore", "memory": "server.stores.memory:MemoryStore"},
)
WORD_INDEX: Registry[type[WordIndex]] = Registry(
    "word index", "词索引", {"tantivy": "server.stores.tantivy_index:TantivyIndex"}
)
STAMP = "stamp"


def vector_stores(settings: Settings) -> list[str]:
    """The vector stores a caller may ask for, that of the settings first."""
    return list(dict.fromkeys([settings.knowledge_base.vector_store, *VECTOR_STORES.names()]))


@dataclass(frozen=True)
class Entries:
    """New chunks of an index: ids, their unit vectors, shape (len(ids), dimension), and their terms.

    The terms of a chunk are one text, separated by blanks: as lists they would take ten times the memory.
    """

    ids: Sequence[int]
    vectors: Matrix
    terms: Sequence[str]


@dataclass(frozen=True)
class Answers:
    """What the indexes know about a question: cosine similarity and lexical score by chunk id, and places from 1.

    `exhausted` tells that asking for more would bring nothing new.
    """

    dense: dict[int, float]
    lexical: dict[int, float]
    exhausted: bool
    dense_rank: dict[int, int] = field(default_factory=dict)
    lexical_rank: dict[int, int] = field(default_factory=dict)


class Index:
    """The vectors and words of one index folder."""

    def __init__(self, name: str, folder: Path, vector_store: str, dimension: int) -> None:
        self._name = name
        self._folder = folder
        self._dimension = dimension
        self._vector_store = vector_store
        self._lock = SharedLock()
        self._stamp: str | None = None
        self._opened: tuple[VectorStore, WordIndex] | None = None

    @contextmanager
    def _reading(self) -> Iterator[tuple[VectorStore, WordIndex]]:
        while True:
            with self._lock.shared():
                if self._opened is not None and self._read_stamp() == self._stamp:
                    yield self._opened
                    return
            with self._changing():
                pass

    @contextmanager
    def _changing(self) -> Iterator[tuple[VectorStore, WordIndex]]:
        with self._lock.exclusive():
            stamp = self._read_stamp()
            if self._opened is None or stamp != self._stamp:
                self._opened = self._open()
                self._stamp = stamp
            yield self._opened

    def _read_stamp(self) -> str:
        try:
            return (self._folder / STAMP).read_text("ascii")
        except FileNotFoundError:
            return ""

    def _open(self) -> tuple[VectorStore, WordIndex]:
        try:
            vectors = VECTOR_STORES.get(self._vector_store).open(self._folder, self._dimension)
            return vectors, WORD_INDEX.get("tantivy").open(self._folder)
        except ValueError as error:
            raise IndexDamaged(name=self._name) from error

    def change(self, *, add: Entries | None = None, remove: Iterable[int] = ()) -> tuple[int, int]:
        """Remove ids, add entries and make both durable. The caller holds the knowledge base's write lock.

        Returns how many entries the vector store and the word index have more (below 0: fewer) than before.

        Raises:
            IndexDamaged: an index holds more or less than it was given.
        """
        gone, added = list(remove), len(add.ids) if add is not None else 0
        try:
            with self._changing() as (vectors, words):
                before = vectors.count(), words.count()
                vectors.remove(gone)
                kept = vectors.count()
                if add is not None:
                    vectors.add(add.ids, add.vectors)
            # Saving takes the longest by far, and searches may go on: what they find too early, SQL does not show yet.
            with self._lock.shared():
                vectors.save()
                words.change(gone, zip(add.ids, map(str.split, add.terms), strict=True) if add is not None else ())
                grown = (vectors.count() - before[0], words.count() - before[1])
                # A crash between the two saves leaves entries in one of them: not all that goes was in both.
                if vectors.count() != kept + added or not 0 <= added - grown[1] <= len(gone):
                    raise IndexDamaged(name=self._name)
                self._stamp = uuid.uuid4().hex
                replace_file(self._folder / STAMP, self._stamp.encode())
        except BaseException:
            # Memory and disk may differ now; the next use reads the disk, where SQL decides what counts.
            self._opened = None
            raise
        return grown

    def search(self, vector: Vector, terms: Sequence[str], k: int) -> Answers:
        """See `ask_indexes`."""
        with self._reading() as (vectors, words):
            return ask_indexes(vectors, words, vector, terms, k)

    def ids(self) -> tuple[set[int], set[int]]:
        """Ids in the vector store, and ids in the word index."""
        with self._reading() as (vectors, words):
            return vectors.ids(), words.ids()

    def forget(self) -> None:
        """Close what is open; the next use opens it again."""
        with self._lock.exclusive():
            self._opened = None


def ask_indexes(vectors: VectorStore, words: WordIndex, vector: Vector, terms: Sequence[str], k: int) -> Answers:
    """The k best of each index; both scores for every id found by either, as far as they are known."""
    dense = dict(vectors.search(vector, k))
    lexical = dict(words.search(terms, k))
    ranks = [{i: rank for rank, i in enumerate(found, 1)} for found in (dense, lexical)]
    only_lexical = [i for i in lexical if i not in dense]
    exhausted = len(dense) < k and len(lexical) < k
    dense.update(zip(only_lexical, vectors.similarity(vector, only_lexical), strict=True))
    return Answers(dense, lexical, exhausted, *ranks)


class IndexPool:
    """All open indexes of this process, one for each knowledge base and index generation."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[Path, Index] = {}

    def get(self, folder: Path, make: Callable[[], Index]) -> Index:
        """The index of a folder."""
        with self._lock:
            if folder not in self._open:
                self._open[folder] = make()
            return self._open[folder]

    def drop(self, folder: Path) -> None:
        """Close the index of a folder and delete the folder."""
        with self._lock:
            index = self._open.pop(folder, None)
        if index is not None:
            index.forget()
        shutil.rmtree(folder, ignore_errors=True)

    def drop_all(self, parent: Path) -> None:
        """Drop every index below a folder: those on disk, and those that a late search opened when they were gone."""
        with self._lock:
            opened = [folder for folder in self._open if folder.parent == parent]
        for folder in {*opened, *parent.glob("*")}:
            self.drop(folder)
