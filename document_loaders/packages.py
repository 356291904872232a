"""Office files are ZIP packages of XML parts: limits before they are opened, dead links, one word for damage."""

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from document_loaders.errors import DocumentUnreadable, protected

_MEGABYTE = 1 << 20
# Deflate reaches 1032 to 1; real documents, all parts together, stay below a tenth of that. A smaller bomb is one too:
# parsing it takes a minute.
_BOMB_RATIO = 200
_BOMB_SIZE = 100 * _MEGABYTE
_BROKEN_ARCHIVE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)  # NotImplementedError is one
_BROKEN_CONTENT = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, AssertionError)


def check_package(path: Path, max_unpacked_mb: int) -> None:
    """Refuse a package before anything in it is unpacked.

    Raises:
        DocumentUnreadable: it unpacks to too much, is protected by a password, or is no ZIP file.
        OSError: it cannot be opened.
    """
    with path.open("rb") as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                parts = archive.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
            raise damaged() from error
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if unpacked > max_unpacked_mb * _MEGABYTE or (unpacked > _BOMB_SIZE and unpacked > _BOMB_RATIO * max(packed, 1)):
        size = -(-unpacked // _MEGABYTE)
        raise DocumentUnreadable(
            f"it unpacks to {size} MB, more than is allowed or than an honest file would",
            f"解压后有 {size} MB，超过允许的大小或正常文件的范围",
        )
    if any(part.flag_bits & 1 for part in parts):
        raise protected()


def damaged() -> DocumentUnreadable:
    """The one word for a file that breaks off, contradicts itself or is no XML where it has to be."""
    return DocumentUnreadable("the file is damaged or incomplete", "文件已损坏或不完整")


@contextmanager
def damage_told() -> Iterator[None]:
    """The office libraries do not check what they read: a broken file ends in whatever its broken place leads to."""
    from lxml.etree import LxmlError

    try:
        yield
    except (*_BROKEN_ARCHIVE, *_BROKEN_CONTENT, LxmlError) as error:
        raise damaged() from error


@contextmanager
def without_dead_links(path: Path) -> Iterator[IO[bytes]]:
    """The package as a stream, less the relations to parts that it lacks, at which the office libraries give up."""
    with path.open("rb") as stream:
        with zipfile.ZipFile(stream) as archive:
            changed = dict(_relations_without_dead(archive))
            copy = _copy(archive, changed) if changed else None
        stream.seek(0)
        yield copy or stream


def xml_root(content: bytes) -> Any:
    """Parse XML from a file; entities are not expanded, nothing is fetched."""
    from lxml.etree import XMLParser, fromstring

    return fromstring(content, XMLParser(resolve_entities=False, no_network=True, huge_tree=False))


def _relations_without_dead(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    from lxml.etree import tostring

    members = {name.lower() for name in archive.namelist()}
    for name in archive.namelist():
        if not name.endswith(".rels"):
            continue
        root = xml_root(archive.read(name))
        folder = posixpath.dirname(posixpath.dirname(name))
        dead = [relation for relation in root if _is_dead(relation, folder, members)]
        for relation in dead:
            root.remove(relation)
        if dead:
            yield name, tostring(root)


def _is_dead(relation: Any, folder: str, members: set[str]) -> bool:
    if relation.get("TargetMode") == "External":
        return False
    target = posixpath.normpath(posixpath.join("/", folder, relation.get("Target", "")))
    return target.lstrip("/").partition("#")[0].lower() not in members


def _copy(archive: zipfile.ZipFile, changed: dict[str, bytes]) -> BytesIO:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
        for part in archive.infolist():
            copy.writestr(part, changed.get(part.filename) or archive.read(part))
    out.seek(0)
    return out
