"""Pictures on PDF pages that have text: which of them are read."""

from collections.abc import Iterable

from document_loaders.pdf_document import PageContent
from document_loaders.reading_order import Box

_SMALLEST_AREA = 0.01  # of the page
_TOUCHING = 0.004
_FEW_CHARACTERS = 10


def readable_pictures(content: PageContent) -> list[Box]:
    """The boxes of pictures from top to bottom: slices put together, without decorations and backgrounds of text.

    The text on top of a searchable scan or of a labelled drawing is known already.
    """
    boxes = sorted(_put_together(content.pictures), key=lambda box: (box[1], box[0]))
    return [box for box in boxes if _area(box) >= _SMALLEST_AREA and _written(content, box) < _FEW_CHARACTERS]


def _put_together(boxes: Iterable[Box]) -> list[Box]:
    """Scanners and printers cut pictures into strips: what touches is one."""
    whole: list[Box] = []
    for box in boxes:
        while touching := [other for other in whole if _touch(box, other)]:
            whole = [other for other in whole if other not in touching]
            lefts, tops, rights, bottoms = zip(box, *touching, strict=True)
            box = (min(lefts), min(tops), max(rights), max(bottoms))
        whole.append(box)
    return whole


def _touch(box: Box, other: Box) -> bool:
    is_beside = box[0] - _TOUCHING > other[2] or other[0] - _TOUCHING > box[2]
    is_below = box[1] - _TOUCHING > other[3] or other[1] - _TOUCHING > box[3]
    return not is_beside and not is_below


def _written(content: PageContent, box: Box) -> int:
    lines = ((line.text, line.box) for line in content.lines if line.box)
    return sum(
        len("".join(text.split()))
        for text, (left, top, right, bottom) in lines
        if box[0] <= (left + right) / 2 <= box[2] and box[1] <= (top + bottom) / 2 <= box[3]
    )


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
