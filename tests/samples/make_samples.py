"""Make the sample files of this folder again: `python tests/samples/make_samples.py`.

The files are committed; this script is how they came about. Every text in them is invented.
"""

import random
import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
HEAD = "知问科技 X200 产品手册"
WARRANTY = (
    "本产品的保修期为二十四个月，自购买之日起计算，用户应妥善保管购买凭证并在报修时出示，"
    "在保修期内因产品质量问题发生的故障，由本公司免费维修；超出保修期的维修收取材料费与人工费。"
)
ENGLISH = (
    "The warranty lasts for twenty-four months and starts on the day of purchase, so please keep the receipt in a "
    "safe place and show it to the service partner when the device has to be repaired under this warranty."
)
PAGES = (
    ("第一章 保修", [WARRANTY, "维修热线：400-100-2000。"]),
    ("第二章 English Summary", [ENGLISH]),
    (
        "第三章 电池",
        ["电池容量为 5000 毫安时，型号 PPR-9087，完全充满需要两小时三十分钟，请使用随机附带的充电器充电。"],
    ),
)
MARKDOWN = """---
title: "X200 使用指南"
---
欢迎使用 X200。

# 安装

## 准备

请先阅读**安全须知**。

```bash
# 这不是标题
make run
```

## 参数表

| 项目 | 数值 |
| --- | --- |
| 重量 | 320 克 |
| 容量 | 5000 毫安时 |

# 维护 *FAQ*

每三个月清洁一次滤网。
"""
CSV = '编号,客户,金额,备注\nA-1,张三,120.50,\nA-2,李四,99.00,"加急,周五前送达"\nA-3,王五,15.00,首单\n'
HTML = """<!DOCTYPE html>
<html><head><meta charset="{charset}"><title>报销制度</title><style>p {{ color: red }}</style></head>
<body><header><a href="/">首页菜单</a></header><nav>导航栏</nav>
<main><h1>报销制度</h1><p>员工出差<b>返回后</b>十五日内提交报销单。</p>
<h2>标准</h2><table><tr><th>城市</th><th>每日限额</th></tr><tr><td>北京</td><td>600 元</td></tr></table>
<ul><li>高铁二等座</li><li>经济舱</li></ul></main>
<aside>相关链接</aside><footer>版权所有</footer><script>var secret = 1;</script></body></html>
"""
POEM = "人生若只如初见，何事秋风悲画扇。\n等闲变却故人心，却道故人心易变。\n"
TRADITIONAL = "臺灣的圖書館收藏了許多珍貴的歷史資料，讀者可以免費借閱。\n"


def _pdf(pages: tuple[tuple[str, list[str]], ...], *, password: str = "") -> bytes:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    style = ParagraphStyle("zh", fontName="STSong-Light", fontSize=12, leading=18, wordWrap="CJK")
    western = ParagraphStyle("en", fontSize=12, leading=18)

    def frame(canvas: Any, document: Any) -> None:
        canvas.setFont("STSong-Light", 9)
        canvas.drawString(80, 800, HEAD)
        canvas.drawString(280, 30, f"第 {document.page} 页")

    story: list[Any] = []
    for title, texts in pages:
        story += [Paragraph(title, style), *(Paragraph(text, western if text.isascii() else style) for text in texts)]
        story.append(PageBreak())
    out = BytesIO()
    encryption = StandardEncryption(password, canPrint=0) if password else None
    template = SimpleDocTemplate(out, title="X200 产品手册", invariant=1, encrypt=encryption)
    template.build(story, onFirstPage=frame, onLaterPages=frame)
    return out.getvalue()


def _scan() -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    canvas = Canvas(out, invariant=1)
    canvas.rect(100, 100, 300, 500, fill=1)
    canvas.save()
    return out.getvalue()


def _docx() -> bytes:
    import docx

    word = docx.Document()
    word.core_properties.title = "考勤制度"
    word.add_paragraph("本制度自发布之日起施行。")
    word.add_heading("总则", 1)
    word.add_heading("适用范围", 2)
    word.add_paragraph("适用于全体员工。")
    for text in ("上班时间为九点", "下班时间为十八点"):
        word.add_paragraph(text, style="List Number")
    word.add_paragraph("弹性工作另行申请", style="List Bullet")
    table = word.add_table(3, 3)
    for row, texts in enumerate((("假期", "天数", "备注"), ("年假", "10", "需提前申请"), ("病假", "12", ""))):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    table.cell(1, 2).merge(table.cell(2, 2))
    word.add_paragraph("以上天数均为工作日。")
    word.add_heading("附则", 1)
    word.add_paragraph("解释权归人力资源部。")
    out = BytesIO()
    word.save(out)
    return out.getvalue()


def _zip_with(member: str) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("[Content_Types].xml"), "<Types/>")
        archive.writestr(zipfile.ZipInfo(member), "<x/>")
    return out.getvalue()


def _ole_with(stream: str) -> bytes:
    """The smallest compound file: header, allocation table, a directory of two entries, one empty stream."""

    def entry(name: str, kind: int, child: int) -> bytes:
        text = name.encode("utf-16-le")
        links = struct.pack("<HBB3I", len(text) + 2, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        return text.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", 0xFFFFFFFE, 0)

    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    header += struct.pack("<9I", 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0) + b"\xff" * 432
    table = struct.pack("<2I", 0xFFFFFFFD, 0xFFFFFFFE) + b"\xff" * 504
    return header + table + entry("Root Entry", 5, 1) + entry(stream, 2, 0xFFFFFFFF) + bytes(256)


SAMPLES: dict[str, Callable[[], bytes]] = {
    "poem.txt": POEM.encode,
    "poem_gbk.txt": lambda: POEM.encode("gbk"),
    "poem_utf16.txt": lambda: POEM.encode("utf-16-le"),
    "library_big5.txt": lambda: TRADITIONAL.encode("big5"),
    "service.log": lambda: b"2024-05-01 10:00:00 INFO service started\n2024-05-01 10:00:05 ERROR disk full\n",
    "empty.txt": lambda: b"",
    "binary.txt": lambda: random.Random(7).randbytes(600),
    "guide.md": MARKDOWN.encode,
    "manual.pdf": lambda: _pdf(PAGES),
    "password.pdf": lambda: _pdf(PAGES[:1], password="geheim"),
    "corrupt.pdf": lambda: _pdf(PAGES)[:700],
    "scan.pdf": _scan,
    "rules.docx": _docx,
    "corrupt.docx": lambda: _docx()[:9000],
    "not_word.docx": lambda: _zip_with("word/nothing.xml"),
    "old_word.docx": lambda: _ole_with("WordDocument"),
    "password.docx": lambda: _ole_with("EncryptedPackage"),
    "sheet.docx": lambda: _zip_with("xl/workbook.xml"),
    "rules_named.pdf": _docx,
    "text_named.pdf": POEM.encode,
    "orders.csv": CSV.encode,
    "orders_gb18030.csv": lambda: CSV.replace(",", ";").replace('"加急;', '"加急，').encode("gb18030"),
    "orders.tsv": lambda: b"name\tprice\nbolt, long\t1.50\nnut\t0.20\n",
    "page.html": lambda: HTML.format(charset="utf-8").encode(),
    "page_gbk.htm": lambda: HTML.format(charset="gb2312").encode("gbk"),
}


def main() -> None:
    for name, make in SAMPLES.items():
        (HERE / name).write_bytes(make())


if __name__ == "__main__":
    main()
