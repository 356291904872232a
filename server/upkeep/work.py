"""What all actions share: which knowledge bases are meant, and files worked through with progress and a summary."""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, cast

from server.container import Container
from server.errors import IndexMismatch, KnowledgeBaseNotFound, StorageFailed, ZhiwenError
from server.knowledge_base.service import KnowledgeBases
from server.upkeep.console import Console

DONE = 0
FAILED = 1
REFUSED = 2


class Step(Protocol):
    """One file is done; `RebuildStep` and `FolderStep` are such."""

    @property
    def file(self) -> str: ...  # noqa: D102
    @property
    def finished(self) -> int: ...  # noqa: D102
    @property
    def total(self) -> int: ...  # noqa: D102
    @property
    def error(self) -> ZhiwenError | None: ...  # noqa: D102
    @property
    def unchanged(self) -> bool: ...  # noqa: D102


@dataclass
class Tally:
    """What happened to the files of one knowledge base."""

    files: int = 0
    unchanged: int = 0
    failed: list[ZhiwenError] = field(default_factory=list)

    def count(self, step: Step) -> None:
        """One more."""
        self.files += 1
        self.unchanged += step.unchanged
        if step.error is not None:
            self.failed.append(step.error)


@dataclass(frozen=True)
class Work:
    """One run of the command."""

    container: Container
    options: argparse.Namespace
    console: Console

    @property
    def kbs(self) -> KnowledgeBases:
        """All knowledge bases."""
        return self.container.knowledge_bases

    def listed(self) -> list[str]:
        """The named knowledge bases, as they write their names, or all. Raises `KnowledgeBaseNotFound`."""
        if self.options.kb_name:
            return [self.kbs.get(name).name for name in self.options.kb_name]
        return [kb.name for kb in self.kbs.list()]

    def with_folders(self) -> list[str]:
        """The same, and folders that are no knowledge bases yet. Raises `KnowledgeBaseNotFound`."""
        known = {kb.name.casefold(): kb.name for kb in self.kbs.list()}
        folders, asked = self.kbs.folders(), cast("list[str]", self.options.kb_name)
        if not asked:
            return sorted({*known.values(), *folders})
        names = [known.get(name.casefold(), name) for name in asked]
        if unknown := [name for name in names if name not in folders and name not in known.values()]:
            raise KnowledgeBaseNotFound(name=", ".join(unknown))
        return names

    def check_model(self, name: str) -> None:
        """Raises `IndexMismatch` when another embedding model is asked for than the index was built with."""
        built, wanted = self.kbs.get(name).embed_model, self.options.embed_model
        if wanted and wanted != built:
            raise IndexMismatch(name=name, built=built, wanted=wanted)

    def each(self, names: list[str], steps: Callable[[str], Iterator[Step]]) -> int:
        """Work through the files of these knowledge bases; returns the exit code."""
        if not names:
            self.console.say("nothing")
        return max([self.one(name, steps) for name in names], default=DONE)

    def one(self, name: str, steps: Callable[[str], Iterator[Step]]) -> int:
        """Work through one knowledge base and say how it went. What is wrong with it does not stop the others."""
        began, tally = time.monotonic(), Tally()
        self.console.say("working", name)
        try:
            with self.console.progress(name) as progress:
                for step in steps(name):
                    tally.count(step)
                    progress(step.file, step.finished, step.total)
            info = self.kbs.get(name)
        except ZhiwenError as error:
            self.console.complain(error)
            return FAILED
        except OSError as error:
            self.console.complain(StorageFailed(reason=error.strerror or type(error).__name__))
            return FAILED
        for failure in tally.failed:
            self.console.complain(failure)
        failed, seconds = len(tally.failed), time.monotonic() - began
        self.console.say("summary", tally.files, info.chunks, tally.unchanged, failed, seconds, info.embed_model)
        return FAILED if tally.failed else DONE
