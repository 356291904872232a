"""What is attached to a mail, read like a file of its own; what cannot be read is named with the reason."""

import mimetypes
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from langchain_core.documents import Document

from document_loaders.archive import Skipped, members, too_deep
from document_loaders.base import LoadOptions
from document_loaders.errors import DocumentUnreadable, UnsupportedType
from document_loaders.table import load, loader_for, suffixes

_ARCHIVES = ("application/zip", "application/x-zip-compressed")


@dataclass(frozen=True, slots=True)
class Attachment:
    """Its name as the mail gives it, its media type, and its bytes, None where the mail only refers to them."""

    name: str
    media_type: str
    stream: BinaryIO | None


def attachment_documents(attachment: Attachment, options: LoadOptions) -> Iterator[Document]:
    """The documents of an attachment, and one that says why where it cannot be read (further).

    Metadata: as its loader gives it, with `part` "attachment NAME" in front of its own part.
    """
    name = " ".join(attachment.name.split()) or "(no name)"
    try:
        if options.depth >= options.max_depth:
            raise too_deep()
        if attachment.stream is None:
            raise DocumentUnreadable("its content is not in the mail", "邮件中不含其内容")
        # The name is the sender's: only its ending, where it is a known one, becomes part of a path.
        with tempfile.TemporaryDirectory(dir=options.scratch, prefix="attachment-") as folder:
            path = Path(folder) / f"file{_suffix(attachment)}"
            with path.open("wb") as copy:
                shutil.copyfileobj(attachment.stream, copy)
            for document in _documents(path, replace(options, depth=options.depth + 1)):
                yield placed(document, name)
    except (DocumentUnreadable, UnsupportedType) as refusal:
        yield unread(name, refusal)


def unread(name: str, refusal: DocumentUnreadable | UnsupportedType) -> Document:
    """The document that stands for an attachment that is not read."""
    if isinstance(refusal, UnsupportedType):
        shown = refusal.suffix or "?"
        refusal = DocumentUnreadable(f"files of type {shown} are not read", f"不支持 {shown} 类型的文件")
    text = f"附件 {name} 未读取：{refusal.reason_zh}\nAttachment {name} was not read: {refusal.reason_en}"
    return Document(page_content=text, metadata={"part": f"attachment {name}"})


def _suffix(attachment: Attachment) -> str:
    suffix = PurePosixPath(attachment.name).suffix.lower()
    if suffix in suffixes() or suffix == ".zip":
        return suffix
    if attachment.media_type in _ARCHIVES:
        return ".zip"
    guessed = mimetypes.guess_extension(attachment.media_type) or ""
    if guessed in suffixes():
        return guessed
    # Not a part of a path that a sender could make up: letters and digits only.
    return f".{''.join(filter(str.isalnum, suffix))[:16]}"


def _documents(path: Path, options: LoadOptions) -> Iterator[Document]:
    if path.suffix != ".zip":
        yield from load(path, loader_for(path), options)
        return
    for member in members(path, options):
        if isinstance(member, Skipped):
            yield unread(member.name, member.reason)
        else:
            yield from attachment_documents(Attachment(member.name, "", member.stream), options)


def placed(document: Document, name: str) -> Document:
    """The document of an attachment, saying so in its `part`."""
    inner = document.metadata.get("part")
    part = f"attachment {name}" + (f", {inner}" if inner else "")
    return Document(page_content=document.page_content, metadata=document.metadata | {"part": part})
