"""How a file becomes chunks: what a caller may ask for, and what follows with a knowledge base's and our defaults."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from server.errors import BadSetting, UnknownPart

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


def kept_settings(options: IngestOptions, kept: Mapping[str, Any], settings: "Settings") -> dict[str, Any]:
    """What a knowledge base keeps once a caller's options are put over what it kept.

    Raises:
        UnknownPart: no splitter of that name.
        BadSetting: the overlap is not smaller than the size.
    """
    asked = {name: getattr(options, name) for name in SETTING_NAMES}
    found = {**kept, **{name: value for name, value in asked.items() if value is not None}}
    check_splitter(found.get("splitter", settings.knowledge_base.splitter), settings)
    size, overlap = found.get("chunk_size", settings.knowledge_base.chunk_size), found.get("chunk_overlap", 0)
    if overlap >= size:
        raise BadSetting(
            name="chunk_overlap",
            reason_en=f"{overlap} is not smaller than the chunk size, {size}",
            reason_zh=f"{overlap} 不小于分块大小 {size}",
        )
    return found


def splitter_names(settings: "Settings") -> list[str]:
    """The splitters a caller may ask for; one of somebody else's only where the administrator made it the default."""
    from text_splitter.table import SPLITTERS

    return list(dict.fromkeys([settings.knowledge_base.splitter, *SPLITTERS]))


def check_splitter(name: str, settings: "Settings") -> None:
    """Raises `UnknownPart` for a splitter that a caller may not ask for: a dotted name would import anything."""
    known = splitter_names(settings)
    if name not in known:
        raise UnknownPart(name=name, known=", ".join(known), kind_en="splitter", kind_zh="分割器")
