"""Files that are broken, lie about themselves or were made to do harm, each with what must become of it."""

import io
import random
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "samples"))

import make_samples

SAMPLES = Path(make_samples.HERE)
TEXT = "报销单据应当在出差结束后十五个工作日内提交财务部门审核。"
SECRET = "root:x:0:0"
MB = 1 << 20


@dataclass(frozen=True)
class Case:
    """`outcome` is "ready" or an error code; `shows` stands in the chunks, or in the English text of the error."""

    name: str
    data: Callable[[], bytes]
    outcome: str = "ready"
    shows: str = ""


def sample(name: str, part: float = 1.0) -> bytes:
    data = (SAMPLES / name).read_bytes()
    return data[: int(len(data) * part)]


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def repacked(name: str, part: str, data: bytes) -> bytes:
    """A sample of an office format with one part replaced."""
    with zipfile.ZipFile(SAMPLES / name) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    assert part in members
    return packed({**members, part: data})


def document_xml(text: bytes) -> bytes:
    return repacked("rules.docx", "word/document.xml", text)


def broken_relations() -> bytes:
    return repacked("rules.docx", "word/_rels/document.xml.rels", b"<not xml")


def png(width: int, height: int, *, pixels: bytes = b"\0\0\0\0") -> bytes:
    """A picture whose head claims a size that its data need not have."""

    def block(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [block(b"IHDR", head), block(b"IDAT", zlib.compress(pixels)), block(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def nested_html(depth: int) -> bytes:
    return ("<div>" * depth + TEXT + "</div>" * depth).encode()


def laughs() -> bytes:
    """A billion laughs: entities that grow tenfold nine times."""
    names = [f"lol{number}" for number in range(10)]
    lines = [f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in pairwise(names)]
    return "\n".join(
        ["<?xml version='1.0'?>", '<!DOCTYPE lolz [<!ENTITY lol0 "lol">', *lines, "]>", "<lolz>&lol9;</lolz>"]
    ).encode()


def external_entity(element: str = "note") -> bytes:
    entity = '<!DOCTYPE note [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
    return f"<?xml version='1.0'?>{entity}<{element}><p>{TEXT}</p><p>&secret;</p></{element}>".encode()


def page_with_scripts() -> bytes:
    return (
        f"<html><head><script>alert('evil')</script><style>p{{color:red}}</style></head><body onload='evil()'>"
        f"<p onclick=\"evil()\">{TEXT}</p><img src='data:image/png;base64,{'A' * 4000}'>"
        f"<a href='javascript:evil()'>更多</a><iframe srcdoc='<script>evil()</script>'></iframe></body></html>"
    ).encode()


def bad_mail() -> bytes:
    lines = [
        "From: =?gb2312?B?broken",
        "Subject: =?utf-8?Q?=E6=8A=A5=E9=94=80?=",
        'Content-Type: multipart/mixed; boundary="never closed',
        "",
        "--never closed",
        "Content-Type: text/plain; charset=no-such-charset",
        "",
        TEXT,
        "--other boundary",
        "Content-Type: image/png",
        "Content-Transfer-Encoding: base64",
        "",
        "@@@@ this is no base64 @@@@",
    ]
    return "\r\n".join(lines).encode()


def wide_csv() -> bytes:
    head = ",".join(f"列{number}" for number in range(5000))
    row = ",".join(f"值{number}" for number in range(5000))
    return f"{head}\n{row}\n".encode()


def formulas() -> bytes:
    return "姓名,备注\n=cmd|' /C calc'!A0,@SUM(1+1)*cmd\n+1+2,-3+cmd|' /C notepad'!A1\n".encode()


def bomb() -> bytes:
    """120 MB of zeros in 120 KB."""
    return packed({"zeros.txt": bytes(120 * MB)})


def swollen_docx() -> bytes:
    """A Word file whose directory says that its text unpacks to 2 GB."""
    data = bytearray(sample("rules.docx"))
    entry = data.rindex(b"word/document.xml") - 46  # the length of an entry of the directory, before the name
    data[entry + 24 : entry + 28] = struct.pack("<I", 2000 * MB)
    return bytes(data)


def encrypted_zip() -> bytes:
    """An archive whose members are marked as encrypted."""
    data = bytearray(packed({"a.txt": TEXT.encode()}, zipfile.ZIP_STORED))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + place] |= 1
    return bytes(data)


_TRUNCATED = [
    Case("truncated.pdf", lambda: sample("manual.pdf", 0.4), "file_unreadable"),
    Case("head_only.pdf", lambda: b"%PDF-1.7\n", "file_unreadable"),
    Case("truncated.docx", lambda: sample("rules.docx", 0.6), "file_unreadable", "damaged"),
    Case("truncated.xlsx", lambda: sample("sales.xlsx", 0.6), "file_unreadable", "damaged"),
    Case("truncated.pptx", lambda: sample("launch.pptx", 0.6), "file_unreadable", "damaged"),
    Case("truncated.odt", lambda: sample("purchase.odt", 0.6), "file_unreadable", "damaged"),
    Case("truncated.doc", lambda: sample("old_letter.doc", 0.3), "file_unreadable"),
    Case("truncated.rtf", lambda: sample("safety.rtf", 0.5)),
    Case("truncated.png", lambda: png(400, 400), "file_unreadable"),
    Case("half_head.png", lambda: b"\x89PNG\r\n\x1a\n\0\0", "file_unreadable"),
    Case("truncated.epub", lambda: packed({"mimetype": b"application/epub+zip"})[:60], "file_unreadable"),
    Case("truncated.msg", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "file_unreadable"),
]
_LYING = [
    Case("really_pdf.txt", lambda: sample("manual.pdf"), "ready", "保修"),
    Case("really_png.pdf", lambda: png(8, 8, pixels=(b"\0" + b"\xff" * 24) * 8), "no_text"),
    Case("really_exe.docx", lambda: b"MZ\x90\0" + random.Random(1).randbytes(5000), "file_unreadable"),
    Case("really_docx.pdf", lambda: sample("rules.docx"), "ready", "下班时间为十八点"),
    Case("really_text.xlsx", lambda: TEXT.encode(), "file_unreadable"),
    Case("really_zip.docx", lambda: packed({"a.txt": b"x"}), "file_unreadable", "ZIP"),
    Case("really_html.txt", page_with_scripts, "ready", TEXT),
    Case("really_binary.txt", lambda: random.Random(2).randbytes(20_000), "file_unreadable"),
    Case("really_nul.txt", lambda: bytes(5000), "file_unreadable"),
    Case("text_with_nul.txt", lambda: TEXT.encode() + b"\0" + TEXT.encode(), "file_unreadable"),
]
_PROTECTED = [
    Case("password.pdf", lambda: sample("password.pdf"), "file_unreadable", "password"),
    Case("password.docx", lambda: sample("password.docx"), "file_unreadable", "password"),
    Case("password.odt", lambda: sample("password.odt"), "file_unreadable", "password"),
]
_ENCODED = [
    Case("utf16_bom.txt", lambda: TEXT.encode("utf-16"), "ready", TEXT),
    Case("utf16_no_bom.txt", lambda: (TEXT * 3).encode("utf-16-le"), "ready", TEXT),
    Case("gbk.txt", lambda: (TEXT * 2).encode("gbk"), "ready", TEXT),
    Case("big5.txt", lambda: ("圖書館的開放時間為每日上午九點至下午六點。" * 3).encode("big5"), "ready", "開放時間"),
    Case("surrogates.txt", lambda: TEXT.encode() + b"\xed\xa0\x80" + TEXT.encode(), "file_unreadable", "encoding"),
    Case("surrogates.json", lambda: b'{"a": "\\ud800 \\udfff text"}', "ready", "text"),
]
_DEEP = [
    Case("deep.html", lambda: nested_html(50_000), "file_unreadable", "deep"),
    Case("deep.json", lambda: b"[" * 100_000 + b"1" + b"]" * 100_000, "file_unreadable", "deep"),
    Case("deep.xml", lambda: b"<a>" * 100_000 + TEXT.encode() + b"</a>" * 100_000, "file_unreadable", "deep"),
    Case("deep.md", lambda: b"> " * 20_000 + TEXT.encode(), "ready", TEXT[:10]),
    Case("deep.py", lambda: b"x = " + b"(" * 20_000 + b"1" + b")" * 20_000, "ready"),
    Case("laughs.xml", laughs, "file_unreadable", "swell"),
    Case("laughs.html", laughs),
    Case("entity.xml", external_entity, "ready", TEXT),
    Case("entity.enex", lambda: external_entity("en-export"), "no_text"),
    Case(
        "entity.docx",
        lambda: repacked("rules.docx", "word/document.xml", external_entity("w:document")),
        "file_unreadable",
    ),
]
_BROKEN_INSIDE = [
    Case(
        "no_rels.docx",
        lambda: repacked("rules.docx", "word/_rels/document.xml.rels", b"<not xml"),
        "file_unreadable",
        "damaged",
    ),
    Case("scripts.html", page_with_scripts, "ready", TEXT),
    Case("bad.eml", bad_mail, "ready", TEXT),
    Case("wide.csv", wide_csv, "ready", "值4999"),
    Case("formulas.csv", formulas, "ready", "=cmd|' /C calc'!A0"),
    Case("quote_never_closed.csv", lambda: '甲,乙\n"从不结束,1\n2,3\n'.encode() * 50, "ready", "从不结束"),
    Case("one_line.csv", lambda: b"a,b,c," * (10 * MB // 6), "file_unreadable", "too long"),
    Case("one_character.txt", lambda: b"a" * (MB // 2), "ready", "aaaa"),
    Case("one_line.txt", lambda: TEXT.encode() * 12_000, "ready", TEXT),
    Case("no_notebook.ipynb", lambda: b"not json at all", "file_unreadable"),
    Case("odd_notebook.ipynb", lambda: b'{"cells": [{"cell_type": 5, "source": {"a": 1}}, 7]}'),
    Case("no_numbers.srt", lambda: f"00:00:01,000 --> 00:00:02,000\n{TEXT}\n".encode(), "ready", TEXT),
    Case("not_json.jsonl", lambda: b'{"a": 1}\nnonsense\n{"b": 2}\n', "file_unreadable", "line 2"),
    Case("tiny.png", lambda: png(1, 1), "no_text"),
    Case("huge_claim.png", lambda: png(20_000, 20_000), "file_unreadable", "pixels"),
    Case("swollen.docx", swollen_docx, "file_unreadable", "2001 MB"),
    Case("zero.txt", lambda: b"", "file_empty"),
    Case("blank.txt", lambda: " \n\u3000\n\t\ufeff\n".encode(), "no_text"),
    Case("blank.docx", lambda: document_xml(b"<w/>"), "file_unreadable"),
]
CASES = [*_TRUNCATED, *_LYING, *_PROTECTED, *_ENCODED, *_DEEP, *_BROKEN_INSIDE]
