"""From the characters of a PDF page to its lines."""

import re
import unicodedata
from collections.abc import Callable

from document_loaders.page_text import PlacedLine
from document_loaders.reading_order import Box

_HYPHEN = "\x02"  # what PDFium writes for a hyphen at a line end, in place of the line end
_HYPHENATED = re.compile(rf"(?P<word>[\w-]*){_HYPHEN}\s*(?P<rest>\w?)")
_LINE_END = re.compile(rf"(?<!{_HYPHEN})(?:\r\n?|\n)")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\ufeff]")
# Radicals, compatibility ideographs and ligatures that fonts put in place of the ordinary characters.
_LOOKALIKES = re.compile(r"[\u2e80-\u2fdf\uf900-\ufaff\ufb00-\ufb06]")


def split_lines(characters: str, box_of: Callable[[int, int], Box | None]) -> list[PlacedLine]:
    """The lines that hold something, clean; `box_of` tells the box of characters [i, j). None outside of the page."""
    lines: list[PlacedLine] = []
    start = 0
    for end, after in [*(match.span() for match in _LINE_END.finditer(characters)), (len(characters), 0)]:
        for text in clean_lines(characters[start:end]):
            box = box_of(start, end)
            if box is None or _is_on_page(box):
                lines.append(PlacedLine(text, box and clipped(box)))
        start = after
    return lines


def _is_on_page(box: Box) -> bool:
    left, top, right, bottom = box
    return left < 1 and top < 1 and right > 0 and bottom > 0


def clipped(box: Box) -> Box | None:
    """The part of a box that is on the page, None where nothing of it is."""
    left, top, right, bottom = (min(1.0, max(0.0, round(edge, 4))) for edge in box)
    return (left, top, right, bottom) if right > left and bottom > top else None


def clean_lines(text: str) -> list[str]:
    """The lines of a page that hold something, with hyphenated words joined and odd characters replaced."""
    text = _HYPHENATED.sub(_joined_word, text).replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    text = _LOOKALIKES.sub(lambda match: unicodedata.normalize("NFKC", match.group()), _CONTROLS.sub("", text))
    return [line.rstrip() for line in text.split("\n") if line.strip()]


def _joined_word(match: re.Match[str]) -> str:
    word, rest = match["word"], match["rest"]
    is_broken_word = word[-1:].isalpha() and rest.islower() and "-" not in word
    return word + ("" if is_broken_word else "-") + rest
