"""OpenDocument texts (.odt) and presentations (.odp)."""

import re
import zipfile
from collections.abc import Iterator
from typing import Any

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.embedded_pictures import embedded_text
from document_loaders.odf_text import DRAW, OFFICE, PRESENTATION, BlockReader
from document_loaders.packages import check_package, damage_told, damaged, xml_root
from document_loaders.section_notes import notes_last
from document_loaders.sections import sections

_SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_CENTIMETRES = {"cm": 1.0, "mm": 0.1, "in": 2.54, "pt": 2.54 / 72, "pc": 2.54 / 6, "px": 2.54 / 96}


class OdfLoader(FileLoader):
    """Yields the sections of a text (metadata: `headings`) or the slides of a presentation (`slide`, `slides`).

    Tables are Markdown tables, footnotes and comments stand at the end of their section, the text of pictures is read
    by OCR. Tables of contents are left out: they would be found instead of the text they point to.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the sections or slides in their order.

        Raises:
            DocumentUnreadable: the file is damaged, unpacks to too much, or is neither.
        """
        check_package(self.path, self.options.max_unpacked_mb)
        with self.path.open("rb") as stream, damage_told(), zipfile.ZipFile(stream) as archive:
            content = xml_root(archive.read("content.xml"))
            members = set(archive.namelist())
            others = [xml_root(archive.read(name)) for name in ("styles.xml", "meta.xml") if name in members]
            reader = BlockReader([content, *others], lambda name: self._picture_text(archive, name))
            title = next((each.text.strip() for root in others for each in root.iter(_TITLE) if each.text), "")
            about = {"title": title} if title else {}
            body = content.find(f"{OFFICE}body")
            text, show = (body.find(f"{OFFICE}{name}") for name in ("text", "presentation"))
            if text is not None:
                yield from _section_documents(reader, text, about)
            elif show is not None:
                yield from _slide_documents(reader, show, about)
            else:
                raise damaged()

    def _picture_text(self, archive: zipfile.ZipFile, name: str) -> str:
        if not self.options.ocr or name not in archive.NameToInfo:
            return ""
        return embedded_text(archive.read(name), self.options)


def _section_documents(reader: BlockReader, text: Any, about: dict[str, Any]) -> Iterator[Document]:
    for section in sections(notes_last(reader.blocks(text))):
        if section.text.strip():
            yield Document(page_content=section.text, metadata={"headings": section.headings, **about})


def _slide_documents(reader: BlockReader, show: Any, about: dict[str, Any]) -> Iterator[Document]:
    pages = show.findall(f"{DRAW}page")
    for number, page in enumerate(pages, start=1):
        shapes = [each for each in page if str(each.tag).startswith(DRAW)]
        shapes.sort(key=lambda each: (_class(each) != "title", _length(each, "y"), _length(each, "x")))
        heading = " ".join(_plain(reader, shapes[0]).split()) if shapes and _class(shapes[0]) == "title" else ""
        texts = [_plain(reader, shape) for shape in shapes]
        notes = page.iterfind(f"{PRESENTATION}notes/{DRAW}frame")
        texts += [
            f"\n[备注 Notes] {said}" for each in notes if _class(each) == "notes" and (said := _plain(reader, each))
        ]
        if text := "\n".join(filter(None, texts)).strip():
            place = {"slide": number, "slides": len(pages), "headings": [heading] if heading else []}
            yield Document(page_content=text, metadata={**place, **about})


def _plain(reader: BlockReader, shape: Any) -> str:
    return "\n".join(block.text for block in reader.blocks([shape])).strip("\n")


def _class(shape: Any) -> str:
    return shape.get(f"{PRESENTATION}class", "")


def _length(shape: Any, side: str) -> float:
    match = re.fullmatch(r"(-?[\d.]+)([a-z]{2})", shape.get(f"{_SVG}{side}", ""))
    return float(match[1]) * _CENTIMETRES.get(match[2], 1.0) if match else 0.0
