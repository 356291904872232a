"""Rebuilds in the background: begun, looked at, called off, however long they take and whoever leaves meanwhile.

What is known of them is kept in memory: a rebuild ends with its process, and the index of before stays in use then.
"""

import contextvars
import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Literal

from server.caller import caller
from server.db.tables import now
from server.errors import JobNotFound, KnowledgeBaseBusy, ZhiwenError
from server.knowledge_base.names import KbName
from server.knowledge_base.parsers import ParsingCancelled
from server.knowledge_base.rebuild import RebuildStep
from server.knowledge_base.recipe import IngestOptions
from server.knowledge_base.service import KnowledgeBases

KEPT = 100
Begin = Callable[..., Iterator[RebuildStep]]
"""`KnowledgeBases.rebuild` with everything but `cancelled`."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RebuildInfo:
    """One rebuild: `finished` of `total` files are through, `file` was the last of them.

    `failed` tells why files have no chunks. `unchanged`: nothing had changed, so nothing was done. `error`: why the
    rebuild as a whole failed; the index of before is in use then.
    """

    id: int
    knowledge_base: str
    state: Literal["running", "done", "failed", "cancelled"] = "running"
    total: int = 0
    finished: int = 0
    file: str = ""
    failed: dict[str, ZhiwenError] = field(default_factory=dict)
    edits_lost: int = 0
    unchanged: bool = False
    created: datetime = field(default_factory=now)
    ended: datetime | None = None
    error: ZhiwenError | None = None


@dataclass
class _Entry:
    info: RebuildInfo
    called_off: threading.Event = field(default_factory=threading.Event)


class Rebuilds:
    """The rebuilds of this process. Every method may be called from any thread."""

    def __init__(self, knowledge_bases: KnowledgeBases) -> None:
        self._knowledge_bases = knowledge_bases
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._entries: deque[_Entry] = deque(maxlen=KEPT)

    def start(self, name: str, options: IngestOptions, *, vector_store: str = "", embed_model: str = "") -> RebuildInfo:
        """Begin one and return at once; what goes wrong later stands in its state.

        Raises:
            KnowledgeBaseNotFound, BadName: about the name.
            KnowledgeBaseBusy: it is being rebuilt already.
        """
        kb = self._knowledge_bases.get(name)
        entry = self._enter(kb.name)
        choices = {"vector_store": vector_store, "embed_model": embed_model}
        begin = partial(self._knowledge_bases.rebuild, kb.name, options, create=False, **choices)

        def work() -> None:
            try:
                for _ in self._followed(entry, begin):
                    continue
            except ZhiwenError as error:
                log.warning("the rebuild of %s failed: %s", kb.name, error)
            except Exception:  # the job runner's edge: the reason is kept with the rebuild
                log.exception("the rebuild of %s failed", kb.name)

        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(work,), name="rebuild", daemon=True).start()
        return entry.info

    def watched(self, name: str, begin: Begin) -> Iterator[RebuildStep]:
        """The steps of a rebuild that somebody else runs, so that it is listed and can be called off as well.

        Raises:
            BadName, KnowledgeBaseForbidden: about the name; nothing is listed then.
        """
        return self._followed(None, begin, KbName.parse(name).text)

    def list(self, name: str = "") -> list[RebuildInfo]:
        """The newest first, of one knowledge base or all that the caller may use. Raises `BadName`."""
        wanted = KbName.parse(name).key if name else ""
        with self._lock:
            infos = [entry.info for entry in reversed(self._entries)]
        keys = [(KbName(info.knowledge_base).key, info) for info in infos]
        return [info for key, info in keys if (not wanted or key == wanted) and caller().may_use(key)]

    def get(self, rebuild_id: int) -> RebuildInfo:
        """One of them. Raises `JobNotFound`."""
        return self._find(rebuild_id).info

    def cancel(self, rebuild_id: int) -> RebuildInfo:
        """Call one off: its readers end at once, and it ends as soon as what is being embedded is through. One that
        is over stays what it is. Raises `JobNotFound`."""
        entry = self._find(rebuild_id)
        entry.called_off.set()
        return entry.info

    def _find(self, rebuild_id: int) -> _Entry:
        with self._lock:
            found = next((entry for entry in self._entries if entry.info.id == rebuild_id), None)
        if found is None or not caller().may_use(KbName(found.info.knowledge_base).key):
            raise JobNotFound(id=rebuild_id)
        return found

    def _enter(self, name: str) -> _Entry:
        key = KbName(name).key
        with self._lock:
            entries = [entry.info for entry in self._entries]
            if any(info.state == "running" and KbName(info.knowledge_base).key == key for info in entries):
                raise KnowledgeBaseBusy(name=name)
            entry = _Entry(RebuildInfo(next(self._ids), name))
            self._entries.append(entry)
        return entry

    def _followed(self, entry: _Entry | None, begin: Begin, name: str = "") -> Generator[RebuildStep, None, None]:
        entry = entry or self._enter(name)
        try:
            for step in begin(cancelled=entry.called_off.is_set):
                _note(entry, step)
                yield step
        except ParsingCancelled:
            _end(entry, "cancelled")
            return
        except ZhiwenError as error:
            _end(entry, "failed", error)
            raise
        except BaseException:
            _end(entry, "failed", ZhiwenError())
            raise
        _end(entry, "done")


def _note(entry: _Entry, step: RebuildStep) -> None:
    info = entry.info
    entry.info = replace(
        info,
        total=step.total,
        finished=step.finished,
        file=step.file,
        failed=info.failed | ({step.file: step.error} if step.error else {}),
        edits_lost=info.edits_lost + step.edits_lost,
        unchanged=step.unchanged,
    )


def _end(entry: _Entry, state: Literal["done", "failed", "cancelled"], error: ZhiwenError | None = None) -> None:
    entry.info = replace(entry.info, state=state, ended=now(), error=error)
