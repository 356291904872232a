"""How a file becomes chunks: what a caller may ask for, and what follows with a knowledge base's and our defaults."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from configs import Settings

READER_VERSION = 1
"""Raised when a loader or splitter changes what it makes of the same bytes: cached text of older ones is not used."""

SETTING_NAMES = ("splitter", "chunk_size", "chunk_overlap", "zh_title_enhance", "ocr", "tokenizer")


@dataclass(frozen=True)
class IngestOptions:
    """What a caller asks for; None means the knowledge base's setting.

    `replace` lets a file take the place of one of the same name, `index=False` stores it without chunks, and `force`
    reads it even when the same bytes were read in the same way before.
    """

    splitter: str | None = None
    chunk_size: int | None = None
    chunk_overlap: int | None = None
    zh_title_enhance: bool | None = None
    ocr: bool | None = None
    tokenizer: str | None = None
    replace: bool = False
    index: bool = True
    force: bool = False


@dataclass(frozen=True)
class Recipe:
    """Everything that decides which chunks the bytes of a file give; sizes in characters, or tokens of `tokenizer`."""

    splitter: str
    chunk_size: int
    chunk_overlap: int
    zh_title_enhance: bool
    ocr: bool
    tokenizer: str = ""
    index: bool = True

    @property
    def key(self) -> str:
        """The same text for the same recipe, kept with the file it was used for."""
        return json.dumps({**asdict(self), "reader": READER_VERSION}, sort_keys=True, separators=(",", ":"))


def resolve(options: IngestOptions, kept: Mapping[str, Any], settings: "Settings") -> Recipe:
    """Options over the knowledge base's kept settings over the defaults; the overlap stays below the size."""
    defaults = settings.knowledge_base
    found: dict[str, Any] = {
        "splitter": defaults.splitter,
        "chunk_size": defaults.chunk_size,
        "chunk_overlap": defaults.chunk_overlap,
        "zh_title_enhance": defaults.zh_title_enhance,
        "ocr": settings.ingest.ocr,
        "tokenizer": defaults.tokenizer,
    }
    for name in SETTING_NAMES:
        asked = getattr(options, name)
        found[name] = asked if asked is not None else kept.get(name, found[name])
    found["chunk_overlap"] = min(found["chunk_overlap"], found["chunk_size"] - 1)
    return Recipe(**found, index=options.index)
