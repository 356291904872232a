"""From bytes to pieces: sniff, load, split. Runs in a parser process, which a hostile file may take down.

Imports nothing of the server but errors and the recipe, so that a parser process is light until a loader needs more.
"""

import logging
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from server.errors import (
    FileEmpty,
    FileUnreadable,
    MissingDependency,
    NoText,
    UnknownPart,
    UnsupportedFileType,
    ZhiwenError,
)
from server.knowledge_base.parse_cache import ParseCache
from server.knowledge_base.recipe import Recipe

if TYPE_CHECKING:
    from langchain_core.documents import Document

log = logging.getLogger(__name__)

PLACE_META = ("page", "slide", "sheet", "rows", "row", "lines", "part", "headings", "title", "category", "ocr")
COUNTED = (("page", "pages"), ("slide", "slides"))
MAX_NAMED_PAGES = 200
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_REPLACEMENT = "\ufffd"

Report = Callable[[str, int, int], None]
"""Told a stage ("parsing", "splitting"), and the page and number of pages, 0 where there are none."""


@dataclass(frozen=True)
class Pages:
    """What a file held: pages (or slides, or parts) found, those with text, and the numbers of those without."""

    found: int = 0
    with_text: int = 0
    empty: tuple[int, ...] = ()


@dataclass(frozen=True)
class Piece:
    """A chunk to be. `indexed` is what the indexes see: document title and heading path in front of the shown text."""

    text: str
    indexed: str
    meta: Mapping[str, Any]


@dataclass(frozen=True)
class Text:
    """The outcome of reading one file; `error` is set, and `pieces` is empty, when it could not be read.

    `custom`: it was not read; `pieces` were given by somebody, or, when empty, were given before and stay.
    """

    pieces: tuple[Piece, ...] = ()
    loader: str = ""
    splitter: str = ""
    pages: Pages = field(default_factory=Pages)
    error: ZhiwenError | None = None
    custom: bool = False


@dataclass(frozen=True)
class Task:
    """A file to read: its bytes, its name in the knowledge base, the hash of the bytes and the recipe."""

    path: Path
    name: str
    sha256: str
    size: int
    recipe: Recipe


def indexed_text(file: str, text: str, meta: Mapping[str, Any]) -> str:
    """What the indexes see of a chunk."""
    title = str(meta.get("title") or PurePosixPath(file).stem)
    path = [title, *(str(heading) for heading in meta.get("headings", ()))]
    return "\n".join([" > ".join(dict.fromkeys(path)), text])


def read(task: Task, cache: ParseCache, report: Report, others: Mapping[str, str]) -> Text:
    """Read and split one file; what is wrong with the file is told in the result, never raised.

    `others` names readers that the settings put in place of ours, by suffix.
    """
    try:
        if task.size == 0:
            raise FileEmpty(name=task.name)
        return _read(task, cache, report, others) if task.recipe.index else Text()
    except ZhiwenError as error:
        return Text(error=error)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Text(error=FileUnreadable(name=task.name, reason_en=reason, reason_zh=reason))
    except MemoryError:
        return Text(error=too_large(task.name))
    except Exception as error:  # an edge: a fault in one file's reader must not stop the others
        log.exception("reading %s failed", task.name)
        kind = type(error).__name__
        detail = {"reason_en": f"its reader failed ({kind})", "reason_zh": f"读取程序出错（{kind}）"}
        return Text(error=FileUnreadable(name=task.name, **detail))


def too_large(name: str) -> FileUnreadable:
    """The error of a file whose reader needs more memory than allowed."""
    return FileUnreadable(
        name=name,
        reason_en="reading it takes more memory than ingest.file_memory_mb allows",
        reason_zh="读取它所需的内存超过设置 ingest.file_memory_mb",
    )


def _read(task: Task, cache: ParseCache, report: Report, others: Mapping[str, str]) -> Text:
    from text_splitter import table as splitters

    recipe = task.recipe
    try:
        splitter = splitters.make_splitter(
            recipe.splitter, recipe.chunk_size, recipe.chunk_overlap, tokenizer=recipe.tokenizer
        )
    except splitters.NotInstalled as error:
        raise MissingDependency(what=error.what, install=error.install) from error
    except splitters.UnknownSplitter as error:
        known = ", ".join(error.known)
        raise UnknownPart(name=error.name, known=known, kind_en="splitter", kind_zh="分割器") from error
    loader, documents = _documents(task, cache, report, others)
    report("splitting", 0, 0)
    chunks = splitter.split_documents([document for document in documents if _is_visible(document.page_content)])
    if recipe.zh_title_enhance:
        from text_splitter.zh_title_enhance import mark_titles

        chunks = mark_titles(chunks)
    pieces = tuple(_piece(task.name, chunk) for chunk in chunks if _is_visible(chunk.page_content))
    if not pieces:
        raise NoText(name=task.name)
    return Text(pieces, loader, recipe.splitter, _pages(documents))


def _documents(
    task: Task, cache: ParseCache, report: Report, others: Mapping[str, str]
) -> tuple[str, list["Document"]]:
    """What the loader makes of the file, from the cache where the same bytes were read before."""
    from document_loaders import table as loaders
    from document_loaders.base import LoadOptions
    from document_loaders.errors import DocumentUnreadable, UnsupportedType

    try:
        loader = others.get(task.path.suffix.lower()) or loaders.loader_for(task.path)
        kept = cache.documents(task.sha256, loader, ocr=task.recipe.ocr)
        if kept is not None:
            return loader, kept
        with _scratch() as scratch:
            options = LoadOptions(ocr=task.recipe.ocr, scratch=scratch)
            found = [*_reported(loaders.load(task.path, loader, options), report)]
    except loaders.UnknownLoader as error:
        known = ", ".join(error.known)
        raise UnknownPart(name=error.name, known=known, kind_en="reader", kind_zh="读取程序") from error
    except UnsupportedType as error:
        raise UnsupportedFileType(name=task.name, known=" ".join(loaders.suffixes())) from error
    except DocumentUnreadable as error:
        detail = {"reason_en": error.reason_en, "reason_zh": error.reason_zh}
        raise FileUnreadable(name=task.name, **detail) from error
    except ModuleNotFoundError as error:
        raise MissingDependency(what=task.name, install=f"pip install {error.name}") from error
    cache.keep_documents(task.sha256, loader, found, ocr=task.recipe.ocr)
    return loader, found


class _scratch:  # noqa: N801  # read as a statement: with _scratch() as folder
    """A folder that is gone afterwards, also when something in it resists."""

    def __enter__(self) -> Path:
        self._folder = tempfile.mkdtemp(prefix="zhiwen-")
        return Path(self._folder)

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def _reported(documents: "Iterator[Document]", report: Report) -> "Iterator[Document]":
    for number, document in enumerate(documents, 1):
        meta = document.metadata
        report("parsing", meta.get("page") or meta.get("slide") or number, meta.get("pages") or meta.get("slides") or 0)
        yield _storable(document)


def _storable(document: "Document") -> "Document":
    """Replace what no database takes: JSON, say, can hold half characters and zero bytes."""
    document.page_content = _UNSTORABLE.sub(_REPLACEMENT, document.page_content)
    if _UNSTORABLE.search("".join(map(str, document.metadata.values()))):
        document.metadata = _storable_meta(document.metadata)
    return document


def _storable_meta(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub(_REPLACEMENT, value)
    if isinstance(value, Mapping):
        return {key: _storable_meta(each) for key, each in value.items()}
    return [*map(_storable_meta, value)] if isinstance(value, list | tuple) else value


def _is_visible(text: str) -> bool:
    """Whether there is anything to see; a byte order mark and the like are no blanks, but show nothing."""
    return any(character.isprintable() and not character.isspace() for character in text)


def _pages(documents: "list[Document]") -> Pages:
    """Count by page or slide where the loader numbers them, else by the loader's own parts."""
    for one, all_of_them in COUNTED:
        with_text = {d.metadata[one] for d in documents if one in d.metadata and _is_visible(d.page_content)}
        totals = [d.metadata[all_of_them] for d in documents if all_of_them in d.metadata]
        seen = {d.metadata[one] for d in documents if one in d.metadata}
        if seen:
            found = max([*totals, *seen])
            empty = sorted({*range(1, found + 1)} - with_text) if totals else sorted(seen - with_text)
            return Pages(found, len(with_text), tuple(empty[:MAX_NAMED_PAGES]))
    return Pages(len(documents), sum(_is_visible(d.page_content) for d in documents))


def _piece(file: str, document: "Document") -> Piece:
    meta = {key: document.metadata[key] for key in PLACE_META if document.metadata.get(key)}
    if spans := document.metadata.get("spans"):
        meta["boxes"] = [[round(edge, 4) for edge in box] for _, _, box in spans]
    return Piece(document.page_content, indexed_text(file, document.page_content, meta), meta)
