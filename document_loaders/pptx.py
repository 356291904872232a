"""PowerPoint presentations (.pptx)."""

from collections.abc import Iterable, Iterator
from typing import Any

from langchain_core.documents import Document

from document_loaders.base import FileLoader, LoadOptions
from document_loaders.embedded_pictures import embedded_text
from document_loaders.markdown_table import markdown_table
from document_loaders.packages import check_package, damage_told, without_dead_links, xml_root

_DIAGRAM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_RELATIONS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


class PptxLoader(FileLoader):
    """Yields one document a slide that says anything; metadata: `slide`, `slides`, `headings` with the slide's title.

    Text comes from top to bottom and from left to right, tables and charts as Markdown tables, the text of pictures by
    OCR, the speaker's notes at the end.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the slides in their order.

        Raises:
            DocumentUnreadable: the file is damaged, unpacks to too much, or is no presentation.
        """
        import pptx

        check_package(self.path, self.options.max_unpacked_mb)
        with damage_told(), without_dead_links(self.path) as stream:
            presentation = pptx.Presentation(stream)
            title = (presentation.core_properties.title or "").strip()
            slides = list(presentation.slides)
        about = {"title": title} if title and title != "PowerPoint Presentation" else {}
        for number, slide in enumerate(slides, start=1):
            with damage_told():
                text = "\n".join(_slide_parts(slide, self.options)).strip()
                headings = [" ".join(slide.shapes.title.text_frame.text.split())] if slide.shapes.title else []
            if text:
                place = {"slide": number, "slides": len(slides), "headings": [each for each in headings if each]}
                yield Document(page_content=text, metadata={**place, **about})


def _slide_parts(slide: Any, options: LoadOptions) -> Iterator[str]:
    title = slide.shapes.title
    if title is not None:
        yield title.text_frame.text.replace("\v", "\n").strip()
    others = [shape for shape in slide.shapes if title is None or shape.shape_id != title.shape_id]
    yield from filter(None, _shape_texts(others, options))
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    if notes is not None and notes.text.strip():
        yield f"\n[备注 Notes] {notes.text.strip()}"


def _shape_texts(shapes: Iterable[Any], options: LoadOptions) -> Iterator[str]:
    """The texts of the shapes in reading order; placeholders without a place of their own have their layout's."""
    for shape in sorted(shapes, key=lambda each: (each.top or 0, each.left or 0)):
        if hasattr(shape, "shapes"):
            yield from _shape_texts(shape.shapes, options)
        elif shape.has_text_frame:
            yield "\n".join(_paragraphs(shape.text_frame))
        elif getattr(shape, "has_table", False):
            yield _block(markdown_table(list(_table_rows(shape.table))))
        elif getattr(shape, "has_chart", False):
            yield _block(_chart_text(shape.chart))
        else:
            yield _picture_text(shape, options) or _diagram_text(shape)


def _block(text: str) -> str:
    return f"\n{text}\n" if text else ""


def _paragraphs(frame: Any) -> Iterator[str]:
    for paragraph in frame.paragraphs:
        text = paragraph.text.replace("\v", "\n").strip()
        if text:
            yield f"{'  ' * paragraph.level}{'- ' if paragraph.level else ''}{text}"


def _table_rows(table: Any) -> Iterator[list[str]]:
    """The cells of a table, a merged one repeated in every place it covers."""
    origins: dict[tuple[int, int], str] = {}
    for row_index, row in enumerate(table.rows):
        texts: list[str] = []
        for column_index, cell in enumerate(row.cells):
            text = origins.get((row_index, column_index), cell.text_frame.text or "")
            if cell.is_merge_origin:
                origins.update(
                    ((row_index + down, column_index + right), text)
                    for down in range(cell.span_height)
                    for right in range(cell.span_width)
                )
            texts.append(text)
        yield texts


def _chart_text(chart: Any) -> str:
    """The title, and a table with a column for each series; kinds of charts without categories give their series."""
    title = chart.chart_title.text_frame.text if chart.has_title and chart.chart_title.has_text_frame else ""
    series = [each for plot in chart.plots for each in plot.series]
    categories = [str(category) for category in chart.plots[0].categories]
    values = [list(each.values) for each in series]
    height = max((len(column) for column in values), default=0)
    rows = [["", *(each.name for each in series)]]
    for index in range(height):
        label = categories[index] if index < len(categories) else str(index + 1)
        rows.append([label, *(_number(column[index]) if index < len(column) else "" for column in values)])
    return "\n\n".join(filter(None, (title.strip(), markdown_table(rows) if height else "")))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.15g}"


def _picture_text(shape: Any, options: LoadOptions) -> str:
    # A picture may be only linked, or of a kind the library knows nothing about.
    part = _related_part(shape, shape._element.find(f".//{_DRAWING}blip"), "embed") if options.ocr else None
    return "" if part is None else embedded_text(part.blob, options)


def _diagram_text(shape: Any) -> str:
    """The words of a SmartArt diagram, which stand in a part of their own."""
    part = _related_part(shape, shape._element.find(f".//{{{_DIAGRAM}}}relIds"), "dm")
    if part is None:
        return ""
    paragraphs = xml_root(part.blob).iter(f"{_DRAWING}p")
    texts = ("".join(run.text or "" for run in paragraph.iter(f"{_DRAWING}t")) for paragraph in paragraphs)
    return "\n".join(text for text in texts if text.strip())


def _related_part(shape: Any, element: Any, attribute: str) -> Any:
    relation = element.get(f"{_RELATIONS}{attribute}") if element is not None else None
    relations = shape.part.rels
    if relation not in relations or relations[relation].is_external:
        return None
    return relations[relation].target_part
