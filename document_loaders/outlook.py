"""Mails saved by Outlook (.msg).

python-oxmsg opens the compound file; the texts are decoded here, because it takes the code page at its word, and
that of Chinese Outlook (936) names less than what is in use.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from email.parser import HeaderParser
from io import BytesIO
from typing import TYPE_CHECKING

from langchain_core.documents import Document

from document_loaders import mime
from document_loaders.attachments import Attachment
from document_loaders.base import FileLoader
from document_loaders.declared import decode_anyway
from document_loaders.errors import DocumentUnreadable
from document_loaders.html import declared_in
from document_loaders.mail_text import Mail, MailText, mail_documents

if TYPE_CHECKING:
    from oxmsg.storage import Storage

_PROPERTIES = "__properties_version1.0"
_STREAM = "__substg1.0_{:08X}"
_EMBEDDED = "__substg1.0_3701000D"
_TEXT, _BYTES_TEXT, _BINARY = 0x1F, 0x1E, 0x102
_SUBJECT, _HEADERS, _SUBMITTED, _DELIVERED = 0x0037, 0x007D, 0x0039, 0x0E06
_SENDER_NAME, _SENDER_SMTP, _SENDER_ADDRESS = 0x0C1A, 0x5D01, 0x0C1F
_DISPLAY_TO, _DISPLAY_CC, _BODY, _HTML, _RTF = 0x0E04, 0x0E03, 0x1000, 0x1013, 0x1009
_NAME, _SMTP, _ADDRESS, _RECIPIENT_KIND = 0x3001, 0x39FE, 0x3003, 0x0C15
_DATA, _LONG_FILE_NAME, _FILE_NAME, _MEDIA_TYPE, _CONTENT_ID = 0x3701, 0x3707, 0x3704, 0x370E, 0x3712
_CODE_PAGES = (0x3FDE, 0x3FFD)
_TO, _CC = 1, 2
_EPOCH = datetime(1601, 1, 1, tzinfo=timezone.utc)


class OutlookLoader(FileLoader):
    """Yields the head and text of a mail, then its attachments, each read by the loader for its type.

    Metadata: as `EmailLoader`.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the text, then the attachments in their order.

        Raises:
            DocumentUnreadable: it is damaged, no mail, or its text is stored in a way that is not read.
        """
        from olefile import OleFileIO
        from oxmsg.storage import Storage

        with self.path.open("rb") as stream, _damage_told(), OleFileIO(stream) as file:
            mail = _mail(Storage.from_ole(file))
        yield from mail_documents(mail, self.options)


@contextmanager
def _damage_told() -> Iterator[None]:
    """Neither library checks what it reads: a broken file ends in whatever its broken place leads to."""
    try:
        yield
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, struct.error) as error:
        if isinstance(error, FileNotFoundError | PermissionError):
            raise
        raise DocumentUnreadable(
            "the mail is damaged or no mail of Outlook", "邮件已损坏，或不是 Outlook 邮件"
        ) from error


class _Properties:
    """The properties of a mail, recipient or attachment."""

    def __init__(self, storage: "Storage", code_page: str = "") -> None:
        self._streams = {stream.name: stream.bytes_ for stream in storage.streams}
        # Each fixed property takes 16 bytes. The head before them differs in length; read as properties, it has key 0.
        block = self._streams[_PROPERTIES]
        self._fixed = {
            int.from_bytes(block[at + 2 : at + 4], "little"): block[at + 8 : at + 16]
            for at in range(len(block) % 16, len(block) - 15, 16)
        }
        self.code_page = code_page or self._own_code_page()

    def number(self, key: int) -> int:
        return int.from_bytes(self._fixed.get(key, b"")[:4], "little")

    def time(self, key: int) -> str:
        ticks = int.from_bytes(self._fixed.get(key, b""), "little")
        return f"{_EPOCH + timedelta(microseconds=ticks // 10):%Y-%m-%d %H:%M} UTC" if ticks else ""

    def data(self, key: int) -> bytes | None:
        return self._streams.get(_STREAM.format(key << 16 | _BINARY))

    def text(self, key: int) -> str:
        wide = self._streams.get(_STREAM.format(key << 16 | _TEXT))
        if wide is not None:
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        return decode_anyway(self._streams.get(_STREAM.format(key << 16 | _BYTES_TEXT), b""), self.code_page)

    def first(self, *keys: int) -> str:
        return next((text for text in map(self.text, keys) if text), "")

    def _own_code_page(self) -> str:
        pages = [page for page in map(self.number, _CODE_PAGES) if page]
        return {65001: "utf-8", 54936: "gb18030"}.get(pages[0], f"cp{pages[0]}") if pages else ""


def _mail(storage: "Storage") -> Mail:
    about = _Properties(storage)
    headers = HeaderParser().parsestr(about.text(_HEADERS))
    return Mail(
        subject=about.text(_SUBJECT),
        sender=mime.field(headers, "from")
        or _address(about.text(_SENDER_NAME), about.first(_SENDER_SMTP, _SENDER_ADDRESS)),
        to=mime.field(headers, "to") or _recipients(storage, about, _TO) or about.text(_DISPLAY_TO),
        cc=mime.field(headers, "cc") or _recipients(storage, about, _CC) or about.text(_DISPLAY_CC),
        date=about.time(_SUBMITTED) or about.time(_DELIVERED),
        texts=_texts(about),
        attachments=list(_attachments(storage, about)),
    )


def _texts(about: _Properties) -> list[MailText]:
    if plain := about.text(_BODY).strip():
        return [MailText(plain)]
    page = about.data(_HTML)
    source = decode_anyway(page, declared_in(page) or about.code_page) if page else about.text(_HTML)
    if source.strip():
        return [MailText(source, is_html=True)]
    if about.data(_RTF):
        raise DocumentUnreadable(
            "its text is stored as compressed RTF only; save the mail as .eml", "其正文仅以压缩 RTF 保存，请另存为 .eml"
        )
    return []


def _recipients(storage: "Storage", about: _Properties, kind: int) -> str:
    found = (_Properties(each, about.code_page) for each in storage.iter_recipient_storages())
    wanted = (each for each in found if each.number(_RECIPIENT_KIND) == kind)
    return ", ".join(_address(each.text(_NAME), each.first(_SMTP, _ADDRESS)) for each in wanted)


def _address(name: str, address: str) -> str:
    # Inside of a company the address is a path of its directory, which tells people nothing.
    shown = f"<{address}>" if "@" in address and address != name else ""
    return " ".join(filter(None, (name, shown)))


def _attachments(storage: "Storage", about: _Properties) -> Iterator[Attachment | Mail]:
    for each in storage.iter_attachment_storages():
        own = _Properties(each, about.code_page)
        inner = next((inner for inner in each.storages if inner.name == _EMBEDDED), None)
        media_type = own.text(_MEDIA_TYPE).lower()
        if inner is not None and any(stream.name == _PROPERTIES for stream in inner.streams):
            yield _mail(inner)
        elif not (own.text(_CONTENT_ID) and media_type.startswith("image/")):
            data = own.data(_DATA)
            name = own.first(_LONG_FILE_NAME, _FILE_NAME, _NAME)
            yield Attachment(name, media_type, BytesIO(data) if data is not None else None)
