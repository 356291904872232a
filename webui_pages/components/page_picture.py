"""Pictures of pages with places framed on them."""

from collections.abc import Sequence
from io import BytesIO

PICTURED = (".pdf", ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
"""Suffixes of files whose pages the API can show."""
FILL = (255, 190, 40, 60)
LINE = (217, 119, 6, 200)
LINE_SHARE = 0.0015
MARGIN_SHARE = 0.004
Box = Sequence[float]
"""Left, top, right, bottom, as shares of width and height."""


def boxed(picture: bytes, boxes: Sequence[Box]) -> bytes:
    """The picture, a PNG, with the boxes drawn upon it."""
    if not boxes:
        return picture
    from PIL import Image, ImageDraw

    page = Image.open(BytesIO(picture)).convert("RGBA")
    above = Image.new("RGBA", page.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(above)
    width, height = page.size
    line, margin = max(1, round(width * LINE_SHARE)), width * MARGIN_SHARE
    for left, top, right, bottom in boxes:
        corners = (left * width - margin, top * height - margin, right * width + margin, bottom * height + margin)
        pen.rectangle(corners, fill=FILL, outline=LINE, width=line)
    made = BytesIO()
    Image.alpha_composite(page, above).convert("RGB").save(made, "PNG", compress_level=1)
    return made.getvalue()
