"""What people changed in the chunks of a file, and how it outlives the file's being read again.

A changed chunk remembers in `origin` which piece of the file it stands for: the hash of the piece's text, and whether
it was the first, second, … piece of that text. When the file is read again, by a rebuild or because its bytes are new,
a change is kept where the same piece is made again; the others are lost and counted. A chunk that was added by hand
remembers the piece it follows, and is never lost: without that piece it stands at the end.

A file with custom documents consists of chunks added by hand only. Reading it again keeps them as they are, until it is
uploaded anew or somebody asks for its own text.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.db import chunks as chunk_rows
from server.db import repositories as rows
from server.db.session import Session
from server.db.tables import ChunkRow, FileRow
from server.knowledge_base.reading import Piece, Text, indexed_text

HAND = "hand:"
Stamp = tuple[int, int]
"""A file's generation and revision: what its chunks were when they were looked at."""


@dataclass(frozen=True)
class Edits:
    """The changes of one file, in reading order, and the state of the file they were taken from."""

    stamp: Stamp = (0, 0)
    changed: tuple[ChunkRow, ...] = ()
    custom: bool = False


@dataclass(frozen=True)
class Draft:
    """A chunk to be, with what the indexes are to see of it."""

    chunk: rows.NewChunk
    indexed: str

    @property
    def is_shown(self) -> bool:
        """Whether it goes into the indexes."""
        return self.chunk.state == rows.SHOWN


@dataclass
class Drafts:
    """The chunks of a file to be, in reading order, and how many changes found no place among them."""

    chunks: list[Draft] = field(default_factory=list)
    lost: int = 0


def piece_hash(text: str) -> str:
    """What the origin of all pieces of this text begins with."""
    return f"{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:40]}:"


def origin_of(session: Session, chunk: ChunkRow) -> str:
    """Which piece of its file a chunk stands for, or that it was added by hand."""
    if chunk.origin:
        return chunk.origin
    key = piece_hash(chunk.text)
    return f"{key}{chunk_rows.same_before(session, chunk, key)}"


def is_edited(chunk: ChunkRow) -> bool:
    """Whether the text of a chunk is not that of its file."""
    return bool(chunk.origin) and not chunk.origin.startswith(piece_hash(chunk.text))


def edits_of(session: Session, knowledge_base_id: int, names: Sequence[str]) -> dict[str, Edits]:
    """What was changed in these files, by name; unknown files are not in it."""
    found: dict[str, Edits] = {}
    for name in names:
        file = rows.find_file(session, knowledge_base_id, name)
        if file is not None:
            changed = tuple(chunk_rows.changed_chunks(session, file)) if file.revision or file.custom_docs else ()
            found[name] = Edits(stamp_of(file), changed, file.custom_docs)
    return found


def stamp_of(file: FileRow) -> Stamp:
    """What changes with every change of a file's chunks."""
    return file.generation, file.revision


def draft(file: str, text: Text, edits: Edits) -> Drafts:
    """The chunks of a file that was read, with what people changed before."""
    if text.custom:
        given = [_by_hand(file, piece) for piece in text.pieces]
        return Drafts(given or [_kept(file, row) for row in edits.changed if row.state != rows.DELETED])
    if edits.custom or not edits.changed or not text.pieces:
        lost = 0 if edits.custom else sum(not row.origin.startswith(HAND) for row in edits.changed)
        return Drafts([Draft(rows.NewChunk(piece.text, piece.meta), piece.indexed) for piece in text.pieces], lost)
    return _merged(file, text.pieces, edits.changed)


def _merged(file: str, pieces: Sequence[Piece], changed: Sequence[ChunkRow]) -> Drafts:
    by_origin = {row.origin: row for row in changed if not row.origin.startswith(HAND)}
    by_anchor: dict[str, list[ChunkRow]] = {}
    for row in changed:
        if row.origin.startswith(HAND) and row.state != rows.DELETED:
            by_anchor.setdefault(row.origin.removeprefix(HAND), []).append(row)
    found = [_kept(file, row) for row in by_anchor.pop("", ())]
    seen: Counter[str] = Counter()
    for piece in pieces:
        key = piece_hash(piece.text)
        origin = f"{key}{seen[key]}"
        seen[key] += 1
        row = by_origin.pop(origin, None)
        if row is None:
            found.append(Draft(rows.NewChunk(piece.text, piece.meta), piece.indexed))
        else:
            found.append(_kept(file, row))
        found += [_kept(file, added) for added in by_anchor.pop(origin, ())]
    found += [_kept(file, added) for group in by_anchor.values() for added in group]
    return Drafts(found, lost=len(by_origin))


def _kept(file: str, row: ChunkRow) -> Draft:
    chunk = rows.NewChunk(row.text, row.meta, row.public or row.id, row.state, row.origin)
    return Draft(chunk, indexed_text(file, row.text, row.meta))


def _by_hand(file: str, piece: Piece) -> Draft:
    return Draft(rows.NewChunk(piece.text, piece.meta, origin=HAND), indexed_text(file, piece.text, piece.meta))


def custom_pieces(file: str, documents: Sequence[Mapping[str, Any]]) -> tuple[Piece, ...]:
    """Pieces out of the documents somebody gave for a file: `page_content` and `metadata` of each."""
    pieces: list[Piece] = []
    for document in documents:
        text, meta = str(document.get("page_content", "")), dict(document.get("metadata") or {})
        if text.strip():
            pieces.append(Piece(text, indexed_text(file, text, meta), meta))
    return tuple(pieces)
