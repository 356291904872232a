"""A mail as documents, whatever format it was stored in: its head and text first, then what is attached."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from langchain_core.documents import Document

from document_loaders.archive import too_deep
from document_loaders.attachments import Attachment, attachment_documents, placed, unread
from document_loaders.base import LoadOptions
from document_loaders.html import read_page


@dataclass(frozen=True, slots=True)
class MailText:
    """A text of a mail, plain or the source of a page."""

    text: str
    is_html: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    """The fields are as people read them; of texts that say the same only one is given."""

    subject: str = ""
    sender: str = ""
    to: str = ""
    cc: str = ""
    date: str = ""
    texts: list[MailText] = field(default_factory=list)
    attachments: "Iterable[Attachment | Mail]" = field(default=())


def mail_documents(mail: Mail, options: LoadOptions) -> Iterator[Document]:
    """The head and the text, by its headings, as part "message"; then the documents of the attachments.

    Raises:
        DocumentUnreadable: the elements of its HTML text are nested too deeply.
    """
    title = {"title": mail.subject} if mail.subject else {}
    head = _head(mail)
    for headings, text in _texts(mail):
        content = f"{head}\n\n{text}".strip()
        head = ""
        if content:
            about = {"part": "message", **({"headings": headings} if headings else {})}
            yield Document(page_content=content, metadata=about | title)
    for attachment in mail.attachments:
        documents = (
            attachment_documents(attachment, options)
            if isinstance(attachment, Attachment)
            else _inner_documents(attachment, options)
        )
        for document in documents:
            yield Document(page_content=document.page_content, metadata=document.metadata | title)


def _inner_documents(mail: Mail, options: LoadOptions) -> Iterator[Document]:
    name = f"{mail.subject or 'mail'}.msg"
    if options.depth >= options.max_depth:
        yield unread(name, too_deep())
        return
    for document in mail_documents(mail, replace(options, depth=options.depth + 1)):
        yield placed(document, name)


def _head(mail: Mail) -> str:
    fields = (
        ("Subject", mail.subject),
        ("From", mail.sender),
        ("To", mail.to),
        ("Cc", mail.cc),
        ("Date", mail.date),
    )
    return "\n".join(f"{name}: {' '.join(value.split())}" for name, value in fields if value.strip())


def _texts(mail: Mail) -> list[tuple[list[str], str]]:
    """Each text with its headings; one without any where the mail says nothing."""
    found: list[tuple[list[str], str]] = []
    for each in mail.texts:
        if each.is_html:
            found += [(section.headings, section.text) for section in read_page(each.text).sections]
        elif each.text.strip():
            found.append(([], each.text.strip()))
    return found or [([], "")]
