"""What every loader of ours is, and the words its documents use to say where their text stands.

Metadata of a document (all optional; numbers count from 1):

    title         title of the whole file
    headings      path of headings from the outermost, ["3 Travel", "3.2 Hotels"]
    page, pages   page of a pdf, frame of a tiff; how many there are. A page without text comes as an empty document.
    slide, slides slide of a presentation
    sheet, rows   name of a sheet; first and last row in it, [2, 40]
    row           data row of a csv file
    lines         first and last line of a text file, source code or subtitles, [10, 24]
    part          which part of a mail, notebook or book: "attachment offer.pdf", "cell 3", "chapter 2"
    blank         True where nothing is drawn on a page, so that it has no text to lose
    ocr           True where the text was read from pixels
    spans         [[start, end, [x0, y0, x1, y1]], …]: the box on the page of each piece of page_content, in fractions
                  of the page's width and height from its top left corner
"""

from dataclasses import dataclass, field
from pathlib import Path

from langchain_core.document_loaders.base import BaseLoader


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How to read. `scratch` is an empty folder for what has to be unpacked or converted; its owner deletes it.

    `depth` counts containers inside containers (a mail attached to a mail); at `max_depth` the inner one is named, not
    read. What unpacks to more than `max_unpacked_mb` in all is refused.
    """

    ocr: bool = True
    scratch: Path | None = None
    max_unpacked_mb: int = 1024
    depth: int = 0
    max_depth: int = 3


@dataclass
class FileLoader(BaseLoader):
    """A loader of ours: made with a path and options, read by `lazy_load`.

    `lazy_load` raises `DocumentUnreadable`, possibly after some documents.
    """

    path: Path
    options: LoadOptions = field(default_factory=LoadOptions)
