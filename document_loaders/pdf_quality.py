"""Whether the text that a PDF page carries is what people see on it."""

import unicodedata

from document_loaders.pdf_document import PageContent
from document_loaders.reading_order import Box

_MOST_UNMAPPED = 0.3  # of characters that the fonts do not translate to Unicode
_MOST_BROKEN = 0.2  # of replacement characters, private ones and controls
_MOST_ACCENTED = 0.4  # Chinese taken for Latin-1 ("ÖÐÎÄ") has hardly anything else; no Western language comes near
_FEW_CHARACTERS = 80  # a scanner's or a library's stamp on the picture of a page
_MOST_OF_THE_PAGE = 0.5
_BROKEN_CATEGORIES = frozenset({"Cc", "Cn", "Co", "Cs"})


def characters(content: PageContent) -> str:
    """The text layer without its blanks."""
    return "".join("".join(line.text.split()) for line in content.lines)


def is_garbled(content: PageContent) -> bool:
    """Whether the text layer holds other characters than those that are seen."""
    text = characters(content)
    broken = sum(char == "\ufffd" or unicodedata.category(char) in _BROKEN_CATEGORIES for char in text)
    accented = sum("\x80" <= char <= "\xff" for char in text)
    return (
        content.unmapped > _MOST_UNMAPPED or broken > _MOST_BROKEN * len(text) or accented > _MOST_ACCENTED * len(text)
    )


def is_picture_of_page(content: PageContent) -> bool:
    """Whether the page is a scan or a drawing of text, to be read as a whole from its pixels."""
    text = characters(content)
    if not content.is_drawn:
        return False
    return not text or is_garbled(content) or (len(text) < _FEW_CHARACTERS and _covered(content) >= _MOST_OF_THE_PAGE)


def _covered(content: PageContent) -> float:
    return sum(_area(box) for box in content.pictures)


def _area(box: Box) -> float:
    left, top, right, bottom = box
    return (right - left) * (bottom - top)
