"""Which loader reads which file: the table of loaders, a look at the content, and one way to run a loader.

A loader is a LangChain `BaseLoader` whose constructor takes the path. A loader name that is an address
("package.module:Class") is loaded as such, so any LangChain loader of that kind plugs in from the settings.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from document_loaders.errors import DocumentUnreadable, UnknownLoader, UnsupportedType
from document_loaders.kinds import BY_SUFFIX, Kind
from document_loaders.sniff import sniff

if TYPE_CHECKING:
    from langchain_core.documents import Document

    from document_loaders.base import LoadOptions

LOADERS = {
    "TextLoader": "document_loaders.text:TextLoader",
    "MarkdownLoader": "document_loaders.markdown:MarkdownLoader",
    "PdfLoader": "document_loaders.pdf:PdfLoader",
    "DocxLoader": "document_loaders.docx:DocxLoader",
    "PptxLoader": "document_loaders.pptx:PptxLoader",
    "WorkbookLoader": "document_loaders.workbook:WorkbookLoader",
    "OdfLoader": "document_loaders.odf:OdfLoader",
    "LegacyOfficeLoader": "document_loaders.legacy_office:LegacyOfficeLoader",
    "RtfLoader": "document_loaders.rtf:RtfLoader",
    "CsvLoader": "document_loaders.csv_rows:CsvLoader",
    "TsvLoader": "document_loaders.csv_rows:TsvLoader",
    "HtmlLoader": "document_loaders.html:HtmlLoader",
    "MhtmlLoader": "document_loaders.mhtml:MhtmlLoader",
    "JsonLoader": "document_loaders.json_data:JsonLoader",
    "JsonLinesLoader": "document_loaders.json_data:JsonLinesLoader",
    "XmlLoader": "document_loaders.xml_data:XmlLoader",
    "CodeLoader": "document_loaders.code:CodeLoader",
    "NotebookLoader": "document_loaders.notebook:NotebookLoader",
    "SubtitleLoader": "document_loaders.subtitles:SubtitleLoader",
    "RstLoader": "document_loaders.rst:RstLoader",
    "EvernoteLoader": "document_loaders.evernote:EvernoteLoader",
    "EmailLoader": "document_loaders.mail:EmailLoader",
    "OutlookLoader": "document_loaders.outlook:OutlookLoader",
    "EpubLoader": "document_loaders.epub:EpubLoader",
    "ImageLoader": "document_loaders.image:ImageLoader",
    # Reads nothing by itself: chosen by `ingest.loaders` in the settings.
    "UnstructuredLoader": "document_loaders.unstructured_reader:UnstructuredLoader",
}
SUFFIXES = {suffix: kind.loader for suffix, kind in BY_SUFFIX.items() if kind.loader}


def suffixes() -> list[str]:
    """The readable suffixes, with their dot, in lower case."""
    return list(SUFFIXES)


def loader_for(path: Path) -> str:
    """Name the loader for a file: by its content where that is unmistakable, else by its suffix.

    Raises:
        UnsupportedType: no loader reads this suffix.
        DocumentUnreadable: the file is empty, cannot be opened, or is not what its suffix says and nothing readable.
    """
    expected = BY_SUFFIX.get(path.suffix.lower())
    if expected is None or expected.loader is None:
        raise UnsupportedType(path.suffix, suffixes())
    with _opening():
        content = sniff(path)
    if content.is_text and expected.is_text:
        return expected.loader
    if content.loader is None or content.name == "text":
        raise _contradiction(path.suffix.lower(), content)
    return content.loader


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


def _contradiction(suffix: str, content: Kind) -> DocumentUnreadable:
    return DocumentUnreadable(
        f"its name ends in {suffix}, but its content is {content.name_en}",
        f"文件名以 {suffix} 结尾，但内容是{content.name_zh}",
    )
