"""Make the office files of this folder again: `python tests/samples/make_office_samples.py`.

The files are committed; this script is how they came about. Every text in them is invented.
"""

import datetime
import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from make_samples import HERE

TEXT_TYPE = "application/vnd.oasis.opendocument.text"
SHEET_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
SLIDES_TYPE = "application/vnd.oasis.opendocument.presentation"
SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{urn}:1.0"'
    for name, urn in (("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"),
                      ("style", "style"), ("presentation", "presentation"), ("svg", "svg-compatible"))
)  # fmt: skip
ODT = """<office:automatic-styles><text:list-style style:name="L1">
<text:list-level-style-number text:level="1" style:num-format="1"/><text:list-level-style-bullet text:level="2"/>
</text:list-style></office:automatic-styles>
<office:body><office:text><text:tracked-changes><text:p>删掉的文字</text:p></text:tracked-changes>
<text:table-of-content><text:index-body><text:p>目录 1</text:p></text:index-body></text:table-of-content>
<text:p>本办法自发布之日起施行。</text:p>
<text:h text:outline-level="1">采购</text:h><text:h text:outline-level="2">询价<text:s text:c="2"/>比价</text:h>
<text:p>至少三家<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>紧急采购除外。</text:p>
</text:note-body></text:note>供应商报价。</text:p>
<text:list text:style-name="L1"><text:list-item><text:p>发出询价单</text:p><text:list><text:list-item>
<text:p>附图纸</text:p></text:list-item></text:list></text:list-item>
<text:list-item><text:p>收取报价</text:p></text:list-item></text:list>
<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>金额</text:p></table:table-cell>
<table:table-cell><text:p>审批人</text:p></table:table-cell></table:table-row></table:table-header-rows>
<table:table-row><table:table-cell><text:p>一万元以下</text:p></table:table-cell>
<table:table-cell table:number-rows-spanned="2"><text:p>部门经理</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell><text:p>五万元以下</text:p></table:table-cell><table:covered-table-cell/>
</table:table-row></table:table>
<text:h text:outline-level="1">附则</text:h><text:p><draw:frame><draw:text-box><text:p>文本框里的提示</text:p>
</draw:text-box></draw:frame>由采购部解释。</text:p></office:text></office:body>"""
ODP = """<office:body><office:presentation>
<draw:page><draw:frame svg:y="8cm" svg:x="1cm"><draw:text-box><text:p>下方的文字</text:p></draw:text-box></draw:frame>
<draw:frame svg:y="40mm" svg:x="1cm"><draw:text-box><text:p>上方的文字</text:p></draw:text-box></draw:frame>
<draw:frame presentation:class="title" svg:y="10cm"><draw:text-box><text:p>年度计划</text:p></draw:text-box>
</draw:frame>
<presentation:notes><draw:frame presentation:class="notes"><draw:text-box><text:p>先讲背景</text:p></draw:text-box>
</draw:frame></presentation:notes></draw:page>
<draw:page><draw:frame><table:table><table:table-row><table:table-cell><text:p>季度</text:p></table:table-cell>
<table:table-cell><text:p>目标</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell>
<text:p>一季度</text:p></table:table-cell><table:table-cell><text:p>120 台</text:p></table:table-cell></table:table-row>
</table:table></draw:frame></draw:page></office:presentation></office:body>"""
ODS = """<office:body><office:spreadsheet><table:table table:name="空表"><table:table-row
table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>
</table:table><table:table table:name="仓库">
<table:table-row><table:table-cell table:number-columns-spanned="3"><text:p>库存盘点表</text:p></table:table-cell>
<table:covered-table-cell table:number-columns-repeated="2"/></table:table-row>
<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="16384"/>
</table:table-row>
<table:table-row><table:table-cell><text:p>货品</text:p></table:table-cell><table:table-cell><text:p>完好率</text:p>
</table:table-cell><table:table-cell><text:p>盘点日</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell><text:p>螺栓</text:p></table:table-cell><table:table-cell
office:value-type="percentage" office:value="0.985"><text:p>98.5%</text:p></table:table-cell><table:table-cell
office:value-type="date" office:date-value="2024-05-01"><text:p>2024-05-01</text:p></table:table-cell></table:table-row>
<table:table-row table:number-rows-repeated="2"><table:table-cell><text:p>备用</text:p></table:table-cell>
<table:table-cell office:value="7"/></table:table-row></table:table></office:spreadsheet></office:body>"""
RTF_TABLE = "\\trowd\\cellx1000\\cellx2000 A\\cell B\\cell\\row \\trowd\\cellx1000\\cellx2000 1\\cell 2\\cell\\row\n"


def _odf(media_type: str, body: str) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), media_type)
        archive.writestr(
            zipfile.ZipInfo("content.xml"), f"<office:document-content {SPACES}>{body}</office:document-content>"
        )
    return out.getvalue()


def _encrypted_odf() -> bytes:
    out = BytesIO(_odf(TEXT_TYPE, ODT))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(zipfile.ZipInfo("META-INF/manifest.xml"), "<m:manifest><m:encryption-data/></m:manifest>")
    return out.getvalue()


def _xlsx() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    sales = book.active
    assert sales is not None
    sales.title = "销售"
    sales.append(["2024 年销售表"])
    sales.merge_cells("A1:D1")
    sales.append(["地区", "日期", "数量", "增长率", None, "备注"])
    sales.append(["华东", datetime.date(2024, 5, 1), 120, 0.155, None, "含税|不含运费"])
    sales.append([None, datetime.datetime(2024, 5, 2, 10, 30), 99.5, -0.02])
    sales.merge_cells("A3:A4")
    sales["D3"].number_format = sales["D4"].number_format = "0.0%"
    book.create_sheet("空表")
    hidden = book.create_sheet("隐藏")
    hidden.sheet_state = "hidden"
    for row in (["键", "值"], ["口令提示", "生日"], [None, None], ["启用", True], ["时间", datetime.time(8, 5)]):
        hidden.append(row)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _corner_xlsx() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    assert book.active is not None
    book.active["A1"] = 1
    book.active["XFD1048576"] = 2
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _xls(far_column: int = 1) -> bytes:
    """A workbook of Excel 97: records in one stream, that stream in a compound file."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def label(row: int, column: int, text: str) -> bytes:
        return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + text.encode("utf-16-le"))

    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    sheet += label(0, 0, "品名") + label(0, 1, "单价") + label(1, 0, "旧版螺母")
    sheet += record(0x0203, struct.pack("<HHHd", 1, far_column, 0, 12.5)) + record(0x000A, b"")
    name = struct.pack("<BB", 2, 1) + "旧表".encode("utf-16-le")
    start = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0)) + record(0x0042, struct.pack("<H", 1200))
    place = len(start) + 4 + 6 + len(name) + 4
    book = start + record(0x0085, struct.pack("<IBB", place, 0, 0) + name) + record(0x000A, b"") + sheet
    return compound_file("Workbook", book)


def compound_file(stream: str, content: bytes) -> bytes:
    """An OLE compound file with one stream, long enough not to be put among the small ones."""
    content = content.ljust(-(-max(len(content), 4096) // 512) * 512, b"\0")
    sectors = len(content) // 512

    def entry(name: str, kind: int, child: int, first: int, size: int) -> bytes:
        text = name.encode("utf-16-le")
        links = struct.pack("<HBB3I", len(text) + 2, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        return text.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", first, size)

    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    header += struct.pack("<9I", 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0).ljust(468, b"\xff")
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, sectors + 2), 0xFFFFFFFE]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(512, b"\xff")
    root = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry(stream, 2, 0xFFFFFFFF, 2, len(content))
    return header + table + root + bytes(256) + content


def _pptx() -> bytes:
    import pptx
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Cm

    show = pptx.Presentation()
    show.core_properties.title = "产品发布"
    first = show.slides.add_slide(show.slide_layouts[5])
    first.shapes.title.text = "X200 发布"
    for text, top in (("第二段在下面", 12), ("第一段在上面", 6)):
        first.shapes.add_textbox(Cm(2), Cm(top), Cm(10), Cm(2)).text_frame.text = text
    group = first.shapes.add_group_shape()
    group.shapes.add_textbox(Cm(2), Cm(15), Cm(5), Cm(1)).text_frame.text = "组里的文字"
    first.notes_slide.notes_text_frame.text = "讲慢一点"
    second = show.slides.add_slide(show.slide_layouts[5])
    second.shapes.title.text = "数据"
    table = second.shapes.add_table(3, 2, Cm(1), Cm(5), Cm(10), Cm(3)).table
    for row, texts in enumerate((("型号", "价格"), ("X200", "999 元"), ("X201", ""))):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    table.cell(1, 1).merge(table.cell(2, 1))
    data = CategoryChartData()
    data.categories = ["一月", "二月"]
    data.add_series("销量", (120, 99.5))
    second.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Cm(1), Cm(10), Cm(10), Cm(5), data)
    show.slides.add_slide(show.slide_layouts[6])
    out = BytesIO()
    show.save(out)
    return out.getvalue()


def _rtf() -> bytes:
    """Chinese as bytes of code page 936 in a font of that charset, and as Unicode escapes."""
    escaped = "".join(f"\\'{byte:02x}" for byte in "安全须知".encode("gbk"))
    unicode = "".join(f"\\u{ord(character)}?" for character in "请佩戴护目镜。")
    halves = "\\u-10179?\\u-8704?"
    return (
        "{\\rtf1\\ansi\\ansicpg936\\deff0{\\fonttbl{\\f0\\fnil\\fcharset134 SimSun;}}{\\info{\\title t}}\n"
        f"\\f0 {escaped}\\par\n\\uc1 {unicode}{halves}\\par\n{{\\pict\\pngblip {'89504e47' * 200}}}\n"
        f"{RTF_TABLE}\\'81A \\par end\\par}}"
    ).encode("ascii")


SAMPLES: dict[str, Callable[[], bytes]] = {
    "launch.pptx": _pptx,
    "corrupt.pptx": lambda: _pptx()[:20000],
    "sales.xlsx": _xlsx,
    "corners.xlsx": _corner_xlsx,
    "corrupt.xlsx": lambda: _xlsx()[:4000],
    "old.xls": _xls,
    "far.xls": lambda: _xls(far_column=60_000),
    "stock.ods": lambda: _odf(SHEET_TYPE, ODS),
    "purchase.odt": lambda: _odf(TEXT_TYPE, ODT),
    "plan.odp": lambda: _odf(SLIDES_TYPE, ODP),
    "corrupt.odt": lambda: _odf(TEXT_TYPE, ODT[:1000]),
    "password.odt": _encrypted_odf,
    "safety.rtf": _rtf,
    "old_letter.doc": lambda: compound_file("WordDocument", b""),
    "old_show.ppt": lambda: compound_file("PowerPoint Document", b""),
}


def main() -> None:
    for name, make in SAMPLES.items():
        Path(HERE / name).write_bytes(make())


if __name__ == "__main__":
    main()
