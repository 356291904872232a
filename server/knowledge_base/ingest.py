"""From bytes to chunks: sniff, load, split. Holds nothing while it works; embedding and publishing come after."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from configs import Settings
from server.errors import FileEmpty, FileUnreadable, MissingDependency, NoText, UnknownPart, UnsupportedFileType, ZhiwenError
from server.knowledge_base import content
from server.knowledge_base.content import Received
from server.knowledge_base.names import Layout

log = logging.getLogger(__name__)

EMBED_BATCH = 256  # chunks embedded and published together, so that many small files share one write of the index
READ_AHEAD = 32  # files parsed before the first of them is published
SHOWN_META = ("page", "row", "headings", "title", "category")


@dataclass(frozen=True)
class IngestOptions:
    """How files become chunks; None means the settings' value. `index=False` stores a file without chunks."""

    chunk_size: int | None = None
    chunk_overlap: int | None = None
    zh_title_enhance: bool | None = None
    replace: bool = False
    index: bool = True

    def resolved(self, settings: Settings) -> "Splitting":
        """The same with the settings' values in place of None."""
        defaults = settings.knowledge_base
        size = self.chunk_size if self.chunk_size is not None else defaults.chunk_size
        overlap = self.chunk_overlap if self.chunk_overlap is not None else defaults.chunk_overlap
        enhance = self.zh_title_enhance if self.zh_title_enhance is not None else defaults.zh_title_enhance
        return Splitting(size, min(overlap, size - 1), enhance, self.index)


@dataclass(frozen=True)
class Splitting:
    """Chunk size and overlap in characters; `index=False` makes no chunks at all."""

    chunk_size: int
    chunk_overlap: int
    zh_title_enhance: bool
    index: bool


@dataclass(frozen=True)
class Piece:
    """A chunk to be. `indexed` is what the indexes see: document title and heading path in front of the shown text."""

    text: str
    indexed: str
    meta: Mapping[str, Any]


@dataclass(frozen=True)
class Parsed:
    """A file that was read. `error` is set, and `pieces` is empty, when it was not."""

    received: Received
    pieces: tuple[Piece, ...] = ()
    loader: str = ""
    splitter: str = ""
    error: ZhiwenError | None = field(default=None, compare=False)


def indexed_text(file: str, text: str, meta: Mapping[str, Any]) -> str:
    """What the indexes see of a chunk."""
    title = str(meta.get("title") or PurePosixPath(file).stem)
    path = [title, *(str(heading) for heading in meta.get("headings", ()))]
    return "\n".join([" > ".join(dict.fromkeys(path)), text])


def parse(received: Received, layout: Layout, settings: Settings, options: Splitting) -> Parsed:
    """Read and split one file; what is wrong with the file is told in the result."""
    try:
        if received.in_place:
            received = content.hashed(layout, received)
        if received.size == 0:
            raise FileEmpty(name=received.name)
        return _parse(received, settings, options)
    except ZhiwenError as error:
        return Parsed(received, error=error)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Parsed(received, error=FileUnreadable(name=received.name, reason_en=reason, reason_zh=reason))
    except Exception as error:  # an edge: a fault in one file's reader must not stop the others
        log.exception("reading %s failed", received.name)
        detail = {
            "reason_en": f"its reader failed ({type(error).__name__})",
            "reason_zh": f"读取程序出错（{type(error).__name__}）",
        }
        return Parsed(received, error=FileUnreadable(name=received.name, **detail))


def _parse(received: Received, settings: Settings, options: Splitting) -> Parsed:
    from document_loaders import table as loaders
    from document_loaders.errors import DocumentUnreadable, UnsupportedType
    from text_splitter import table as splitters

    if not options.index:
        return Parsed(received)
    name = settings.knowledge_base.splitter
    try:
        loader = loaders.loader_for(received.path)
        splitter = splitters.make_splitter(name, options.chunk_size, options.chunk_overlap)
        documents = splitter.split_documents(list(loaders.load(received.path, loader)))
    except UnsupportedType as error:
        raise UnsupportedFileType(name=received.name, known=" ".join(loaders.suffixes())) from error
    except DocumentUnreadable as error:
        detail = {"reason_en": error.reason_en, "reason_zh": error.reason_zh}
        raise FileUnreadable(name=received.name, **detail) from error
    except splitters.UnknownSplitter as error:
        known = ", ".join(error.known)
        raise UnknownPart(name=error.name, known=known, kind_en="splitter", kind_zh="分割器") from error
    except ModuleNotFoundError as error:
        raise MissingDependency(what=received.name, install=f"pip install {error.name}") from error
    if options.zh_title_enhance:
        from text_splitter.zh_title_enhance import mark_titles

        documents = mark_titles(documents)
    pieces = tuple(_piece(received.name, document) for document in documents if document.page_content.strip())
    if not pieces:
        raise NoText(name=received.name)
    return Parsed(received, pieces, loader, name)


def _piece(file: str, document: Any) -> Piece:
    meta = {key: document.metadata[key] for key in SHOWN_META if document.metadata.get(key)}
    return Piece(document.page_content, indexed_text(file, document.page_content, meta), meta)


def parse_batches(
    received: Iterable[Received], layout: Layout, settings: Settings, options: Splitting
) -> Iterator[list[Parsed]]:
    """Parse files in threads and yield them in order, in batches of about `EMBED_BATCH` chunks."""
    batch: list[Parsed] = []
    queue = iter(received)
    with ThreadPoolExecutor(settings.knowledge_base.ingest_threads, thread_name_prefix="parse") as pool:
        while group := list(islice(queue, READ_AHEAD)):
            for parsed in pool.map(lambda item: parse(item, layout, settings, options), group):
                batch.append(parsed)
                if sum(len(item.pieces) for item in batch) >= EMBED_BATCH:
                    yield batch
                    batch = []
    if batch:
        yield batch
