"""What was read and embedded before, by the hash of the bytes. May be deleted at any time.

Two kinds of entries lie side by side in one folder: the documents a loader made of a file (so another chunk size needs
no OCR again), and the vectors of a file's pieces (so a rebuild embeds nothing again). Each name begins with the hash of
the file, so that deleting a file can delete its entries.
"""

import gzip
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from server.knowledge_base.recipe import READER_VERSION
from server.stores.files import replace_file

if TYPE_CHECKING:
    from langchain_core.documents import Document

    from server.stores.base import Matrix

MB = 1024 * 1024
SWEEP_EVERY = 64
COMPRESSION = 1  # the text is read far more often than it matters how small it is


class ParseCache:
    """Entries of at most `limit_mb` in all; the ones unused for longest go first. A limit of 0 keeps nothing."""

    def __init__(self, folder: Path, limit_mb: int) -> None:
        self._folder = folder
        self._limit = limit_mb * MB
        self._kept = 0

    def documents(self, sha256: str, loader: str, *, ocr: bool) -> "list[Document] | None":
        """The documents this loader made of these bytes; None when they are not kept."""
        from langchain_core.documents import Document

        try:
            data = gzip.decompress(self._use(self._documents_path(sha256, loader, ocr=ocr)))
            return [Document(page_content=text, metadata=meta) for text, meta in json.loads(data)]
        except (OSError, EOFError, ValueError):
            return None

    def keep_documents(self, sha256: str, loader: str, documents: "Sequence[Document]", *, ocr: bool) -> None:
        """Keep what a loader made."""
        data = json.dumps([(each.page_content, each.metadata) for each in documents], ensure_ascii=False)
        self._write(self._documents_path(sha256, loader, ocr=ocr), gzip.compress(data.encode(), COMPRESSION))

    def vectors(self, sha256: str, model: str, texts: Sequence[str]) -> "Matrix | None":
        """The vectors this model made of these texts, float32, shape (len(texts), dimension); None when not kept."""
        import numpy as np

        try:
            data = np.frombuffer(self._use(self._vectors_path(sha256, model, texts)), dtype=np.float32)
        except OSError:
            return None
        return data.reshape(len(texts), -1) if len(texts) and len(data) % len(texts) == 0 else None

    def keep_vectors(self, sha256: str, model: str, texts: Sequence[str], vectors: "Matrix") -> None:
        """Keep what a model made."""
        if texts:
            self._write(self._vectors_path(sha256, model, texts), vectors.tobytes())

    def forget(self, sha256: str) -> int:
        """Delete all entries of a file's bytes. Returns how many there were."""
        entries = [*self._folder.glob(f"{sha256}-*")] if sha256 else []
        for entry in entries:
            entry.unlink(missing_ok=True)
        return len(entries)

    def _documents_path(self, sha256: str, loader: str, *, ocr: bool) -> Path:
        return self._folder / f"{sha256}-{READER_VERSION}-{loader.replace(':', '.')}-{'ocr' if ocr else 'text'}.json.gz"

    def _vectors_path(self, sha256: str, model: str, texts: Sequence[str]) -> Path:
        digest = hashlib.sha256("\0".join([model, *texts]).encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / f"{sha256}-{digest[:32]}.vectors"

    def _use(self, path: Path) -> bytes:
        data = path.read_bytes()
        os.utime(path)
        return data

    def _write(self, path: Path, data: bytes) -> None:
        if not self._limit or len(data) > self._limit:
            return
        try:
            replace_file(path, data, durable=False)
        except OSError:
            return  # a full disk: nothing depends on the cache
        self._kept += 1
        if self._kept % SWEEP_EVERY == 1:
            self._sweep()

    def _sweep(self) -> None:
        entries = []
        for path in self._folder.iterdir():
            try:
                entries.append((path.stat().st_mtime, path.stat().st_size, path))
            except FileNotFoundError:
                continue  # another process swept it
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= self._limit:
                return
            path.unlink(missing_ok=True)
            total -= size
