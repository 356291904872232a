"""Which loader reads which file: two tables, a look at the first bytes, and one way to run a loader.

A loader is a LangChain `BaseLoader` whose constructor takes the path. A loader name that is an address
("package.module:Class") is loaded as such, so any LangChain loader of that kind plugs in from the settings.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from document_loaders.errors import DocumentUnreadable, UnknownLoader, UnsupportedType
from document_loaders.sniff import Content, sniff

if TYPE_CHECKING:
    from langchain_core.documents import Document

    from document_loaders.base import LoadOptions

LOADERS = {
    "TextLoader": "document_loaders.text:TextLoader",
    "MarkdownLoader": "document_loaders.markdown:MarkdownLoader",
    "PdfLoader": "document_loaders.pdf:PdfLoader",
    "DocxLoader": "document_loaders.docx:DocxLoader",
    "CsvLoader": "document_loaders.csv_rows:CsvLoader",
    "TsvLoader": "document_loaders.csv_rows:TsvLoader",
    "HtmlLoader": "document_loaders.html:HtmlLoader",
}
SUFFIXES = {
    ".txt": "TextLoader",
    ".log": "TextLoader",
    ".md": "MarkdownLoader",
    ".markdown": "MarkdownLoader",
    ".pdf": "PdfLoader",
    ".docx": "DocxLoader",
    ".csv": "CsvLoader",
    ".tsv": "TsvLoader",
    ".html": "HtmlLoader",
    ".htm": "HtmlLoader",
}
_BY_CONTENT = {"pdf": "PdfLoader", "docx": "DocxLoader", "html": "HtmlLoader"}
_BINARY = frozenset({"PdfLoader", "DocxLoader"})


def suffixes() -> list[str]:
    """The readable suffixes, with their dot, in lower case."""
    return list(SUFFIXES)


def loader_for(path: Path) -> str:
    """Name the loader for a file: by its content where that is unmistakable, else by its suffix.

    Raises:
        UnsupportedType: no loader reads this suffix.
        DocumentUnreadable: the file is empty, cannot be opened, or is not what its suffix says and nothing readable.
    """
    by_suffix = SUFFIXES.get(path.suffix.lower())
    if by_suffix is None:
        raise UnsupportedType(path.suffix, suffixes())
    with _opening():
        content = sniff(path)
    if content.kind == "html" and by_suffix not in _BINARY:
        return by_suffix
    if content.kind in _BY_CONTENT:
        return _BY_CONTENT[content.kind]
    if content.kind == "other" or by_suffix in _BINARY:
        raise _contradiction(path.suffix.lower(), content)
    return by_suffix


def load(path: Path, loader_name: str, options: "LoadOptions | None" = None) -> Iterator["Document"]:
    """Read the file; documents come in reading order and may be produced while the file is being read.

    Raises:
        UnknownLoader: no loader of that name.
        DocumentUnreadable: the file cannot be read, possibly after some documents.
    """
    address = LOADERS.get(loader_name, loader_name if ":" in loader_name else None)
    if address is None:
        raise UnknownLoader(loader_name, list(LOADERS))
    from document_loaders.base import FileLoader, LoadOptions

    module, _, attribute = address.partition(":")
    loader_class = getattr(importlib.import_module(module), attribute)
    # A loader of somebody else knows the path only.
    loader = (
        loader_class(path, options or LoadOptions()) if issubclass(loader_class, FileLoader) else loader_class(path)
    )
    with _opening():
        yield from loader.lazy_load()


@contextmanager
def _opening() -> Iterator[None]:
    """Turn an error of the operating system into a reason without a path in it."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or "input/output error"
        raise DocumentUnreadable(f"the file cannot be opened ({reason})", f"文件无法打开（{reason}）") from error


def _contradiction(suffix: str, content: Content) -> DocumentUnreadable:
    return DocumentUnreadable(
        f"its name ends in {suffix}, but its content is {content.name_en}",
        f"文件名以 {suffix} 结尾，但内容是{content.name_zh}",
    )
