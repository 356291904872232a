"""Take a folder of the user's into a knowledge base, once or again and again: what is new or changed is read.

The files are copied; the folder itself is never written to. Names are paths relative to the folder. Hidden and
temporary files and links are passed over, and so is what a pattern names: `*.log` and `drafts` anywhere, `old/*.pdf`
and `/notes.txt` from the top, `build/` folders only.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path, PurePosixPath

from server.errors import Busy, Conflict, FileUnreadable, Unavailable, UpstreamFailed, ZhiwenError
from server.knowledge_base import content
from server.knowledge_base.recipe import IngestOptions
from server.knowledge_base.service import KnowledgeBases
from server.knowledge_base.uploads import ARCHIVE, Upload

GROUP = 32  # files handed in together; progress is told after each group
_PASSING = (Busy, Conflict, Unavailable, UpstreamFailed)
"""Errors that say nothing about the file: the same bytes are tried again at the next look."""


@dataclass(frozen=True)
class FolderStep:
    """One file is done, the `finished`-th of `total`: read, as before, deleted, or failed with an error."""

    file: str
    finished: int
    total: int
    error: ZhiwenError | None = None
    unchanged: bool = False
    deleted: bool = False


@dataclass(frozen=True)
class Stat:
    """What tells cheaply that a file has changed."""

    modified_ns: int
    size: int


class Folder:
    """A folder and the knowledge base it goes into.

    With `mirror` the knowledge base loses what the folder no longer holds. A folder without any readable file deletes
    nothing: that is what a drive looks like which is not mounted.
    """

    def __init__(
        self, kbs: KnowledgeBases, name: str, root: Path, *, ignore: Sequence[str] = (), mirror: bool = False
    ) -> None:
        self._kbs = kbs
        self._name = name
        self._root = root
        self._ignore = ignore
        self._mirror = mirror
        self._seen: dict[str, Stat] = {}
        self._done: dict[str, Stat] = {}
        self._unsettled: set[str] = set()

    def sync(self, options: IngestOptions) -> Iterator[FolderStep]:
        """Bring the knowledge base up to date, a step for each file of the folder.

        Raises:
            KnowledgeBaseNotFound: it was deleted.
            QueueFull: too many files wait in it.
        """
        present = self._scan()
        yield from self._take(list(present), options)
        self._seen = present
        self._done = {file: stat for file, stat in present.items() if file not in self._unsettled}
        yield from self._delete(present)

    def sync_changed(self, options: IngestOptions) -> Iterator[FolderStep]:
        """Like `sync`, for the files that changed since the last time and have come to rest since the last look."""
        present = self._scan()
        rested = {file: stat for file, stat in present.items() if self._seen.get(file) == stat}
        changed = [file for file, stat in rested.items() if self._done.get(file) != stat]
        vanished = self._done.keys() - present.keys()
        self._seen = present
        yield from self._take(changed, options)
        done = {**{file: self._done[file] for file in self._done.keys() & present.keys()}, **rested}
        self._done = {file: stat for file, stat in done.items() if file not in self._unsettled}
        if vanished:
            yield from self._delete(present)

    def _scan(self) -> dict[str, Stat]:
        found: dict[str, Stat] = {}
        for file in readable(self._root, self._ignore):
            try:
                stat = (self._root / file).stat()
            except OSError:
                continue  # it went while we looked
            found[file] = Stat(stat.st_mtime_ns, stat.st_size)
        return found

    def _take(self, files: Sequence[str], options: IngestOptions) -> Iterator[FolderStep]:
        options, total = replace(options, replace=True), len(files)
        finished, waiting = 0, iter(files)
        self._unsettled = set()
        while group := list(islice(waiting, GROUP)):
            for step in self._take_group(group, options):
                finished += 1
                if isinstance(step.error, _PASSING):
                    self._unsettled.add(step.file)
                # An archive gives a step for each of its files.
                yield replace(step, finished=min(finished, total), total=total)

    def _take_group(self, files: Sequence[str], options: IngestOptions) -> Iterator[FolderStep]:
        changed: list[str] = []
        for file in files:
            if self._is_as_before(file, options):
                yield FolderStep(file, 0, 0, unchanged=True)
            else:
                changed.append(file)
        unopened: dict[str, ZhiwenError] = {}
        results = self._kbs.add_files(self._name, self._uploads(changed, unopened), options) if changed else {}
        for file, error in {**results, **unopened}.items():
            yield FolderStep(file, 0, 0, error)

    def _is_as_before(self, file: str, options: IngestOptions) -> bool:
        """Hashing here spares copying what would be thrown away again."""
        try:
            return not options.force and self._kbs.has(self._name, file, content.sha256(self._root / file), options)
        except (ZhiwenError, OSError):
            return False  # handing it in tells the reason

    def _uploads(self, files: Iterable[str], unopened: dict[str, ZhiwenError]) -> Iterator[Upload]:
        for file in files:
            try:
                stream = (self._root / file).open("rb")
            except OSError as error:
                reason = error.strerror or type(error).__name__
                unopened[file] = FileUnreadable(name=file, reason_en=reason, reason_zh=reason)
                continue
            with stream:
                yield Upload(file, stream)

    def _delete(self, present: Iterable[str]) -> Iterator[FolderStep]:
        kept = {*present}
        if not self._mirror or not kept:
            return
        archives = tuple(f"{file}/" for file in kept if file.lower().endswith(ARCHIVE))
        gone = [
            file.name
            for file in self._kbs.files(self._name)
            if file.name not in kept and not file.name.startswith(archives)
        ]
        deleted = self._kbs.delete_files(self._name, gone, delete_content=True) if gone else None
        for finished, (file, error) in enumerate(deleted.results.items() if deleted else (), 1):
            yield FolderStep(file, finished, len(gone), error, deleted=error is None)


def readable(root: Path, ignore: Sequence[str] = ()) -> list[str]:
    """Names of the files below a folder that a knowledge base can read, sorted."""
    from document_loaders.table import suffixes

    wanted = {*suffixes(), ARCHIVE}
    found: list[str] = []
    for folder, folders, files in os.walk(root):
        above = PurePosixPath(Path(folder).relative_to(root).as_posix())
        folders[:] = [
            each for each in folders if not each.startswith(".") and not is_ignored(above / each, ignore, True)
        ]
        for file in files:
            path = Path(folder, file)
            passed_over = file.startswith(".") or content.is_temporary(file) or path.is_symlink()
            if path.suffix.lower() in wanted and not passed_over and not is_ignored(above / file, ignore):
                found.append((above / file).as_posix())
    return sorted(found)


def is_ignored(path: PurePosixPath, patterns: Sequence[str], is_folder: bool = False) -> bool:
    """Whether a pattern names this relative path; folders above it were asked before."""
    return any(_matches(path, pattern, is_folder) for pattern in patterns)


def _matches(path: PurePosixPath, pattern: str, is_folder: bool) -> bool:
    if pattern.endswith("/") and not is_folder:
        return False
    bare = pattern.rstrip("/")
    return fnmatchcase(path.as_posix() if "/" in bare else path.name, bare.lstrip("/"))
