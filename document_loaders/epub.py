"""E-books (EPUB 2 and 3): the chapters in the order they are read in."""

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urldefrag

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.errors import DocumentUnreadable
from document_loaders.html import page_text, read_page
from document_loaders.zip_safety import check_sizes, open_member, open_zip

if TYPE_CHECKING:
    from lxml.etree import _Element

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
# Fonts are garbled in books that anybody may read; whatever else is encrypted is the text.
_FONT_GARBLING = frozenset({"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"})
_PAGES = ("application/xhtml+xml", "text/html", "text/x-oeb1-document")
_NCX = "application/x-dtbncx+xml"


class EpubLoader(FileLoader):
    """Yields one document for each section of a chapter.

    Metadata: `part` ("chapter 2", counting those with text), `headings` (the chapter's title in the table of
    contents, then those in its text), `title` of the book.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the sections in reading order.

        Raises:
            DocumentUnreadable: the book is damaged, protected against copying, or unpacks to more than is allowed.
        """
        with self.path.open("rb") as stream, open_zip(stream) as archive:
            size = self.path.stat().st_size
            check_sizes(archive.infolist(), size, self.options.max_unpacked_mb << 20)
            book = _Book(archive)
            number = 0
            for name in book.chapters:
                page = read_page(page_text(book.read(name)))
                found = [section for section in page.sections if section.text]
                number += bool(found)
                for section in found:
                    headings = _headings(book.titles.get(name, ""), section.headings)
                    about = {"part": f"chapter {number}", "headings": headings}
                    about |= {"title": book.title} if book.title else {}
                    yield Document(page_content=section.text, metadata=about)


def _headings(chapter: str, inside: list[str]) -> list[str]:
    return inside if not chapter or inside[:1] == [chapter] else [chapter, *inside]


@dataclass(frozen=True, slots=True)
class _Item:
    name: str
    media_type: str
    properties: str


class _Book:
    """The package of a book: its title, chapters in order, and their titles by file name."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._refuse_protected()
        root = next(iter(_all(self._xml(_CONTAINER), "rootfile")), None)
        package_name = root.get("full-path", "") if root is not None else ""
        package = self._xml(package_name)
        self.title = next((text for each in _all(package, "title") if (text := _words(each))), "")
        self._items = {
            each.get("id", ""): _Item(
                _beside(package_name, each.get("href", "")), each.get("media-type", ""), each.get("properties", "")
            )
            for each in _all(package, "item")
        }
        spine = [self._items.get(each.get("idref", "")) for each in _all(package, "itemref")]
        self.chapters = [item.name for item in spine if item and item.media_type in _PAGES]
        if not self.chapters:
            raise _damaged()
        self.titles = self._titles()

    def read(self, name: str) -> bytes:
        """The bytes of a file of the book."""
        try:
            info = self._archive.getinfo(name)
        except KeyError as error:
            raise _damaged() from error
        with open_member(self._archive, info) as stream:
            return stream.read()

    def _xml(self, name: str) -> "_Element":
        from lxml.etree import LxmlError, XMLParser, fromstring

        parser = XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
        try:
            root = fromstring(self.read(name), parser)
        except LxmlError as error:
            raise _damaged() from error
        if root is None:
            raise _damaged()
        return root

    def _refuse_protected(self) -> None:
        names = set(self._archive.namelist())
        ways = set()
        if _ENCRYPTION in names:
            ways = {each.get("Algorithm", "") for each in _all(self._xml(_ENCRYPTION), "EncryptionMethod")}
        if ways - _FONT_GARBLING:
            raise DocumentUnreadable("the book is protected against copying (DRM)", "电子书受版权保护（DRM），无法读取")

    def _titles(self) -> dict[str, str]:
        """From the navigation page of EPUB 3, else from the table of contents of EPUB 2."""
        titles: dict[str, str] = {}
        for item in self._items.values():
            is_page = "nav" in item.properties.split()
            if (is_page or item.media_type == _NCX) and item.name in self._archive.namelist():
                pairs = _nav_pairs if is_page else _ncx_pairs
                for target, title in pairs(self._xml(item.name)):
                    # A chapter's first entry is its title; further ones lead to places inside of it.
                    titles.setdefault(_beside(item.name, target), title)
        return titles


def _nav_pairs(root: "_Element") -> Iterator[tuple[str, str]]:
    for link in _all(root, "a"):
        yield link.get("href", ""), _words(link)


def _ncx_pairs(root: "_Element") -> Iterator[tuple[str, str]]:
    for point in _all(root, "navPoint"):
        content, label = next(iter(_all(point, "content")), None), next(iter(_all(point, "text")), None)
        if content is not None and label is not None:
            yield content.get("src", ""), _words(label)


def _all(root: "_Element", name: str) -> Iterator[Any]:
    """The elements of that name, of any namespace."""
    return root.iter(f"{{*}}{name}")


def _words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def _beside(name: str, target: str) -> str:
    """The file in the book that a link in another file of it leads to."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(urldefrag(target).url)))


def _damaged() -> DocumentUnreadable:
    return DocumentUnreadable("the book is damaged or incomplete", "电子书已损坏或不完整")
