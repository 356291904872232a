"""Rich Text Format (.rtf)."""

import re
from collections.abc import Iterator

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.errors import DocumentUnreadable
from document_loaders.markdown_table import markdown_table
from document_loaders.packages import damage_told, damaged

_MAX_SIZE = 200 << 20
# Pictures are written in hexadecimal; nothing else has such runs, and the parser looks at every character.
_PICTURE = re.compile(rb"[0-9a-fA-F\r\n]{256,}")
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")
_HALF_ESCAPED = re.compile(rb"((?:\\'[0-9a-fA-F]{2})+)([@-\[\]-z|~])")
_CODE_PAGE = re.compile(rb"\\ansicpg(\d+)")


class RtfLoader(FileLoader):
    """Yields the text as one document, rows of tables as Markdown tables.

    Chinese text comes right both ways it is written: bytes in the file's code page (936 is GBK), or Unicode escapes.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the text.

        Raises:
            DocumentUnreadable: the file is damaged, too large or no RTF.
        """
        from striprtf.striprtf import rtf_to_text

        if self.path.stat().st_size > _MAX_SIZE:
            raise DocumentUnreadable("it is larger than 200 MB", "文件超过 200 MB")
        content = self.path.read_bytes()
        if not content.startswith(b"{\\rtf"):
            raise damaged()
        with damage_told():
            text = rtf_to_text(_source(content), encoding=_encoding(content), errors="replace")
            # Characters beyond the first plane are written as two halves.
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if lines := "\n".join(_with_tables(text.replace("\xad", "").splitlines())).strip():
            yield Document(page_content=lines)


def _source(content: bytes) -> str:
    """The markup in ASCII: some programs leave the bytes of Chinese text, or the second of two, as they are."""
    content = _HIGH_BYTE.sub(lambda byte: b"\\'%02x" % byte[0][0], _PICTURE.sub(b"", content))
    return _HALF_ESCAPED.sub(_escaped, content).decode("latin-1")


def _escaped(match: re.Match[bytes]) -> bytes:
    """Escape a character that is the second byte of a Chinese one, whose first byte ends the run before it."""
    leads = 0
    for byte in bytes.fromhex(match[1].replace(b"\\'", b"").decode()):
        leads = 1 if not leads and 0x81 <= byte <= 0xFE else 0
    return match[1] + (b"\\'%02x" % match[2][0] if leads else match[2])


def _encoding(content: bytes) -> str:
    import codecs

    match = _CODE_PAGE.search(content[:4096])
    name = f"cp{match[1].decode()}" if match and match[1] != b"65001" else "utf-8" if match else "cp1252"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "cp1252"


def _with_tables(lines: list[str]) -> Iterator[str]:
    rows: list[list[str]] = []
    for line in [*lines, ""]:
        if line.endswith("|") and line.count("|") > 1:
            rows.append(line[:-1].split("|"))
            continue
        if rows:
            yield f"\n{markdown_table(rows)}\n"
            rows = []
        yield line.rstrip()
