"""The lines of a page put together to its text, without losing where each of them stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from document_loaders.pdf_lines import gaps
from document_loaders.reading_order import Box


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line and its box in fractions of the page, where that is known."""

    text: str
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class PageText:
    """A text and the boxes of its pieces: [start, end, [left, top, right, bottom]]."""

    text: str = ""
    spans: tuple[list[Any], ...] = ()

    def __add__(self, other: "PageText") -> "PageText":
        """The other text as a block of its own below this one."""
        if not self.text or not other.text:
            return self if self.text else other
        offset = len(self.text) + 2
        moved = ([start + offset, end + offset, box] for start, end, box in other.spans)
        return PageText(f"{self.text}\n\n{other.text}", (*self.spans, *moved))


def joined(lines: Sequence[PlacedLine]) -> PageText:
    """Join the lines of each paragraph; the paragraphs stand below each other."""
    text = ""
    spans: list[list[Any]] = []
    for gap, line in zip(gaps([line.text for line in lines]), lines, strict=True):
        text += gap
        start = len(text)
        # Blanks show a line's place in a list or program; inside a paragraph they mean nothing.
        text += line.text if gap == "\n" or not start else line.text.lstrip()
        if line.box:
            spans.append([start, len(text), list(line.box)])
    return PageText(text, tuple(spans))
