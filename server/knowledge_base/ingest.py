"""Files through the parsers, in batches that share one call of the embedding model and one write of the index."""

import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from server.errors import FileUnreadable, ZhiwenError
from server.knowledge_base import content
from server.knowledge_base.content import Received
from server.knowledge_base.names import Layout
from server.knowledge_base.parsers import Cancelled, Parser
from server.knowledge_base.reading import Piece, Report, Task, Text
from server.knowledge_base.recipe import Recipe

EMBED_BATCH = 512  # chunks embedded and published together
BATCH_S = 2.0  # files that were read wait no longer than this for others, so that people see how far it has come
READ_AHEAD = 32  # files parsed before the first of them is published


@dataclass(frozen=True)
class Parsed:
    """A file that was read in one way, or the error that says why it could not be."""

    received: Received
    recipe: Recipe
    text: Text

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Its chunks to be."""
        return self.text.pieces

    @property
    def error(self) -> ZhiwenError | None:
        """Why it has none."""
        return self.text.error


def silent(stage: str, page: int, pages: int) -> None:
    """A report that nobody reads."""


def never() -> bool:
    """Work that nobody cancels."""
    return False


def parse(
    parser: Parser,
    layout: Layout,
    received: Received,
    recipe: Recipe,
    report: Report = silent,
    cancelled: Cancelled = never,
) -> Parsed:
    """Read one file; what is wrong with it is told in the result. Raises `ParsingCancelled`."""
    try:
        if received.in_place:
            received = content.hashed(layout, received)
    except ZhiwenError as error:
        return Parsed(received, recipe, Text(error=error))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        unreadable = FileUnreadable(name=received.name, reason_en=reason, reason_zh=reason)
        return Parsed(received, recipe, Text(error=unreadable))
    task = Task(received.path, received.name, received.sha256, received.size, recipe)
    return Parsed(received, recipe, parser.parse(task, report, cancelled))


def parse_batches(
    parser: Parser,
    layout: Layout,
    received: Iterable[Received],
    recipe: Recipe,
    threads: int,
    cancelled: Cancelled = never,
) -> Iterator[list[Parsed]]:
    """Read files side by side and yield them in order, in batches of about `EMBED_BATCH` chunks, or what has been read
    in `BATCH_S`. Closing it ends the readers too. Raises `ParsingCancelled`."""
    left = threading.Event()

    def read(item: Received) -> Parsed:
        return parse(parser, layout, item, recipe, cancelled=lambda: left.is_set() or cancelled())

    waiting = iter(received)
    with ThreadPoolExecutor(threads, thread_name_prefix="parse") as pool:
        groups = iter(lambda: list(islice(waiting, READ_AHEAD)), [])
        try:
            yield from _batches(parsed for group in groups for parsed in pool.map(read, group))
        finally:
            left.set()


def _batches(read: Iterator[Parsed]) -> Iterator[list[Parsed]]:
    batch: list[Parsed] = []
    begun = time.monotonic()
    for parsed in read:
        batch.append(parsed)
        if sum(len(item.pieces) for item in batch) >= EMBED_BATCH or time.monotonic() - begun >= BATCH_S:
            yield batch
            batch, begun = [], time.monotonic()
    if batch:
        yield batch
