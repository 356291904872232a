"""Bytes to text: the encodings people's files are in, and refusal instead of mojibake."""

import codecs
import random
from pathlib import Path

import pytest

from document_loaders.encoding import read_text
from document_loaders.errors import DocumentUnreadable

SIMPLIFIED = "本公司员工出差返回后，应在十五日内提交报销单据。\n逾期未报销的，财务部门不再受理！"
TRADITIONAL = "臺灣的圖書館收藏了許多珍貴的歷史資料，讀者可以免費借閱。\n請在閉館前半小時歸還。"


def _read(tmp_path: Path, content: bytes) -> str:
    file = tmp_path / "a.txt"
    file.write_bytes(content)
    return read_text(file)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16-le", "utf-16-be", "utf-16", "utf-32"]
)
def test_simplified_chinese(tmp_path: Path, encoding: str) -> None:
    assert _read(tmp_path, SIMPLIFIED.encode(encoding)) == SIMPLIFIED


@pytest.mark.parametrize("encoding", ["utf-8", "big5", "gbk", "utf-16-le", "utf-16-be"])
def test_traditional_chinese(tmp_path: Path, encoding: str) -> None:
    assert _read(tmp_path, TRADITIONAL.encode(encoding)) == TRADITIONAL


@pytest.mark.parametrize("bom", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_utf16_with_its_mark_drops_the_mark(tmp_path: Path, bom: bytes) -> None:
    encoding = "utf-16-le" if bom == codecs.BOM_UTF16_LE else "utf-16-be"
    assert _read(tmp_path, bom + SIMPLIFIED.encode(encoding)) == SIMPLIFIED


def test_gb18030_with_its_mark_drops_the_mark(tmp_path: Path) -> None:
    assert _read(tmp_path, ("\ufeff" + SIMPLIFIED).encode("gb18030")) == SIMPLIFIED


def test_characters_that_only_gb18030_has(tmp_path: Path) -> None:
    text = "身份证上的姓名是张\U00020089，请核对。"
    assert _read(tmp_path, text.encode("gb18030")) == text


@pytest.mark.parametrize(
    "line", ["考勤管理制度", "订单编号：A-1", "北京市海淀区", "你好，世界。", "一二三四五六", "姓名,年龄"]
)
def test_one_short_line_of_gbk(tmp_path: Path, line: str) -> None:
    assert _read(tmp_path, line.encode("gbk")) == line


@pytest.mark.parametrize("line", ["圖書館借閱證", "臺北市政府", "會議紀錄：第三次"])
def test_one_short_line_of_big5(tmp_path: Path, line: str) -> None:
    assert _read(tmp_path, line.encode("big5")) == line


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Café déjà vu, naïve façade – “so what”", "cp1252"),
        ("Müller", "latin-1"),
        ("Größe und Länge übermäßig schön", "latin-1"),
        ("それは日本語の文章です。東京都港区", "cp932"),
        ("안녕하세요 오늘은 날씨가 좋습니다. 한국어 문서입니다.", "cp949"),
        ("Привет, это русский текст для проверки кодировки.", "cp1251"),
    ],
)
def test_other_scripts(tmp_path: Path, text: str, encoding: str) -> None:
    assert _read(tmp_path, text.encode(encoding)) == text


def test_encoding_shows_only_far_into_the_file(tmp_path: Path) -> None:
    text = "id;name\n" * 300_000 + SIMPLIFIED
    assert _read(tmp_path, text.encode("gbk")) == text
    assert _read(tmp_path, text.encode()) == text


def test_colour_codes_of_a_log_are_text(tmp_path: Path) -> None:
    assert "started" in _read(tmp_path, b"\x1b[32mINFO\x1b[0m started\n")


@pytest.mark.parametrize("seed", range(10))
def test_random_bytes_are_refused(tmp_path: Path, seed: int) -> None:
    with pytest.raises(DocumentUnreadable):
        _read(tmp_path, random.Random(seed).randbytes(400))


def test_text_with_nul_bytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentUnreadable, match="binary"):
        _read(tmp_path, b"some text" + bytes(300) + b"more text")


def test_bytes_that_do_not_fit_are_refused_not_replaced(tmp_path: Path) -> None:
    content = (SIMPLIFIED * 100_000).encode("gbk") + b"\xff\xff"
    with pytest.raises(DocumentUnreadable, match="do not fit"):
        _read(tmp_path, content)


def test_line_ends_become_one_kind(tmp_path: Path) -> None:
    assert _read(tmp_path, b"a\r\nb\rc\n") == "a\nb\nc\n"


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_one_damaged_byte_is_named(tmp_path: Path, encoding: str) -> None:
    content = bytearray(SIMPLIFIED.encode(encoding))
    content[content.index(b"\n") - 1] = 0xFF
    with pytest.raises(DocumentUnreadable, match="do not fit"):
        _read(tmp_path, bytes(content))
