"""Pictures: frames, transparency, orientation, limits, damage, pictures inside documents."""

import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from document_loaders import ocr
from document_loaders.base import LoadOptions
from document_loaders.errors import DocumentUnreadable
from document_loaders.image import ImageLoader
from document_loaders.pictures import frames, text_of

SAMPLES = Path(__file__).resolve().parent.parent / "samples"


def _blob(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _huge_png(side: int) -> bytes:
    """A picture of a single colour: 20000 by 20000 pixels are 50 KB."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")

    header = side.to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    pixels = zlib.compress(bytes(1 + side // 8) * side)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_each_frame_of_a_tiff_is_a_page() -> None:
    first, second = ImageLoader(SAMPLES / "fax.tif").load()
    assert first.page_content == "采购合同第一页\n合同编号：HT-2024-0917"
    assert second.page_content == "采购合同第二页\n总金额：人民币伍万元整"
    assert [(page.metadata["page"], page.metadata["pages"], page.metadata["ocr"]) for page in (first, second)] == [
        (1, 2, True),
        (2, 2, True),
    ]
    start, end, box = second.metadata["spans"][1]
    assert second.page_content[start:end] == "总金额：人民币伍万元整"
    assert box == pytest.approx([40 / 560, 100 / 170, 370 / 560, 136 / 170], abs=0.04)


def test_without_ocr_a_picture_has_no_text() -> None:
    pages = ImageLoader(SAMPLES / "fax.tif", LoadOptions(ocr=False)).load()
    assert [(page.page_content, page.metadata) for page in pages] == [
        ("", {"page": 1, "pages": 2}),
        ("", {"page": 2, "pages": 2}),
    ]


def test_a_logo_on_nothing_is_laid_on_white_and_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    logo = (SAMPLES / "logo.png").read_bytes()
    assert text_of(logo, LoadOptions()) == "知问科技有限公司"
    monkeypatch.setattr(ocr, "read", lambda _: pytest.fail("it was read before"))
    assert text_of(logo, LoadOptions()) == "知问科技有限公司"


def test_decorations_damage_and_no_ocr_give_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "read", lambda _: pytest.fail("it must not be read"))
    logo = (SAMPLES / "logo.png").read_bytes()
    assert text_of(logo, LoadOptions(ocr=False)) == ""
    assert text_of(_blob(Image.new("RGB", (60, 300))), LoadOptions()) == ""
    assert [text_of(blob, LoadOptions()) for blob in (b"", b"no picture", logo[:300], _huge_png(20000))] == [""] * 4


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGB", "JPEG"), ("CMYK", "JPEG"), ("1", "TIFF"), ("P", "GIF"), ("RGB", "WEBP"), ("L", "BMP")]
)
def test_formats_and_colours(mode: str, kind: str) -> None:
    (frame,) = frames(_blob(Image.new("RGB", (40, 20), "white").convert(mode), kind))
    assert (frame.picture.mode, frame.picture.size) == ("RGB", (40, 20))
    assert min(low for low, _ in frame.picture.getextrema()) > 250


def test_sixteen_bits_keep_their_levels() -> None:
    row = (1000).to_bytes(2, "little") * 20 + (40000).to_bytes(2, "little") * 20
    picture = Image.frombytes("I;16", (40, 20), row * 20)
    (frame,) = frames(_blob(picture))
    assert (frame.picture.getpixel((5, 5)), frame.picture.getpixel((35, 5))) == ((0, 0, 0), (255, 255, 255))


def test_the_camera_says_which_way_is_up() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (frame,) = frames(_blob(Image.new("RGB", (40, 20)), "JPEG", exif=exif))
    assert frame.picture.size == (20, 40)


def test_animations_show_their_first_picture() -> None:
    pictures = [Image.new("P", (40, 20), colour) for colour in (0, 1, 2)]
    assert len(list(frames(_blob(pictures[0], "GIF", save_all=True, append_images=pictures[1:])))) == 1


def test_large_pictures_are_scaled_down_and_huge_ones_refused(tmp_path: Path) -> None:
    (frame,) = frames(_huge_png(10000))
    assert max(frame.picture.size) == 5000
    path = tmp_path / "huge.png"
    path.write_bytes(_huge_png(20000))
    with pytest.raises(DocumentUnreadable, match="too large"):
        ImageLoader(path).load()


def test_damage_is_told() -> None:
    with pytest.raises(DocumentUnreadable, match="damaged"):
        ImageLoader(SAMPLES / "corrupt.png").load()
