"""Text read from pictures, whichever way they lie; one engine a process, made at the first picture.

Nothing is read several times on an ordinary page: the longest lines are read first, and only if they make no sense are
they tried the other way up.
"""

import os
import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from document_loaders.reading_order import Box, Line, in_reading_order

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    from document_loaders.ocr_engine import Engine

_LARGEST_SIDE = 2400
# A screenshot of a long chat would be scaled down until nobody could read it: it is cut into pieces like pages.
_LONG, _NARROWEST_LONG, _PIECE = 2.0, 400, 1.5
_TALL = 1.5
_SAMPLE = 4
_SURE = 0.9
_UNSURE = 0.5
_SHORT, _SURE_OF_SHORT = 2, 0.8
_FAINTEST = 16  # levels of grey between the darkest and the lightest place: with less there is no writing

_lock = threading.Lock()
_threads = 0


def configure(threads: int) -> None:
    """Read with so many threads from the next picture on; 0 is one for each core that this process may use."""
    global _threads
    with _lock:
        if threads != _threads:
            _threads = threads
            _engine.cache_clear()


def read(picture: "Image") -> list[Line]:
    """The lines of a picture in mode RGB, in reading order, their boxes in fractions of its width and height.

    What the engine is unsure of is left out. Threads wait for each other: one picture uses all the cores it may.
    """
    lines: list[Line] = []
    for top, bottom in _bands(picture):
        band = picture.crop((0, top, picture.width, bottom))
        if is_blank(band):
            continue
        with _lock:
            found = _read_band(_engine(), band)
        scale, offset = (bottom - top) / picture.height, top / picture.height
        for line in found:
            left, upper, right, lower = line.box
            lines.append(
                Line(line.text, line.confidence, (left, upper * scale + offset, right, lower * scale + offset))
            )
    return lines


def is_blank(picture: "Image") -> bool:
    """Whether hardly anything tells one place of the picture from another."""
    darkest, lightest = picture.convert("L").getextrema()
    return float(lightest) - float(darkest) < _FAINTEST  # pyright: ignore[reportArgumentType]


@lru_cache(maxsize=1)
def _engine() -> "Engine":
    from document_loaders.ocr_engine import Engine

    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Engine(_threads or available)


def _bands(picture: "Image") -> Iterator[tuple[int, int]]:
    """Top and bottom of the pieces of a long picture, cut where a row of pixels is plainest."""
    top, length = 0, int(picture.width * _PIECE)
    if picture.width >= _NARROWEST_LONG and picture.height > _LONG * picture.width:
        import numpy as np

        while picture.height - top > length:
            first = top + length * 4 // 5
            rows = np.asarray(picture.crop((0, first, picture.width, top + length)).convert("L"))
            bottom = first + int(np.argmin(rows.std(axis=1))) + 1
            yield top, bottom
            top = bottom
    yield top, picture.height


def _read_band(engine: "Engine", picture: "Image") -> list[Line]:
    import numpy as np

    limit = min(1.0, _LARGEST_SIDE / max(picture.size))
    if limit < 1:
        picture = picture.resize((max(1, round(picture.width * limit)), max(1, round(picture.height * limit))))
    pixels = np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])  # the models know blue, green, red
    places, strips = engine.find(pixels)
    turns, known = _turns(engine, places, strips)
    if turns:
        pixels, known = np.ascontiguousarray(np.rot90(pixels, turns)), {}
        places, strips = engine.find(pixels)
    texts = known | {index: engine.recognise(each) for index, each in enumerate(strips) if index not in known}
    lines = [Line(*texts[index], place) for index, place in enumerate(places) if _is_text(*texts[index])]
    height, width = pixels.shape[:2]
    return [
        Line(line.text, line.confidence, _turned_back(line.box, width, height, turns))
        for line in in_reading_order(lines)
    ]


def _turns(engine: "Engine", places: list[Box], strips: "list[np.ndarray]") -> tuple[int, dict[int, tuple[str, float]]]:
    """How many quarters to turn the picture to the left, and what was read already if it stands right."""
    longest = sorted(range(len(strips)), key=lambda index: -_length(strips[index]))[:_SAMPLE]
    known = {index: engine.recognise(strips[index]) for index in longest}
    # A line that runs down or up comes as a strip that lies, as if its page had been turned to the left.
    quarters = int(_area(places, is_tall=True) > _area(places, is_tall=False))
    sense = sum(_sense(strips[index], *known[index]) for index in longest)
    if sense < _SURE * len(longest):
        flipped = [strips[index][::-1, ::-1].copy() for index in longest]
        if sum(_sense(each, *engine.recognise(each)) for each in flipped) > sense:
            quarters += 2
    return quarters, known


def _area(places: list[Box], *, is_tall: bool) -> float:
    sizes = ((right - left, bottom - top) for left, top, right, bottom in places)
    return sum(width * height for width, height in sizes if (height >= _TALL * width) == is_tall)


def _length(strip: "np.ndarray") -> float:
    return strip.shape[1] / strip.shape[0]


def _sense(strip: "np.ndarray", text: str, confidence: float) -> float:
    """What a line upside down is read as is short, and unsure: a Chinese character is about as wide as high."""
    return confidence * min(1.0, len(text) / max(1.0, _length(strip) / 3))


def _is_text(text: str, confidence: float) -> bool:
    letters = sum(map(str.isalnum, text))
    return letters > 0 and confidence >= (_SURE_OF_SHORT if letters <= _SHORT else _UNSURE)


def _turned_back(box: Box, width: int, height: int, turns: int) -> Box:
    """The box in fractions of the picture as it was before it was turned."""
    left, top, right, bottom = box[0] / width, box[1] / height, box[2] / width, box[3] / height
    for _ in range(turns):
        left, top, right, bottom = 1 - bottom, left, 1 - top, right
    return tuple(min(1.0, max(0.0, round(edge, 4))) for edge in (left, top, right, bottom))  # pyright: ignore
