"""What stays of dropped files on disk, so that a restart of the service loses none: text and vectors, not the bytes.

A folder for each store: `store.json` says whose it is and what became of its files, one more file holds the pieces and
vectors of each file that was read. The time of `store.json` tells when it was used last. All of it may be deleted at
any time; a disk that is full costs only what a restart would have kept.
"""

import hashlib
import io
import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from server.errors import JobCancelled, by_code
from server.knowledge_base.dropped import Store, TemporaryFile
from server.knowledge_base.passage_index import PassageIndex
from server.knowledge_base.reading import Piece
from server.llm.base import Embedder
from server.stores.base import Matrix
from server.stores.files import replace_file

log = logging.getLogger(__name__)
_RECORD = "store.json"
_UNREADABLE = (OSError, ValueError, KeyError, TypeError)


@dataclass(frozen=True)
class Shelved:
    """A store as it was left; nobody has used it for `idle_s` seconds."""

    id: str
    owner: str
    files: tuple[TemporaryFile, ...]
    idle_s: float


@dataclass(frozen=True)
class Kept:
    """The pieces of one file under ids from `first` on, with the vectors that this model made of them."""

    first: int
    model: str
    pieces: tuple[Piece, ...]
    vectors: Matrix


class DroppedShelf:
    """Keeps stores in a folder. Safe for threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def note(self, store_id: str, owner: str, files: Callable[[], Sequence[TemporaryFile] | None]) -> None:
        """Write down whose a store is and what became of its files.

        They are asked for when nobody else writes; None means that the store was deleted meanwhile.
        """
        with self._lock:
            now = files()
            if now is not None:
                record = {"owner": owner, "files": [_as_json(file) for file in now]}
                text = json.dumps(record, ensure_ascii=False, default=str)
                self._write(store_id, _RECORD, text.encode("utf-8", "surrogatepass"))
            if files() is None:
                self.forget(store_id)

    def used(self, store_id: str) -> None:
        """Write down that somebody used a store now."""
        try:
            os.utime(self._folder / store_id / _RECORD)
        except OSError:
            log.debug("the use of %s was not noted", store_id)

    def keep(self, store_id: str, name: str, kept: Kept) -> None:
        """Keep what was read of one file."""
        told = {
            "first": kept.first,
            "model": kept.model,
            "pieces": [(piece.text, piece.indexed, dict(piece.meta)) for piece in kept.pieces],
        }
        packed = io.BytesIO()
        text = np.frombuffer(json.dumps(told, ensure_ascii=False).encode("utf-8", "surrogatepass"), dtype=np.uint8)
        np.savez(packed, told=text, vectors=kept.vectors)
        with self._lock:
            self._write(store_id, _file_of(name), packed.getvalue())

    def kept(self, store_id: str, name: str) -> Kept | None:
        """What was read of one file; None when it is not here."""
        try:
            with np.load(self._folder / store_id / _file_of(name), allow_pickle=False) as packed:
                told: dict[str, Any] = json.loads(packed["told"].tobytes().decode("utf-8", "surrogatepass"))
                vectors = np.asarray(packed["vectors"], dtype=np.float32)
            pieces = tuple(Piece(text, indexed, meta) for text, indexed, meta in told["pieces"])
            return Kept(int(told["first"]), told["model"], pieces, vectors)
        except _UNREADABLE as error:
            log.warning("a dropped file was not kept: %s", type(error).__name__)
            return None

    def forget(self, store_id: str) -> None:
        """Delete a store."""
        shutil.rmtree(self._folder / store_id, ignore_errors=True)

    def forget_file(self, store_id: str, name: str) -> None:
        """Delete what was read of one file."""
        (self._folder / store_id / _file_of(name)).unlink(missing_ok=True)

    def stores(self) -> Iterator[Shelved]:
        """All stores, the one used last at the end; what cannot be read is deleted."""
        found: list[Shelved] = []
        for folder in self._folder.glob("tmp*"):
            try:
                record = json.loads((folder / _RECORD).read_bytes())
                files = tuple(_from_json(each) for each in record["files"])
                idle_s = max(0.0, time.time() - (folder / _RECORD).stat().st_mtime)
                found.append(Shelved(folder.name, record["owner"], files, idle_s))
            except _UNREADABLE:
                shutil.rmtree(folder, ignore_errors=True)
        yield from sorted(found, key=lambda each: -each.idle_s)

    def _write(self, store_id: str, name: str, data: bytes) -> None:
        try:
            # Text that somebody dropped into a chat of his own is nobody else's on this machine.
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self._folder / store_id).mkdir(mode=0o700, exist_ok=True)
            replace_file(self._folder / store_id / name, data, durable=False)
        except OSError as error:
            log.warning("dropped files will not outlive this process: %s", error.strerror)


def left_behind(shelf: DroppedShelf, now: float) -> Iterator[Store]:
    """What an earlier process left, not awake yet; files that it was still reading are lost."""
    for left in shelf.stores():
        store = Store(left.id, left.owner, now - left.idle_s)
        for file in left.files:
            if file.state == "waiting":
                file.state, file.error = "failed", JobCancelled(name=file.name)
            store.files[file.name] = file
        yield store


def wake(store: Store, shelf: DroppedShelf, embedder: Embedder) -> PassageIndex:
    """The index of a store, made again of what was kept when there is none; what cannot be made again counts as failed.

    Raises:
        ModelFailed: text had to be embedded anew, and the model failed.
    """
    with store.waking:
        if store.index is not None:
            return store.index
        index = PassageIndex(embedder)
        for file in [file for file in store.files.values() if file.state == "ready"]:
            kept = shelf.kept(store.id, file.name)
            if kept is None or len(kept.pieces) != len(kept.vectors):
                file.state, file.error, file.chunks = "failed", JobCancelled(name=file.name), 0
                continue
            ids = range(kept.first, kept.first + len(kept.pieces))
            texts = [piece.indexed for piece in kept.pieces]
            same = kept.model == embedder.name and kept.vectors.shape[1:] == (embedder.dimension,)
            index.put(ids, texts, kept.vectors if same else index.embed(texts))
            store.take(file.name, ids, kept.pieces)
        store.index = index
        return index


def _file_of(name: str) -> str:
    return f"{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}.npz"


def _as_json(file: TemporaryFile) -> dict[str, Any]:
    error = {"code": file.error.code, "detail": file.error.detail} if file.error else None
    return {"name": file.name, "size": file.size, "state": file.state, "chunks": file.chunks, "error": error}


def _from_json(told: dict[str, Any]) -> TemporaryFile:
    error = by_code(told["error"]["code"], told["error"]["detail"]) if told["error"] else None
    return TemporaryFile(told["name"], told["size"], told["state"], told["chunks"], error)
