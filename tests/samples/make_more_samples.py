"""Make the samples of data, code, mail and book formats again: `python tests/samples/make_more_samples.py`.

The files are committed; this script is how they came about. Every text in them is invented.
"""

import base64
import json
import struct
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

from compound_file import Tree, compound_file

HERE = Path(__file__).resolve().parent
ORDERS = [{"编号": "A-1", "客户": "张三", "金额": 120.5}, {"编号": "A-2", "客户": "李四", "备注": ["加急", "送货"]}]
XML = """<?xml version="1.0" encoding="{encoding}"?>
<!DOCTYPE 手册 [<!ENTITY 公司 "知问科技">]>
<手册 版本="2"><章><title>保修</title><段>&公司;提供<b>二十四个月</b>保修。</段></章>
<章><title>电池</title><规格><容量 单位="毫安时">5000</容量><型号>PPR-9087</型号></规格></章></手册>
"""
PYTHON = '''"""计算运费。"""

from functools import cache

RATE = 1.5


@cache
def fee(weight: float) -> float:
    """不足一公斤按一公斤计。"""
    return max(1, weight) * RATE


NOTE = """
def not_a_function(): pass
"""


# 仓库
class Warehouse:
    city = "北京"
'''
TOML = '''# 服务设置
host = "127.0.0.1"
port = 8080

[数据库]
url = "sqlite://"
note = """
[not.a.table]
"""

[[用户]]
name = "张三"
role = "管理员"
age = 30
'''
YAML = """version: 2
name: 知问

# 服务
services:
  web:
    image: zhiwen
    command: |
      run: everything
volumes:
- data
- logs
"""
NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"language_info": {"name": "python"}},
    "cells": [
        {
            "cell_type": "markdown",
            "metadata": {},
            "source": ["# 销售分析\n", "数据来自 2024 年。![图](attachment:a.png)"],
        },
        {
            "cell_type": "code",
            "source": "total = 1280\ntotal",
            "metadata": {},
            "execution_count": 1,
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["10%\r100%\n", "\u001b[31m合计 1280\u001b[0m\n"]},
                {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBORw0KGgo="}},
                {"output_type": "error", "ename": "KeyError", "evalue": "'金额'", "traceback": []},
            ],
        },
        {"cell_type": "code", "source": "", "outputs": [], "metadata": {}, "execution_count": None},
        {"cell_type": "markdown", "metadata": {}, "source": "## 结论\n北京最多。"},
    ],
}
SRT = """1
00:01:02,000 --> 00:01:04,500
你好，欢迎观看。

2
00:01:05,000 --> 00:01:08,000
<i>今天我们</i>介绍
X200 的保修。

3
00:02:05,000 --> 00:02:08,000
{\\an8}保修期为二十四个月
"""
VTT = """WEBVTT

NOTE 注释

STYLE
::cue { color: red }

00:02.000 --> 00:05.000 align:start
<v 张三>你好 &amp; 再见

00:05.000 --> 00:06.000
<v 李四>保修多久？
"""
RST = """使用手册
========

请看 :ref:`保修 <warranty>` 一节。

参数
----

====  ====
项目  数值
====  ====
重量  320 克
====  ====

.. versionadded:: 2.0
   新的电池。

.. include:: /etc/hostname

.. raw:: html

   <script>alert(1)</script>

1. 清洁滤网
2. 更换电池
"""
ENEX = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE en-export SYSTEM "http://xml.evernote.com/pub/evernote-export3.dtd">
<en-export><note><title>周会</title><content><![CDATA[<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE en-note SYSTEM "http://xml.evernote.com/pub/enml2.dtd">
<en-note><div>讨论保修政策</div><div><en-todo checked="true"/>发报价</div><div><en-todo/>回电话</div>
<en-crypt hint="x">c2VjcmV0</en-crypt><en-media hash="0" type="image/png"/></en-note>]]></content>
<created>20240501T100000Z</created><tag>工作</tag>
<resource><data encoding="base64">iVBORw0KGgo=</data><mime>image/png</mime>
<resource-attributes><file-name>白板.png</file-name></resource-attributes></resource></note>
<note><title>购物</title><content><![CDATA[<en-note>滤网两个</en-note>]]></content></note></en-export>
"""
PAGE = (
    "<html><head><title>报销制度</title></head><body><h1>报销制度</h1><p>返回后十五日内提交。</p>"
    '<img src="data:image/png;base64,iVBORw0KGgo="><script>var secret = 1;</script></body></html>'
)


def _mail() -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = "X200 报价"
    mail["From"] = "张三 <zhang@example.com>"
    mail["To"] = "李四 <li@example.com>"
    mail["Date"] = "Wed, 01 May 2024 10:00:00 +0800"
    mail.set_content("您好：\n\n报价见附件，保修期二十四个月。\n")
    mail.add_alternative("<p>报价见附件</p>", subtype="html")
    mail.add_attachment("名称,单价\n滤网,35\n".encode(), maintype="text", subtype="csv", filename="报价.csv")
    inner = EmailMessage()
    inner["Subject"] = "转发：库存"
    inner.set_content("<h1>库存</h1><p>滤网剩余一百件。</p>", subtype="html")
    mail.add_attachment(inner)
    mail.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="../../setup.exe")
    for number, part in enumerate(mail.walk()):
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            part.set_boundary(f"part-{number}")
    return mail


def _mhtml() -> bytes:
    head = (
        "From: <Saved by a browser>\nSubject: page\nMIME-Version: 1.0\n"
        'Content-Type: multipart/related; type="text/html"; boundary="B"\n\n'
    )
    body = base64.encodebytes(PAGE.encode("gbk")).decode()
    part = f'--B\nContent-Type: text/html; charset="gb2312"\nContent-Transfer-Encoding: base64\n\n{body}\n'
    picture = "--B\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--B--\n"
    return (head + part + picture).encode()


def _properties(head: int, **numbers: int) -> bytes:
    fixed = (struct.pack("<HHIQ", 3, int(key[1:], 16), 6, value) for key, value in numbers.items())
    return bytes(head) + b"".join(fixed)


def _texts(**texts: str) -> Tree:
    return {f"__substg1.0_{key[1:]}001F": text.encode("utf-16-le") for key, text in texts.items()}


def _msg() -> bytes:
    """With its text in the code page of Chinese Windows, which the format still allows."""
    submitted = 133590528000000000  # 2024-05-01 16:00 UTC in steps of 100 ns since 1601
    inner: Tree = {"__properties_version1.0": _properties(24), **_texts(p0037="转发：库存", p1000="滤网剩余一百件。")}
    return compound_file(
        {
            "__properties_version1.0": _properties(32, p3FFD=936, p0039=submitted),
            **_texts(p0037="X200 报价", p0C1A="张三", p5D01="zhang@example.com"),
            "__substg1.0_1000001E": "您好：报价见附件，朱镕基路一号。".encode("gbk"),
            "__recip_version1.0_#00000000": {
                "__properties_version1.0": _properties(8, p0C15=1),
                **_texts(p3001="李四", p39FE="li@example.com"),
            },
            "__attach_version1.0_#00000000": {
                "__properties_version1.0": _properties(8, p3705=1),
                **_texts(p3707="报价.csv"),
                "__substg1.0_37010102": "名称,单价\n滤网,35\n".encode(),
            },
            "__attach_version1.0_#00000001": {
                "__properties_version1.0": _properties(8, p3705=5),
                "__substg1.0_3701000D": inner,
            },
        }
    )


def _epub(encryption: str = "") -> bytes:
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/" version="3.0">'
        "<metadata><dc:title>滤网养护</dc:title></metadata><manifest>"
        '<item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        '<item id="c2" href="text/second%20part.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="c1" href="text/one.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="c1"/><itemref idref="c2"/></spine></package>'
    )
    page = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body>{}</body></html>'
    link = '<a href="{}">{}</a>'
    members = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        "OEBPS/book.opf": package,
        "OEBPS/nav.xhtml": page.format(
            "<nav>"
            + link.format("text/one.xhtml", "第一章 清洗")
            + link.format("text/second%20part.xhtml#x", "第二章 更换")
            + "</nav>"
        ),
        "OEBPS/text/one.xhtml": page.format("<h1>第一章 清洗</h1><p>每三个月清洗一次。</p><script>secret()</script>"),
        "OEBPS/text/second part.xhtml": page.format("<p>每年更换滤网。</p><h2>型号</h2><p>PPR-9087</p>"),
    }
    if encryption:
        members["META-INF/encryption.xml"] = f'<encryption><EncryptionMethod Algorithm="{encryption}"/></encryption>'
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()


SAMPLES: dict[str, Callable[[], bytes]] = {
    "orders.json": lambda: json.dumps(ORDERS, indent=1).encode(),
    "broken.json": lambda: b'{"a": 1,\n "b": }',
    "orders.jsonl": lambda: "\n\n".join(json.dumps(order, ensure_ascii=False) for order in ORDERS).encode("gbk"),
    "broken.jsonl": lambda: b'{"a": 1}\n{"a": \n',
    "handbook.xml": lambda: XML.format(encoding="GBK").encode("gbk"),
    "broken.xml": lambda: b"<a>\n<b></a>",
    "bomb.xml": lambda: b'<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]><a>&c;</a>',
    "fee.py": PYTHON.encode,
    "service.toml": TOML.encode,
    "service.yaml": YAML.encode,
    "sales.ipynb": lambda: json.dumps(NOTEBOOK, ensure_ascii=False).encode(),
    "film.srt": lambda: SRT.encode("gbk"),
    "film.vtt": VTT.encode,
    "manual.rst": RST.encode,
    "notes.enex": ENEX.encode,
    "offer.eml": lambda: _mail().as_bytes(),
    "offer.msg": _msg,
    "corrupt.msg": lambda: _msg()[:1500],
    "page.mht": _mhtml,
    "book.epub": _epub,
    "protected.epub": lambda: _epub("http://www.w3.org/2001/04/xmlenc#aes128-cbc"),
}


def main() -> None:
    for name, make in SAMPLES.items():
        (HERE / name).write_bytes(make())


if __name__ == "__main__":
    main()
