"""Mails as they are sent (.eml)."""

import mimetypes
from collections.abc import Iterator
from email.message import Message
from io import BytesIO

from langchain_core.documents import Document

from document_loaders import mime
from document_loaders.attachments import Attachment
from document_loaders.base import FileLoader
from document_loaders.declared import decode_anyway
from document_loaders.html import declared_in
from document_loaders.mail_text import Mail, MailText, mail_documents


class EmailLoader(FileLoader):
    """Yields the head and text of a mail, then its attachments, each read by the loader for its type.

    Metadata: `part` ("message" or "attachment NAME"), `title` (the subject), and what an attachment's loader says.
    An attachment that cannot be read is named with the reason. Malformed mails are read as far as they go.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the text, then the attachments in their order.

        Raises:
            DocumentUnreadable: it is no mail, or nested too deeply.
        """
        with self.path.open("rb") as stream:
            message = mime.parse(stream)
        mail = Mail(
            subject=mime.field(message, "subject"),
            sender=mime.field(message, "from"),
            to=mime.field(message, "to"),
            cc=mime.field(message, "cc"),
            date=mime.field(message, "date"),
            texts=_texts(message),
            attachments=_attachments(message, in_page=False),
        )
        yield from mail_documents(mail, self.options)


def _texts(part: Message) -> list[MailText]:
    """What is read when the mail is opened, in order; of alternatives the plain one where it says anything."""
    inner = mime.parts(part)
    if part.get_content_maintype() == "message":
        return []
    if part.get_content_type() == "multipart/alternative" and inner:
        return _best([_texts(each) for each in inner])
    if inner:
        return [text for each in inner for text in _texts(each)]
    if _is_attached(part):
        return []
    source, charset = mime.content(part), mime.charset(part)
    if part.get_content_type() != "text/html":
        return [MailText(decode_anyway(source, charset))]
    return [MailText(decode_anyway(source, charset or declared_in(source)), is_html=True)]


def _best(alternatives: list[list[MailText]]) -> list[MailText]:
    saying = [texts for texts in alternatives if any(each.text.strip() for each in texts)]
    plain = [texts for texts in saying if not any(each.is_html for each in texts)]
    return plain[0] if plain else saying[-1] if saying else []


def _attachments(part: Message, *, in_page: bool) -> Iterator[Attachment]:
    """The files of a mail; `in_page` is true inside of a page, whose pictures are decoration."""
    inner = mime.parts(part)
    if part.get_content_maintype() == "message" and inner:
        name = mime.field(inner[0], "subject") or "mail"
        yield Attachment(mime.file_name(part) or f"{name}.eml", "message/rfc822", BytesIO(inner[0].as_bytes()))
    elif inner:
        is_page = in_page or part.get_content_type() == "multipart/related"
        for each in inner:
            yield from _attachments(each, in_page=is_page)
    elif _is_attached(part) and not (in_page and part.get_content_maintype() == "image"):
        kind = part.get_content_type()
        name = mime.file_name(part) or f"unnamed{mimetypes.guess_extension(kind) or ''}"
        yield Attachment(name, kind, BytesIO(mime.content(part)))


def _is_attached(part: Message) -> bool:
    # A part that only claims to have parts counts as text: what it holds is shown, not lost.
    is_text = part.get_content_type() in ("text/plain", "text/html") or part.get_content_maintype() == "multipart"
    return part.get_content_disposition() == "attachment" or bool(mime.file_name(part)) or not is_text
