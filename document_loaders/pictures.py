"""Pictures: opened within limits, laid on white, turned as the camera says; those inside documents read once."""

import hashlib
import threading
import warnings
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from document_loaders.base import LoadOptions
from document_loaders.errors import DocumentUnreadable
from document_loaders.page_text import PlacedLine, joined
from document_loaders.reading_order import Line

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_PIXELS = 120_000_000  # A4 at 1000 dpi; 360 MB when unpacked in colours
_LARGEST_SIDE = 4800
_SMALLEST_WIDTH, _SMALLEST_HEIGHT, _SMALLEST_AREA = 100, 40, 6000
_REMEMBERED = 512

_lock = threading.Lock()
_read_before: OrderedDict[bytes, list[Line]] = OrderedDict()


def text_of(blob: bytes, options: LoadOptions) -> str:
    """The text in a picture inside a document; "" where there is none, for decorations, and without OCR."""
    if not options.ocr:
        return ""
    try:
        picture = next(frames(blob)).picture
    except DocumentUnreadable:
        return ""
    if not is_worth_reading(picture.width, picture.height):
        return ""
    return joined([PlacedLine(line.text, line.box) for line in lines_of(picture)]).text


def is_worth_reading(width: float, height: float) -> bool:
    """Whether a picture of so many pixels can hold text worth finding, and is no bullet, icon or rule."""
    return width >= _SMALLEST_WIDTH and height >= _SMALLEST_HEIGHT and width * height >= _SMALLEST_AREA


def lines_of(picture: "Image") -> list[Line]:
    """The lines of a picture in mode RGB; one seen before, such as a logo on every slide, is not read again."""
    from document_loaders import ocr

    key = hashlib.blake2b(picture.tobytes(), digest_size=16, key=repr(picture.size).encode()).digest()
    with _lock:
        if key in _read_before:
            _read_before.move_to_end(key)
            return _read_before[key]
    lines = ocr.read(picture)
    with _lock:
        _read_before[key] = lines
        while len(_read_before) > _REMEMBERED:
            _read_before.popitem(last=False)
    return lines


@dataclass(frozen=True, slots=True)
class Frame:
    """One of so many pictures in a file, counted from 1, in mode RGB."""

    picture: "Image"
    number: int
    count: int


def frames(source: Path | bytes) -> Iterator[Frame]:
    """The pages of a TIFF, else the one picture (of an animation the first), huge ones scaled down.

    Raises:
        DocumentUnreadable: damaged, of an unknown kind, or of too many pixels; possibly after some frames.
        OSError: the file cannot be opened.
    """
    from PIL import Image

    with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream, _damage_told():
        with warnings.catch_warnings():
            # Pillow warns at a size that is checked below, and refuses twice that size by itself.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(stream)
        with picture:
            count = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
            for index in range(count):
                picture.seek(index)
                yield Frame(_upright_on_white(picture), index + 1, count)


@contextmanager
def _damage_told() -> Iterator[None]:
    """Pillow does not check all it reads: a broken picture ends in whatever its broken place leads to."""
    import struct
    import zlib

    from PIL import Image

    try:
        yield
    except Image.DecompressionBombError as error:
        raise _too_large() from error
    except (OSError, SyntaxError, ValueError, LookupError, TypeError, EOFError, struct.error, zlib.error) as error:
        raise DocumentUnreadable(
            "the picture is damaged or of a kind that cannot be read", "图片已损坏或格式无法识别"
        ) from error


def _too_large() -> DocumentUnreadable:
    limit = _MOST_PIXELS // 1_000_000
    return DocumentUnreadable(
        f"the picture is too large (more than {limit} million pixels); scale it down",
        f"图片过大（超过 {limit} 百万像素），请缩小后再上传",
    )


def _upright_on_white(picture: "Image") -> "Image":
    from PIL import Image, ImageOps

    picture.draft("RGB", (_LARGEST_SIDE, _LARGEST_SIDE))  # a JPEG can be unpacked at a fraction of its size
    if picture.width * picture.height > _MOST_PIXELS:
        raise _too_large()
    scale = max(picture.size) // _LARGEST_SIDE
    plain = picture.convert("L") if picture.mode == "1" else picture
    if scale > 1 and plain.mode in ("L", "RGB", "RGBA", "CMYK"):
        plain = plain.reduce(scale)
    plain = ImageOps.exif_transpose(plain)
    if plain.has_transparency_data:
        plain = plain.convert("RGBA")
        white = Image.new("RGBA", plain.size, "white")
        plain = Image.alpha_composite(white, plain)
    if plain.mode.startswith(("I", "F")):
        plain = _to_eight_bits(plain)
    return plain.convert("RGB")


def _to_eight_bits(picture: "Image") -> "Image":
    """Pillow cuts off what exceeds 255: the levels are spread over that range instead."""
    import numpy as np
    from PIL import Image

    levels = np.asarray(picture, dtype=np.float32)
    low, high = float(np.nanmin(levels)), float(np.nanmax(levels))
    return Image.fromarray(((levels - low) * (255 / max(high - low, 1e-9))).astype(np.uint8))
