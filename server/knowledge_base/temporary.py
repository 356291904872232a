"""Files that are dropped into a chat: read, split and searched like those of knowledge bases, but kept in memory.

A store has an id that nobody can guess, so a page that is reloaded finds it again. It is forgotten when nobody has used
it for `file_chat.lifetime_s`, and when the service ends. Nothing of it stays on disk: the bytes are deleted as soon as
they were read, and so is what the readers keep of them.
"""

import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from configs import Settings
from server.caller import caller
from server.errors import (
    FileNotFound,
    FileTooLarge,
    TemporaryNotFound,
    TooManyTemporary,
    UnsupportedFileType,
    ZhiwenError,
)
from server.knowledge_base import content
from server.knowledge_base.content import Received
from server.knowledge_base.embedders import Embedders
from server.knowledge_base.ingest import never, silent
from server.knowledge_base.names import FileName, Layout
from server.knowledge_base.parsers import Parser
from server.knowledge_base.passage_index import PassageIndex
from server.knowledge_base.reading import Piece, Task
from server.knowledge_base.recipe import IngestOptions, Recipe, check_splitter, resolve
from server.knowledge_base.uploads import Upload, accepted, opened, readable
from server.types import Chunk, Hit

MAX_DISTANCE = 2.0
Clock = Callable[[], float]
Forget = Callable[[Collection[str]], object]
"""Deletes what readers keep of bytes with these hashes."""


@dataclass
class TemporaryFile:
    """One dropped file: waiting, ready or failed (then with the reason)."""

    name: str
    size: int
    state: str = "waiting"
    chunks: int = 0
    error: ZhiwenError | None = None


@dataclass(frozen=True)
class TemporaryInfo:
    """What a store holds, and for how many seconds it is kept if nobody uses it."""

    id: str
    files: tuple[TemporaryFile, ...]
    chunks: int
    expires_in_s: float


@dataclass
class _Store:
    id: str
    owner: str
    index: PassageIndex
    used: float
    files: dict[str, TemporaryFile] = field(default_factory=dict)
    chunks: dict[int, Chunk] = field(default_factory=dict)
    last_id: int = 0


class TemporaryStores:
    """All dropped files of this process. Every method may be called from any thread."""

    def __init__(
        self, settings: Settings, embedders: Embedders, parser: Parser, forget: Forget, clock: Clock = time.monotonic
    ) -> None:
        self._settings = settings
        self._limits = settings.file_chat
        self._embedders = embedders
        self._parser = parser
        self._forget = forget
        self._clock = clock
        self._lock = threading.RLock()
        self._stores: dict[str, _Store] = {}
        self._readers = ThreadPoolExecutor(settings.ingest.parsers, thread_name_prefix="dropped")

    def add(
        self,
        uploads: Iterable[Upload],
        options: IngestOptions,
        *,
        store_id: str = "",
        keep: bool = False,
        wait: bool = True,
    ) -> TemporaryInfo:
        """Take files in, into a new store or one that is there; without `keep` they replace what it held.

        What is wrong with a file stands in its state. Without `wait` it answers when the bytes are here.

        Raises:
            TooManyTemporary: a limit of stores or files is reached; nothing was taken in.
            UnknownPart: no splitter of that name.
        """
        recipe = resolve(options, {}, self._settings)
        check_splitter(recipe.splitter, self._settings)
        embedder = self._embedders.get()
        with self._lock:
            store = self._find(store_id)
            if store is None:
                self._ensure_room()
                store = _Store(f"tmp{secrets.token_hex(16)}", caller().name, PassageIndex(embedder), self._clock())
                self._stores[store.id] = store
            elif not keep:
                self._drop(store, list(store.files))
        waiting = self._receive(store, uploads)
        reading = [self._readers.submit(self._read, store, folder, received, recipe) for folder, received in waiting]
        for future in reading if wait else ():
            future.result()
        return self.get(store.id)

    def _ensure_room(self) -> None:
        self._sweep()
        if len(self._stores) >= self._limits.max_chats:
            what_en, what_zh = "Too many chats hold files", "带文件的对话过多"
            raise TooManyTemporary(
                limit=self._limits.max_chats, setting="file_chat.max_chats", what_en=what_en, what_zh=what_zh
            )

    def _receive(
        self, store: _Store, uploads: Iterable[Upload]
    ) -> list[tuple["tempfile.TemporaryDirectory[str]", Received]]:
        """Store the bytes, each file in a folder of its own that goes with its reading."""
        waiting = []
        refused: dict[str, ZhiwenError] = {}
        for upload in uploads:
            for each in opened(upload, self._settings, refused):
                folder = tempfile.TemporaryDirectory(prefix="zhiwen-")
                try:
                    received = self._accept(store, each, Path(folder.name))
                    waiting.append((folder, received))
                except ZhiwenError as error:
                    folder.cleanup()
                    refused[each.name] = error
        with self._lock:
            for name, error in refused.items():
                store.files.setdefault(name, TemporaryFile(name, 0, "failed", error=error))
        return waiting

    def _accept(self, store: _Store, upload: Upload, folder: Path) -> Received:
        name = FileName.parse(upload.name)
        if name.suffix not in readable(self._settings):
            raise UnsupportedFileType(name=name.text, known=" ".join(accepted(self._settings)))
        with self._lock:
            others = [file for file in store.files.values() if file.state != "failed" and file.name != name.text]
        if len(others) >= self._limits.max_files:
            what_en, what_zh = "This chat holds too many files", "本次对话中的文件过多"
            limit = self._limits.max_files
            raise TooManyTemporary(limit=limit, setting="file_chat.max_files", what_en=what_en, what_zh=what_zh)
        try:
            received = content.receive(Layout(folder), name, upload.stream, self._limits.max_mb)
        except FileTooLarge as error:
            raise FileTooLarge(**{**error.detail, "setting": "file_chat.max_mb"}) from None
        with self._lock:
            self._drop(store, [name.text])
            store.files[name.text] = TemporaryFile(name.text, received.size)
        return received

    def _read(
        self, store: _Store, folder: "tempfile.TemporaryDirectory[str]", received: Received, recipe: Recipe
    ) -> None:
        with self._lock:
            file = store.files.get(received.name)
        error: ZhiwenError | None = None
        pieces: Sequence[Piece] = ()
        with folder:
            task = Task(received.path, received.name, received.sha256, received.size, recipe)
            text = self._parser.parse(task, silent, never)
            pieces, error = text.pieces, text.error
        self._forget([received.sha256])
        try:
            if error is None and file is not None:
                self._index(store, file, pieces)
        except ZhiwenError as failure:
            error = failure
        if file is not None:
            file.state, file.error = ("failed", error) if error else ("ready", None)

    def _index(self, store: _Store, file: TemporaryFile, pieces: Sequence[Piece]) -> None:
        with self._lock:
            if len(store.chunks) + len(pieces) > self._limits.max_chunks:
                what_en, what_zh = "The files of this chat hold too much text", "本次对话中的文件内容过多"
                limit = self._limits.max_chunks
                raise TooManyTemporary(limit=limit, setting="file_chat.max_chunks", what_en=what_en, what_zh=what_zh)
            ids = range(store.last_id + 1, store.last_id + 1 + len(pieces))
            store.last_id += len(pieces)
        store.index.add(ids, [piece.indexed for piece in pieces])
        with self._lock:
            if store.files.get(file.name) is not file:
                store.index.remove(ids)  # it was deleted or replaced while it was read
                return
            for ordinal, (i, piece) in enumerate(zip(ids, pieces, strict=True)):
                store.chunks[i] = Chunk(i, "", file.name, ordinal, piece.text, piece.meta)
            file.chunks = len(pieces)

    def search(
        self, store_id: str, question: str, *, top_k: int | None = None, max_distance: float | None = None
    ) -> list[Hit]:
        """The best chunks of a store, best first, as `KnowledgeBases.search` gives them.

        Raises:
            TemporaryNotFound: it has expired, or never was.
        """
        defaults = self._settings.retrieval
        store = self._known(store_id)
        limit = defaults.score_threshold if max_distance is None else max_distance
        candidates, answers = store.index.search(question, max(defaults.candidates, top_k or 0))
        with self._lock:
            chunks = {c.id: store.chunks[c.id] for c in candidates if c.id in store.chunks}
        ranks, words = answers.dense_rank, answers.lexical_rank
        hits = [
            Hit(chunks[c.id], c.relevance, c.dense, c.lexical, ranks.get(c.id), words.get(c.id))
            for c in candidates
            if c.id in chunks
        ]
        return [hit for hit in hits if limit >= MAX_DISTANCE or hit.distance <= limit][: top_k or defaults.top_k]

    def get(self, store_id: str) -> TemporaryInfo:
        """What a store holds. Raises `TemporaryNotFound`."""
        return self._info(self._known(store_id))

    def list(self) -> list[TemporaryInfo]:
        """The caller's stores, oldest first; looking at them does not keep them."""
        with self._lock:
            self._sweep()
            return [self._info(store) for store in self._stores.values() if store.owner == caller().name]

    def delete(self, store_id: str) -> None:
        """Forget a store. Raises `TemporaryNotFound`."""
        with self._lock:
            del self._stores[self._known(store_id).id]

    def delete_file(self, store_id: str, name: str) -> None:
        """Forget one file of a store. Raises `TemporaryNotFound`, `FileNotFound`."""
        with self._lock:
            store = self._known(store_id)
            if name not in store.files:
                raise FileNotFound(name=name, knowledge_base=store_id)
            self._drop(store, [name])

    def close(self) -> None:
        """Forget all, without waiting for what is being read."""
        self._readers.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            self._stores.clear()

    def _drop(self, store: _Store, names: Sequence[str]) -> None:
        gone = [i for i, chunk in store.chunks.items() if chunk.file in names]
        for i in gone:
            del store.chunks[i]
        for name in names:
            store.files.pop(name, None)
        if gone:
            store.index.remove(gone)

    def _known(self, store_id: str) -> _Store:
        with self._lock:
            store = self._find(store_id)
        if store is None:
            raise TemporaryNotFound(id=store_id)
        return store

    def _find(self, store_id: str) -> _Store | None:
        self._sweep()
        store = self._stores.get(store_id)
        if store is None or store.owner != caller().name:
            return None
        store.used = self._clock()
        return store

    def _sweep(self) -> None:
        oldest = self._clock() - self._limits.lifetime_s
        for store in [store for store in self._stores.values() if store.used < oldest]:
            del self._stores[store.id]

    def _info(self, store: _Store) -> TemporaryInfo:
        left = self._limits.lifetime_s - (self._clock() - store.used)
        with self._lock:
            return TemporaryInfo(store.id, tuple(store.files.values()), len(store.chunks), max(0.0, left))
