"""What a knowledge base is, and what it holds, as people are told it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from configs import Settings
from server.db.repositories import Counts
from server.db.tables import KnowledgeBaseRow
from server.knowledge_base.choices import CHOICE_NAMES, SearchChoices, effective_choices
from server.knowledge_base.ledger import FileInfo
from server.knowledge_base.names import Layout
from server.knowledge_base.recipe import IngestOptions, Recipe, resolve


@dataclass(frozen=True)
class KnowledgeBaseInfo:
    """A knowledge base, what it holds (files, visible chunks, failed files, bytes of files), how it reads and searches.

    `own` names the settings it decides for itself; the others follow the service.
    """

    name: str
    info: str
    vector_store: str
    embed_model: str
    files: int
    chunks: int
    failed: int
    file_bytes: int
    created: datetime
    recipe: Recipe
    search: SearchChoices
    own: tuple[str, ...] = ()


@dataclass(frozen=True)
class Statistics:
    """Numbers of one knowledge base; sizes in bytes. `formats` counts files by suffix, `states` by state.

    Where everything is whole, `chunks`, `vectors` and `words` are equal.
    """

    states: Mapping[str, int]
    formats: Mapping[str, int]
    pages: int
    empty_pages: int
    chunks: int
    disabled: int
    changed: int
    edits_lost: int
    vectors: int
    words: int
    file_bytes: int
    index_bytes: int
    updated: datetime


def describe(kb: KnowledgeBaseRow, counts: Counts, settings: Settings) -> KnowledgeBaseInfo:
    """All that is known of a knowledge base without looking at its files."""
    return KnowledgeBaseInfo(
        name=kb.name,
        info=kb.info,
        vector_store=kb.vector_store,
        embed_model=kb.embed_model,
        files=counts.files,
        chunks=counts.chunks,
        failed=counts.failed,
        file_bytes=counts.file_bytes,
        created=kb.created,
        recipe=resolve(IngestOptions(), kb.settings, settings),
        search=effective_choices(kb.settings, settings),
        own=tuple(name for name in CHOICE_NAMES if name in kb.settings),
    )


def take_statistics(files: Sequence[FileInfo], layout: Layout, kb: KnowledgeBaseRow) -> Statistics:
    """Add up what is known of the files."""
    return Statistics(
        states=dict(Counter(file.state for file in files)),
        formats=dict(Counter(PurePosixPath(file.name).suffix.lower() for file in files)),
        pages=sum(file.pages for file in files),
        empty_pages=sum(len(file.empty_pages) for file in files),
        chunks=sum(file.chunks for file in files),
        disabled=sum(file.disabled for file in files),
        changed=sum(file.changed for file in files),
        edits_lost=sum(file.edits_lost for file in files),
        vectors=sum(file.vectors or 0 for file in files),
        words=sum(file.words or 0 for file in files),
        file_bytes=sum(file.size for file in files),
        index_bytes=_size(layout.index(kb.index_generation)),
        updated=max([kb.created, *(file.updated for file in files)]),
    )


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue  # the word index merges its segments while we look
    return total
