"""What people are told of an exception that nobody foresaw."""

import errno
import os
from collections.abc import Iterator

from server.errors.base import ZhiwenError
from server.errors.services import StorageFailed

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC})
# SQLite, Tantivy and FAISS say it in words only.
_IN_WORDS = ("no space left", "disk is full", "disk quota exceeded")


def unforeseen(error: BaseException, **detail: str) -> ZhiwenError:
    """`storage_failed` where a full disk is behind it, else `internal`; both carry the detail."""
    if any(map(_no_room, _chain(error))):
        return StorageFailed(reason=os.strerror(errno.ENOSPC), **detail)
    return ZhiwenError(**detail)


def _no_room(error: BaseException) -> bool:
    said = str(error).lower()
    return (isinstance(error, OSError) and error.errno in _NO_ROOM) or any(words in said for words in _IN_WORDS)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__
