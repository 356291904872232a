"""What is known of files dropped into one chat."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from server.errors import ZhiwenError
from server.knowledge_base.passage_index import PassageIndex
from server.knowledge_base.reading import Piece
from server.types import Chunk


@dataclass
class TemporaryFile:
    """One dropped file: waiting, ready or failed (then with the reason)."""

    name: str
    size: int
    state: str = "waiting"
    chunks: int = 0
    error: ZhiwenError | None = None


@dataclass(frozen=True)
class TemporaryInfo:
    """What a store holds, and for how many seconds it is kept if nobody uses it."""

    id: str
    files: tuple[TemporaryFile, ...]
    chunks: int
    expires_in_s: float


@dataclass
class Store:
    """The files of one chat. `index` is None until it is needed, after a start of the service.

    `used` and `noted` are clock times: when somebody asked it last, and when that was last written to the disk.
    """

    id: str
    owner: str
    used: float
    index: PassageIndex | None = None
    noted: float = 0.0
    files: dict[str, TemporaryFile] = field(default_factory=dict)
    chunks: dict[int, Chunk] = field(default_factory=dict)
    last_id: int = 0
    waking: threading.Lock = field(default_factory=threading.Lock)

    def take(self, name: str, ids: range, pieces: Sequence[Piece]) -> None:
        """Show the pieces of a file under these ids."""
        for ordinal, (i, piece) in enumerate(zip(ids, pieces, strict=True)):
            self.chunks[i] = Chunk(i, "", name, ordinal, piece.text, piece.meta)
        self.last_id = max(self.last_id, ids.stop - 1)
