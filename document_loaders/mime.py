"""MIME messages, parsed so that malformed ones survive: the reading of mails and of saved web pages.

Python's modern policy raises on many malformed fields, so the old one parses, and encoded words are decoded here.
"""

import email
import email.policy
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from typing import BinaryIO

from document_loaders.declared import decode_anyway
from document_loaders.errors import DocumentUnreadable

_HEAD_FIELDS = ("subject", "from", "to", "date", "received", "message-id", "return-path", "mime-version")


def parse(stream: BinaryIO) -> Message:
    """Parse a message; its parts may be malformed.

    Raises:
        DocumentUnreadable: no field of a message's head is in it, or its parts are nested too deeply.
    """
    try:
        message = email.message_from_binary_file(stream, policy=email.policy.compat32)
    except RecursionError as error:
        raise DocumentUnreadable("its parts are nested too deeply", "邮件各部分嵌套过深") from error
    if not any(name in message for name in _HEAD_FIELDS):
        raise DocumentUnreadable(
            "it has no head of a mail (subject, sender, date …)", "其中没有邮件头（主题、发件人、日期等）"
        )
    return message


def field(message: Message, name: str) -> str:
    """A field of the head in the words people see, all of that name joined by commas."""
    raw = [value for key, value in message.raw_items() if key.lower() == name]
    return ", ".join(" ".join(_words(str(value)).split()) for value in raw)


def file_name(part: Message) -> str:
    """The name a part is to be saved by, empty where it has none."""
    _decode_bare_bytes(part)
    return " ".join(_words(part.get_filename("")).split())


def content(part: Message) -> bytes:
    """The bytes of a part that has no parts itself."""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def charset(part: Message) -> str:
    """The encoding that a part of text claims to be in."""
    return part.get_content_charset("")


def parts(message: Message) -> list[Message]:
    """The parts of a multipart message, none for others, also where it only claims to be one."""
    inner = message.get_payload() if message.is_multipart() else []
    return [part for part in inner if isinstance(part, Message)] if isinstance(inner, list) else []


def leaves(message: Message) -> Iterator[Message]:
    """All parts that have none themselves."""
    return (part for part in message.walk() if not part.is_multipart())


def _words(raw: str) -> str:
    raw = _unfolded(raw)
    try:
        decoded = decode_header(raw)
    except (HeaderParseError, ValueError):
        return raw
    return "".join(decode_anyway(text, name or "") if isinstance(text, bytes) else text for text, name in decoded)


def _unfolded(raw: str) -> str:
    """Some programs write a field in their own encoding, unnamed; the parser has kept the bytes as surrogates."""
    raw = raw.replace("\r", "").replace("\n", "")
    return decode_anyway(raw.encode("utf-8", "surrogateescape"))


def _decode_bare_bytes(part: Message) -> None:
    for name in ("content-type", "content-disposition"):
        raw = next((str(value) for key, value in part.raw_items() if key.lower() == name), "")
        if raw and not raw.isascii():
            part.replace_header(name, _unfolded(raw))
