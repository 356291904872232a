"""What is known of each file: its state, what was found in it, what of it is in SQL and in each index, work on it.

A file that is ready has as many vectors and word entries as chunks; where the numbers differ, the index is out of step.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from server.db.chunks import Counted
from server.db.tables import FileRow
from server.errors import IndexDamaged, ZhiwenError, by_code
from server.knowledge_base.index import Index
from server.knowledge_base.job_book import JobInfo
from server.knowledge_base.recipe import SETTING_NAMES

IndexIds = tuple[Collection[int], Collection[int]]
"""Chunk ids in the vector store, and in the word index."""


@dataclass(frozen=True)
class FileInfo:
    """A file and its state: waiting, ready or failed (then with the reason).

    `vectors` and `words` count its visible chunks in the two indexes, None when nobody asked. `settings` are those it
    was read with; `job` is the work that waits or runs for it now. A file with nothing but a job is waiting.
    `disabled` and `changed` count chunks that people hid, and those they changed in any way; `edits_lost` changes that
    found no place when the file was read last. `custom_docs`: its chunks were given instead of read.
    """

    name: str
    state: str
    size: int
    chunks: int
    updated: datetime
    loader: str = ""
    splitter: str = ""
    error: ZhiwenError | None = None
    sha256: str = ""
    pages: int = 0
    pages_with_text: int = 0
    empty_pages: tuple[int, ...] = ()
    vectors: int | None = None
    words: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    disabled: int = 0
    changed: int = 0
    edits_lost: int = 0
    custom_docs: bool = False
    job: JobInfo | None = None

    @property
    def error_code(self) -> str:
        """The stable code of the reason, empty when there is none."""
        return self.error.code if self.error else ""

    @property
    def is_whole(self) -> bool:
        """Whether SQL and both indexes agree on this file, as far as anybody asked."""
        return self.vectors is None or self.chunks == self.vectors == self.words


def index_ids(index: Index) -> IndexIds:
    """What an index holds; nothing when it is damaged, which the files then show."""
    try:
        return index.ids()
    except IndexDamaged:
        return (), ()


def file_infos(
    files: Iterable[FileRow],
    chunk_ids: Mapping[int, Collection[int]],
    counted: Mapping[int, Counted],
    jobs: Iterable[JobInfo],
    held: IndexIds | None = None,
) -> list[FileInfo]:
    """All files by name. `chunk_ids` and `counted` go by file id; `jobs` are those that are not over."""
    working = {job.file: job for job in jobs}
    infos = [
        replace(
            _info(file, chunk_ids.get(file.id, ()), working.pop(file.name, None), held),
            disabled=counted.get(file.id, Counted()).disabled,
            changed=counted.get(file.id, Counted()).changed,
        )
        for file in files
    ]
    infos += [FileInfo(job.file, "waiting", job.size, 0, job.created, job=job) for job in working.values()]
    return sorted(infos, key=lambda info: info.name)


def _info(file: FileRow, ids: Collection[int], job: JobInfo | None, held: IndexIds | None) -> FileInfo:
    in_vectors, in_words = held or ((), ())
    return FileInfo(
        name=file.name,
        state=file.state,
        size=file.size,
        chunks=len(ids),
        updated=file.updated,
        loader=file.loader,
        splitter=file.splitter,
        error=by_code(file.error_code, file.error_detail) if file.error_code else None,
        sha256=file.sha256,
        pages=file.pages,
        pages_with_text=file.pages_with_text,
        empty_pages=tuple(file.empty_pages),
        vectors=sum(each in in_vectors for each in ids) if held is not None else None,
        words=sum(each in in_words for each in ids) if held is not None else None,
        settings=recipe_settings(file.recipe),
        edits_lost=file.edits_lost,
        custom_docs=file.custom_docs,
        job=job,
    )


def recipe_settings(recipe: str) -> dict[str, Any]:
    """The settings in a kept recipe (`Recipe.key`)."""
    kept = json.loads(recipe) if recipe else {}
    return {name: kept[name] for name in SETTING_NAMES if name in kept}
