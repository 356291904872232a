"""Bytes to text: which encoding a file is in, and reading it strictly in that encoding.

UTF-8 proves itself. The old encodings of East Asia do not: GBK text is mostly valid Big5 and the other way round, so
every candidate that decodes without an error is scored by how much the result looks like text people write, and a
file for which no candidate looks like that is refused instead of shown as mojibake.
"""

import codecs
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import BinaryIO, TextIO

from document_loaders.errors import DocumentUnreadable

_BLOCK = 1 << 20
_SAMPLE = 1 << 17
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GB18030_BOM = b"\x84\x31\x95\x33"
_WIDE = ("utf-16-le", "utf-16-be")
# Each with a handicap in characters: the shorter the text, the more the likelier encoding is preferred.
_CANDIDATES = {
    "gb18030": 0.0,
    "big5hkscs": 0.1,
    "utf-16-le": 0.3,
    "utf-16-be": 0.4,
    "cp932": 1.5,
    "euc_jp": 1.5,
    "cp949": 5.0,
    "cp1252": 0.0,
}
_OTHER = ["cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp874", "latin_1"]
_GOOD_ENOUGH = 0.5
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\b\x1a\x1b")
_CONTROLS = bytes(code for code in range(1, 32) if code not in _TEXT_CONTROLS)

# The most frequent characters of simplified and traditional Chinese: any sentence holds some, mojibake hardly any.
_FREQUENT = frozenset(
    "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去行过家十用发天如然作"
    "方成者多日都三小军二无同么经法当起与好看学进种将还分此心前面又定见只主没公从理想实日知使第工电报部新本机现加文件第名称数据系"
    "统请测试内容编号问题用户说明管理单位金额时间地址备注姓性别产品合计规范服务中文简繁体您世界早今明期月号部门技术信息开始结束"
    "這為來個們說國時會後對著過發無麼經當與學進種將還見沒從實電報現數據統請測試內容編號問題戶說單位額間備註產規範務簡體開結關於門應該"
    "點頭話長東書車馬語讀寫聽買賣錢錯難愛歡樂習題答案讓給樣處動員張記廣點關係總業區機構歷史臺灣華義獲選舉議員縣鐵線"
)
_FREQUENT_HANGUL = frozenset("이다는에의을를가한하지고로서은도있어나사시인들니해")
_PUNCTUATION = frozenset("，。、；：？！“”‘’（）《》〈〉【】「」『』—…·～￥％＋－／　")  # fullwidth forms people type


def encoding_of(path: Path) -> str:
    """Name the codec that reads the file without an error.

    Raises:
        DocumentUnreadable: it is no text, or text in an encoding that cannot be told.
    """
    with path.open("rb") as stream:
        return encoding_of_stream(stream)


def encoding_of_stream(stream: BinaryIO) -> str:
    """Name the codec that reads a stream from its start without an error; the stream is left somewhere in it.

    Raises:
        DocumentUnreadable: as `encoding_of`.
    """
    head = stream.read(4)
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    if head == _GB18030_BOM:
        return "gb18030"
    stream.seek(0)
    sample, is_utf8 = _survey(stream)
    return detect(sample, is_utf8=is_utf8)


def detect(sample: bytes, *, is_utf8: bool | None = None) -> str:
    """Name the codec of bytes without a byte order mark; `is_utf8` tells what the whole file, not the sample, is.

    Raises:
        DocumentUnreadable: they are no text, or text in an encoding that cannot be told.
    """
    if is_utf8 is None:
        is_utf8 = _decoded(sample, "utf-8") is not None
    has_nul = b"\0" in sample
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if is_utf8 and not has_nul and not controls:
        return "utf-8"
    is_binary = has_nul or controls * 50 > len(sample)
    scores = {name: _score(sample, name) for name in (_WIDE if is_binary else _CANDIDATES)}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] >= _GOOD_ENOUGH:
        return best
    if is_binary:
        raise DocumentUnreadable("it holds binary data, not text", "内容是二进制数据，不是文本")
    return "utf-8" if is_utf8 else _rarer(sample)


@contextmanager
def open_text(path: Path, *, newline: str | None = None) -> Iterator[TextIO]:
    """Open a text file in its own encoding; `newline` as in `open`.

    Raises:
        DocumentUnreadable: as `encoding_of`, or a byte further on does not fit the encoding.
    """
    encoding = encoding_of(path)
    try:
        with path.open(encoding=encoding, newline=newline) as stream:
            if encoding == "gb18030" and stream.read(1) != "\ufeff":
                stream.seek(0)
            yield stream
    except UnicodeDecodeError as error:
        raise misfit(encoding, error) from error


def read_text(path: Path) -> str:
    """The whole text of a file, with \\n line ends.

    Raises:
        DocumentUnreadable: as `open_text`.
    """
    with open_text(path) as stream:
        return stream.read()


def misfit(encoding: str, error: UnicodeDecodeError) -> DocumentUnreadable:
    """The reason why bytes are not what they look like."""
    shown = error.object[error.start : error.start + 4].hex(" ")
    return DocumentUnreadable(
        f"it looks like {encoding} text, but holds bytes that do not fit ({shown})",
        f"内容看起来是 {encoding} 编码，但含有不符合该编码的字节（{shown}）",
    )


def _survey(stream: BinaryIO) -> tuple[bytes, bool]:
    """Read the file once: a sample with bytes beyond ASCII, if there are any, and whether all of it is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    sample, is_utf8 = b"", True
    while is_utf8 or sample.isascii():
        block = stream.read(_BLOCK)
        if not block:
            break
        if not sample or (sample.isascii() and not block.isascii()):
            sample = sample[:_SAMPLE] + _from_first_high_byte(block)
        is_utf8 = is_utf8 and _feed(decoder, block)
    return sample, is_utf8 and _feed(decoder, b"", final=True)


def _from_first_high_byte(block: bytes) -> bytes:
    if len(block) <= _SAMPLE or block.isascii():
        return block[:_SAMPLE]
    first = next(index for index, byte in enumerate(block) if byte > 127)
    # An even start keeps the two halves of UTF-16 characters together.
    start = max(0, first - _SAMPLE // 2) & ~1
    return block[start : start + _SAMPLE]


def _feed(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _decoded(sample: bytes, encoding: str) -> str | None:
    """The text, forgiving only a character cut in two by the end of the sample."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        return decoder.decode(sample, final=len(sample) < _SAMPLE)
    except UnicodeDecodeError:
        return None


def _rarer(sample: bytes) -> str:
    for name in ("utf-8", "gb18030", "big5hkscs"):
        # Reading it strictly will name the bytes that do not fit, which helps more than "cannot be told".
        text = sample.decode(name, "replace")
        if text.count("\ufffd") * 20 <= len(text) and _plausibility(text, name) >= _GOOD_ENOUGH:
            return name
    from charset_normalizer import from_bytes

    guess = from_bytes(sample, cp_isolation=_OTHER, threshold=0.1).best()
    if guess is None:
        raise DocumentUnreadable("the encoding of its text cannot be told", "无法识别文本编码")
    return guess.encoding


def _score(sample: bytes, encoding: str) -> float:
    """How much the decoded text looks like text people write: about 0 for mojibake, 0.6 and more for real text."""
    text = _decoded(sample, encoding)
    if text is None:
        return -1.0
    if encoding == "cp1252":
        return _latin_score(text)
    return _plausibility(text, encoding)


def _plausibility(text: str, encoding: str) -> float:
    wide = encoding in _WIDE
    # Chinese in GBK, read as UTF-16, falls among the Korean syllables.
    hangul = 0.85 if encoding == "cp949" else 0.4
    counts = Counter(char for char in text if wide or char > "\x7f")
    total = sum(counts.values())
    weight = sum(_weight(char, hangul) * count for char, count in counts.items())
    return (weight - _CANDIDATES.get(encoding, 0.0)) / total if total else -1.0


def _latin_score(text: str) -> float:
    """Accents stand alone between ASCII letters in Western text and in runs in misread Chinese."""
    high = fitting = 0
    for before, char, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if char > "\x7f":
            high += 1
            beside_letter = (before.isascii() and before.isalpha()) or (after.isascii() and after.isalpha())
            alone = before <= "\x7f" or after <= "\x7f"
            fitting += (char.isalpha() and beside_letter and alone) or char in "‘’“”–—…«»°€£§©®•ßÀÉÖÜÄ"
    return 0.9 * fitting / high if high else -1.0


@cache
def _weight(char: str, hangul: float) -> float:
    code = ord(char)
    if char in _FREQUENT:
        return 1.3
    if char in _PUNCTUATION:
        return 0.8
    if 0x4E00 <= code <= 0x9FFF:
        return 0.65 if _is_basic(char) else 0.0
    if 0xAC00 <= code <= 0xD7A3:
        return hangul + 0.4 * (char in _FREQUENT_HANGUL)
    if 0x3041 <= code <= 0x30FE:
        return 0.6
    if char in "\t\n\r" or 32 <= code < 127:
        return 0.7
    if code < 32 or 0xFF61 <= code <= 0xFF9F or 0xE000 <= code <= 0xF8FF or not char.isprintable():
        return -1.0
    return 0.1


def _is_basic(char: str) -> bool:
    """Whether the character is in the first level of GB 2312 or Big5, that is, in daily use."""
    return any(
        first <= encoded[0] <= last
        for name, first, last in (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6))
        if (encoded := char.encode(name, "ignore"))
    )
