"""Bytes to text where somebody names the encoding: the page itself, the mail's header, the XML declaration.

People are often wrong about their encoding and UTF-8 proves itself, so it wins over their word; their word wins over
a guess.
"""

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TextIO

from document_loaders.encoding import encoding_of_stream, misfit, open_text
from document_loaders.errors import DocumentUnreadable

# What is written under the narrow name is in truth mostly the wider one.
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "iso8859-1": "cp1252", "shift_jis": "cp932"}
# Their bytes are all ASCII and so valid UTF-8, which proves nothing.
_SEVEN_BIT = ("iso2022", "hz", "utf-7")
_EAST_ASIAN = ("gb18030", "big5hkscs", "cp932", "cp949", "euc_jp", "euc_kr")
_LOOK_AT = 1 << 20
_LINE_END = re.compile(r"\r\n?")


def decode(content: bytes, declared: str = "") -> str:
    """The text with \\n line ends and without a byte order mark; `declared` is the encoding somebody says it has.

    Raises:
        DocumentUnreadable: it is no text, or its encoding cannot be told.
    """
    name = _codec(declared)
    if name.startswith(_SEVEN_BIT) and content.isascii():
        text = _strictly(content, name)
        if text is not None:
            return _clean(text)
    found, refusal = _told_by_the_bytes(content)
    is_proven = found.startswith("utf") and not _may_be(name, content)
    for candidate in (found if is_proven else "", name, found):
        text = _strictly(content, candidate) if candidate else None
        if text is not None:
            return _clean(text)
    raise refusal


def decode_anyway(content: bytes, declared: str = "") -> str:
    """As `decode`, but what fits no encoding is replaced by U+FFFD: for a part of a whole that is readable."""
    try:
        return decode(content, declared)
    except DocumentUnreadable:
        return _clean(content.decode(_codec(declared) or "utf-8", "replace"))


@contextmanager
def open_declared(path: Path, declared: str) -> Iterator[TextIO]:
    """As `decode`, for a file that is read bit by bit.

    Raises:
        DocumentUnreadable: it is no text, its encoding cannot be told, or a byte further on does not fit it.
    """
    name = _codec(declared)
    with path.open("rb") as stream:
        try:
            is_utf = encoding_of_stream(stream).startswith("utf")
            stream.seek(0)
            name = "" if is_utf and not _may_be(name, stream.read(_LOOK_AT)) else name
        except DocumentUnreadable:
            if not name:
                raise
    if not name:
        with open_text(path) as text:
            yield text
        return
    try:
        with path.open(encoding=name) as text:
            yield text
    except UnicodeDecodeError as error:
        raise misfit(name, error) from error


def _codec(declared: str) -> str:
    """Python's name of a text encoding, empty where it has none."""
    try:
        found = codecs.lookup(declared.strip().strip("\"'"))
        # Python's codecs that are no text encodings (zip, rot13) must not be reached by a name in a file.
        "".encode(found.name)
    except (LookupError, ValueError, UnicodeError):
        return ""
    return _WIDER.get(found.name, found.name)


def _may_be(name: str, content: bytes) -> bool:
    """Whether bytes that are valid UTF-8 may be Chinese in another encoding all the same.

    Two bytes of GBK often are a character of UTF-8, but then one of Latin, Greek or the like: Chinese takes three.
    """
    return name in _EAST_ASIAN and not content.isascii() and max(content.decode("utf-8", "replace")) < "\u0800"


def _told_by_the_bytes(content: bytes) -> tuple[str, DocumentUnreadable]:
    try:
        found = encoding_of_stream(BytesIO(content))
    except DocumentUnreadable as refusal:
        return "", refusal
    try:
        content.decode(found)
    except UnicodeDecodeError as error:
        return "", misfit(found, error)
    return found, DocumentUnreadable("the encoding of its text cannot be told", "无法识别文本编码")


def _strictly(content: bytes, name: str) -> str | None:
    try:
        return content.decode(name)
    except UnicodeDecodeError:
        return None


def _clean(text: str) -> str:
    return _LINE_END.sub("\n", text.removeprefix("\ufeff"))
