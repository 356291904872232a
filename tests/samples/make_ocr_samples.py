"""Make the samples of scans and pictures again: `python tests/samples/make_ocr_samples.py` (Debian: fonts-noto-cjk).

The files are committed, so that the tests need no font. Every text in them is invented.
"""

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

HERE = Path(__file__).resolve().parent
FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
NOTICE = (
    "关于调整办公时间的通知",
    "各部门：自二〇二四年七月一日起，",
    "上班时间调整为上午八点半，",
    "午休时间为一小时三十分钟。",
    "咨询电话：400-820-5588，联系人：李敏",
    "Contact: office@example.com",
)
FAX = ("采购合同第一页", "合同编号：HT-2024-0917", "采购合同第二页", "总金额：人民币伍万元整")
LOGO = "知问科技有限公司"
CHART = "三季度销售额 1280 万元"
GARBLED = ("The annual report shows that", "revenue grew by twelve percent", "in every region of the country")


def _printed(lines: tuple[str, ...], size: tuple[int, int]) -> Image.Image:
    picture = Image.new("L", size, 255)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.truetype(FONT, 30, index=2)
    for number, line in enumerate(lines):
        draw.text((40, 30 + 64 * number), line, font=font, fill=0)
    return picture


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _notice() -> Image.Image:
    return _printed(NOTICE, (720, 440))


def _fax() -> bytes:
    first, second = (_printed(FAX[index : index + 2], (560, 170)).convert("1") for index in (0, 2))
    return _saved(first, "TIFF", save_all=True, append_images=[second], compression="group4", dpi=(200, 200))


def _logo() -> bytes:
    picture = Image.new("RGBA", (420, 90), (0, 0, 0, 0))
    ImageDraw.Draw(picture).text((30, 20), LOGO, font=ImageFont.truetype(FONT, 36, index=2), fill=(20, 40, 120, 255))
    return _saved(picture, "PNG", optimize=True)


def _mixed() -> bytes:
    """A page of text, a scan lying on its side on a turned page, an empty page, a page of text with a picture."""
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    out = BytesIO()
    canvas = Canvas(out, pagesize=(420, 595), invariant=1)
    canvas.bookmarkPage("one")
    canvas.addOutlineEntry("第一章 概况", "one", 0)
    canvas.setFont("STSong-Light", 12)
    canvas.drawString(50, 520, "本文件包含文字页、扫描页、空白页和带图片的文字页。")
    canvas.showPage()
    canvas.setPageRotation(90)  # which also swaps the sides of the page
    canvas.drawImage(ImageReader(_notice().rotate(90, expand=True)), 60, 10, 244, 400)
    canvas.showPage()
    canvas.setPageRotation(0)
    canvas.showPage()
    canvas.bookmarkPage("two")
    canvas.addOutlineEntry("第二章 图表", "two", 0)
    canvas.bookmarkPage("three")
    canvas.addOutlineEntry("2.1 销售", "three", 1)
    canvas.setFont("STSong-Light", 12)
    canvas.drawString(50, 520, "下面的图片展示了第三季度的销售情况，数字来自财务部门。")
    canvas.drawImage(ImageReader(_printed((CHART,), (480, 110))), 90, 300, 240, 55)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _garbled() -> bytes:
    """A page whose font says that its glyphs are characters of private use, as broken programs do."""
    honest = ttfonts.makeToUnicodeCMap
    ttfonts.makeToUnicodeCMap = lambda name, subset: honest(name, [0xE000 + code for code in subset])
    pdfmetrics.registerFont(ttfonts.TTFont("Vera", "Vera.ttf"))
    out = BytesIO()
    canvas = Canvas(out, pagesize=(360, 200), invariant=1)
    canvas.setFont("Vera", 16)
    for number, line in enumerate(GARBLED):
        canvas.drawString(30, 150 - 30 * number, line)
    canvas.save()
    return out.getvalue()


SAMPLES = {
    "notice.png": lambda: _saved(_notice().quantize(16), "PNG", optimize=True),
    "fax.tif": _fax,
    "logo.png": _logo,
    "mixed.pdf": _mixed,
    "garbled.pdf": _garbled,
    "corrupt.png": lambda: _saved(_notice().quantize(16), "PNG")[:2000],
}


def main() -> None:
    for name, make in SAMPLES.items():
        (HERE / name).write_bytes(make())


if __name__ == "__main__":
    main()
