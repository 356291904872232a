"""Files that are dropped into a chat: read, split and searched like those of knowledge bases, but in memory.

A store has an id that nobody can guess, so a page that is reloaded finds it again. It is forgotten when nobody has used
it for `file_chat.lifetime_s`. The bytes are deleted as soon as they were read, and so is what the readers keep of them;
text and vectors stay on disk as long as the store does (`dropped_shelf.py`), so that a restart of the service forgets
none.
"""

import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
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
from server.knowledge_base.dropped import Store, TemporaryFile, TemporaryInfo
from server.knowledge_base.dropped_shelf import DroppedShelf, Kept, left_behind, wake
from server.knowledge_base.embedders import Embedders
from server.knowledge_base.ingest import never, silent
from server.knowledge_base.names import FileName, Layout
from server.knowledge_base.parsers import Parser
from server.knowledge_base.passage_index import PassageIndex
from server.knowledge_base.reading import Piece, Task
from server.knowledge_base.recipe import IngestOptions, Recipe, check_splitter, resolve
from server.knowledge_base.uploads import Upload, accepted, opened, readable, unused
from server.types import Hit

MAX_DISTANCE = 2.0
SHELF = ".dropped"
"""Folder beside the knowledge bases for what stays of dropped files."""
NOTED_EVERY_S = 60.0
"""So often the disk is told that a store is in use."""
Clock = Callable[[], float]
Forget = Callable[[Collection[str]], object]
"""Deletes what readers keep of bytes with these hashes."""


class TemporaryStores:
    """All dropped files. Every method may be called from any thread."""

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
        self._shelf = DroppedShelf(settings.paths.knowledge_base / SHELF)
        self._found = False
        self._stores: dict[str, Store] = {}
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
                index = PassageIndex(embedder)
                store = Store(f"tmp{secrets.token_hex(16)}", caller().name, self._clock(), index, self._clock())
                self._stores[store.id] = store
        wake(store, self._shelf, embedder)
        if not keep:
            with self._lock:
                self._drop(store, list(store.files))
        waiting = self._receive(store, uploads)
        self._note(store)
        reading = [self._readers.submit(self._read, store, *each, recipe) for each in waiting]
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
        self, store: Store, uploads: Iterable[Upload]
    ) -> list[tuple["tempfile.TemporaryDirectory[str]", TemporaryFile, Received]]:
        """Store the bytes, each file in a folder of its own that goes with its reading."""
        waiting: list[tuple[tempfile.TemporaryDirectory[str], TemporaryFile, Received]] = []
        refused: dict[str, ZhiwenError] = {}
        for upload in uploads:
            for each in opened(upload, self._settings, refused):
                folder = tempfile.TemporaryDirectory(prefix="zhiwen-")
                try:
                    # Files of one upload may come from several folders: none takes another's place.
                    own = Upload(unused(each.name, {file.name for _, file, _ in waiting}), each.stream)
                    waiting.append((folder, *self._accept(store, own, Path(folder.name))))
                except ZhiwenError as error:
                    folder.cleanup()
                    refused[each.name] = error
        with self._lock:
            for name, error in refused.items():
                store.files.setdefault(name, TemporaryFile(name, 0, "failed", error=error))
        return waiting

    def _accept(self, store: Store, upload: Upload, folder: Path) -> tuple[TemporaryFile, Received]:
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
            file = store.files[name.text] = TemporaryFile(name.text, received.size)
        return file, received

    def _read(
        self,
        store: Store,
        folder: "tempfile.TemporaryDirectory[str]",
        file: TemporaryFile,
        received: Received,
        recipe: Recipe,
    ) -> None:
        error: ZhiwenError | None = None
        pieces: Sequence[Piece] = ()
        with folder:
            task = Task(received.path, received.name, received.sha256, received.size, recipe)
            text = self._parser.parse(task, silent, never)
            pieces, error = text.pieces, text.error
        self._forget([received.sha256])
        try:
            if error is None:
                self._index(store, file, pieces)
        except ZhiwenError as failure:
            error = failure
        file.state, file.error = ("failed", error) if error else ("ready", None)
        self._note(store)

    def _index(self, store: Store, file: TemporaryFile, pieces: Sequence[Piece]) -> None:
        with self._lock:
            if len(store.chunks) + len(pieces) > self._limits.max_chunks:
                what_en, what_zh = "The files of this chat hold too much text", "本次对话中的文件内容过多"
                limit = self._limits.max_chunks
                raise TooManyTemporary(limit=limit, setting="file_chat.max_chunks", what_en=what_en, what_zh=what_zh)
            ids = range(store.last_id + 1, store.last_id + 1 + len(pieces))
            store.last_id += len(pieces)
        index = wake(store, self._shelf, self._embedders.get())
        texts = [piece.indexed for piece in pieces]
        vectors = index.embed(texts)
        index.put(ids, texts, vectors)
        if store.files.get(file.name) is file:
            self._shelf.keep(store.id, file.name, Kept(ids.start, index.embedder.name, tuple(pieces), vectors))
        with self._lock:
            if store.files.get(file.name) is not file:
                index.remove(ids)  # it was deleted or replaced while it was read
                return
            store.take(file.name, ids, pieces)
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
        index = wake(store, self._shelf, self._embedders.get())
        candidates, answers = index.search(question, max(defaults.candidates, top_k or 0))
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
        self._shelf.forget(store_id)

    def delete_file(self, store_id: str, name: str) -> None:
        """Forget one file of a store. Raises `TemporaryNotFound`, `FileNotFound`."""
        with self._lock:
            store = self._known(store_id)
            if name not in store.files:
                raise FileNotFound(name=name, knowledge_base=store_id)
            self._drop(store, [name])
        self._note(store)

    def close(self) -> None:
        """Let go of all, without waiting for what is being read."""
        self._readers.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            self._stores.clear()

    def _drop(self, store: Store, names: Sequence[str]) -> None:
        with store.waking:
            gone = [i for i, chunk in store.chunks.items() if chunk.file in names]
            for i in gone:
                del store.chunks[i]
            for name in names:
                store.files.pop(name, None)
                self._shelf.forget_file(store.id, name)
            if gone and store.index is not None:
                store.index.remove(gone)

    def _known(self, store_id: str) -> Store:
        with self._lock:
            store = self._find(store_id)
        if store is None:
            raise TemporaryNotFound(id=store_id)
        return store

    def _find(self, store_id: str) -> Store | None:
        self._sweep()
        store = self._stores.get(store_id)
        if store is None or store.owner != caller().name:
            return None
        store.used = self._clock()
        if store.used - store.noted > NOTED_EVERY_S:
            store.noted = store.used
            self._shelf.used(store.id)
        return store

    def _sweep(self) -> None:
        self._find_all()
        oldest = self._clock() - self._limits.lifetime_s
        for store in [store for store in self._stores.values() if store.used < oldest]:
            del self._stores[store.id]
            self._shelf.forget(store.id)

    def _find_all(self) -> None:
        """Once: what an earlier process left."""
        if self._found:
            return
        self._found = True
        for store in left_behind(self._shelf, self._clock()):
            self._stores[store.id] = store

    def _note(self, store: Store) -> None:
        def files() -> list[TemporaryFile] | None:
            with self._lock:
                return list(store.files.values()) if store.id in self._stores else None

        self._shelf.note(store.id, store.owner, files)

    def _info(self, store: Store) -> TemporaryInfo:
        left = self._limits.lifetime_s - (self._clock() - store.used)
        with self._lock:
            files = tuple(store.files.values())
            return TemporaryInfo(store.id, files, sum(file.chunks for file in files), max(0.0, left))
