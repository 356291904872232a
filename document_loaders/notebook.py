"""Jupyter notebooks: the text, the code, and what the code wrote; no pictures, nothing is run."""

import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.encoding import read_text
from document_loaders.errors import DocumentUnreadable
from document_loaders.json_reader import broken, too_deep
from document_loaders.markdown import markdown_blocks
from document_loaders.sections import Block

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_OVERWRITTEN = re.compile(r"[^\n]*\r(?!\n)")
_ATTACHED_PICTURE = re.compile(r"!\[[^\]]*\]\((?:attachment|data):[^)]*\)")


class NotebookLoader(FileLoader):
    """Yields one document for each cell that holds something.

    Metadata: `part` ("cell 3"), `headings` (the last headings above or at the start of the cell), `title` when known.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the cells in order.

        Raises:
            DocumentUnreadable: it is no text, no JSON, or no notebook.
        """
        notebook = _parsed(read_text(self.path))
        about = _object(notebook.get("metadata"))
        title = str(about.get("title") or "")
        language = _language(about)
        path: list[Block] = []
        for number, cell in enumerate(_cells(notebook), start=1):
            text = _text(cell, language)
            headings = [block for block in _blocks(cell, text) if block.level]
            path = _below(path, headings[:1])
            if text.strip():
                metadata = {"part": f"cell {number}", "headings": [block.title for block in path]}
                yield Document(page_content=text, metadata=metadata | ({"title": title} if title else {}))
            path = _below(path, headings[1:])


def _parsed(source: str) -> dict[str, Any]:
    try:
        notebook = json.loads(source)
    except json.JSONDecodeError as error:
        raise broken(error.lineno, error.colno, error.msg) from error
    except RecursionError as error:
        raise too_deep() from error
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells", notebook.get("worksheets")), list):
        raise DocumentUnreadable("it is JSON, but no Jupyter notebook", "内容是 JSON，但不是 Jupyter 笔记本")
    return notebook


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    # Before format 4 the cells were in sheets.
    cells = notebook.get("cells")
    if cells is None:
        sheets = [sheet for sheet in notebook["worksheets"] if isinstance(sheet, dict)]
        cells = chain.from_iterable(sheet.get("cells", []) for sheet in sheets)
    return [cell for cell in cells if isinstance(cell, dict)]


def _language(about: dict[str, Any]) -> str:
    info, kernel = _object(about.get("language_info")), _object(about.get("kernelspec"))
    return str(info.get("name") or kernel.get("language") or "")


def _text(cell: dict[str, Any], language: str) -> str:
    source = _joined(cell.get("source", cell.get("input")))
    if cell.get("cell_type") == "markdown":
        return _ATTACHED_PICTURE.sub("", source).strip("\n")
    if cell.get("cell_type") != "code":
        return source.strip("\n")
    parts = [f"```{language}\n{source.strip()}\n```"] if source.strip() else []
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        if isinstance(output, dict) and (text := _output(output).strip("\n")):
            parts.append(f"```\n{text}\n```")
    return "\n\n".join(parts)


def _output(output: dict[str, Any]) -> str:
    if output.get("output_type") in ("error", "pyerr"):
        return f"{output.get('ename', '')}: {output.get('evalue', '')}"
    data = _object(output.get("data"))
    written = output.get("text") or data.get("text/markdown") or data.get("text/plain")
    text = _COLOURS.sub("", _joined(written))
    # A progress bar draws itself over and over in one line; what is seen in the end counts.
    return _OVERWRITTEN.sub("", text)


def _joined(text: Any) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text or "")


def _blocks(cell: dict[str, Any], text: str) -> list[Block]:
    if cell.get("cell_type") == "heading":
        level = cell.get("level")
        return [Block(text, level if isinstance(level, int) else 1, text)]
    return markdown_blocks(text) if cell.get("cell_type") == "markdown" else []


def _below(path: list[Block], headings: list[Block]) -> list[Block]:
    for heading in headings:
        path = [*(block for block in path if block.level < heading.level), heading]
    return path
