"""Which chunks a search may find: by their file, and by what their metadata says of their place.

A condition on a field of the metadata is a plain value (equal), or an object with `in`, `prefix`, `gt`, `gte`, `lt`,
`lte`. Numbers and their texts are equal, because clients of 0.2.10 send both. Of a field with several values (the
headings, say) one must fit. `source` is the file's name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from server.errors import BadSetting
from server.types import Chunk

OPERATORS = ("in", "prefix", "gt", "gte", "lt", "lte")


@dataclass(frozen=True)
class Filters:
    """What a search is limited to; without patterns and conditions, to nothing.

    `files` are patterns such as `2024/*.pdf`; one of them must fit.
    """

    files: tuple[str, ...] = ()
    metadata: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, files: Sequence[str] = (), metadata: Mapping[str, Any] | None = None) -> "Filters":
        """Check conditions. Raises `BadSetting` for an operator that there is not."""
        for field, wanted in (metadata or {}).items():
            unknown = [name for name in wanted if name not in OPERATORS] if isinstance(wanted, Mapping) else []
            if unknown:
                known = ", ".join(OPERATORS)
                raise BadSetting(
                    name=f"{field}.{unknown[0]}", reason_en=f"there are: {known}", reason_zh=f"可用的有：{known}"
                )
        return cls(tuple(files), tuple((metadata or {}).items()))

    def __bool__(self) -> bool:
        return bool(self.files or self.metadata)

    def allow_file(self, name: str) -> bool:
        """Whether the file's name fits."""
        return not self.files or any(fnmatchcase(name, pattern) for pattern in self.files)

    def allow(self, chunk: Chunk) -> bool:
        """Whether a chunk fits."""
        if not self.allow_file(chunk.file):
            return False
        own = {**chunk.meta, "source": chunk.file, "id": chunk.id}
        return all(field in own and _fits(own[field], wanted) for field, wanted in self.metadata)


def _fits(value: Any, wanted: Any) -> bool:
    if isinstance(value, list | tuple) and not isinstance(wanted, list):
        return any(_fits(each, wanted) for each in value)
    if isinstance(wanted, Mapping):
        return all(_TESTS[name](value, limit) for name, limit in wanted.items())
    return _same(value, wanted)


def _same(value: Any, wanted: Any) -> bool:
    return value == wanted or str(value) == str(wanted)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def test(value: Any, limit: Any) -> bool:
        try:
            return compare(float(value), float(limit))
        except (TypeError, ValueError):
            return compare(str(value), str(limit))

    return test


_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "in": lambda value, wanted: any(_same(value, each) for each in wanted),
    "prefix": lambda value, wanted: str(value).startswith(str(wanted)),
    "gt": _ordered(lambda value, limit: value > limit),
    "gte": _ordered(lambda value, limit: value >= limit),
    "lt": _ordered(lambda value, limit: value < limit),
    "lte": _ordered(lambda value, limit: value <= limit),
}
