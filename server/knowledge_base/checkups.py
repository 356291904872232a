"""Checks and repairs in the background: begun, looked at, however long they take and whoever leaves meanwhile.

What is known of them is kept in memory. One that ends with its process has done no harm: a check changes nothing, and a
repair can be interrupted anywhere.
"""

import contextvars
import itertools
import logging
import threading
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from server.caller import caller
from server.db.tables import now
from server.errors import JobNotFound, KnowledgeBaseBusy, ZhiwenError
from server.knowledge_base.audit import Report
from server.knowledge_base.names import KbName
from server.knowledge_base.progress import Stage
from server.knowledge_base.reconcile import Repairs
from server.knowledge_base.service import KnowledgeBases

Kind = Literal["check", "repair"]
KEPT = 100
PATIENCE_S = 5
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkup:
    """One check or repair: `done` of `total` of a stage are through, 0 of 0 where nobody can say. A repair ends with a
    check, so `report` is there in the end unless it failed, which `error` explains."""

    id: int
    knowledge_base: str
    kind: Kind
    state: Literal["running", "done", "failed"] = "running"
    stage: Stage = "hashing"
    done: int = 0
    total: int = 0
    report: Report | None = None
    repairs: Repairs | None = None
    created: datetime = field(default_factory=now)
    ended: datetime | None = None
    error: ZhiwenError | None = None


class Checkups:
    """Those of this process. Every method may be called from any thread."""

    def __init__(self, knowledge_bases: KnowledgeBases) -> None:
        self._knowledge_bases = knowledge_bases
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._known: dict[int, Checkup] = {}
        self._order: deque[int] = deque()

    def start(self, name: str, kind: Kind) -> Checkup:
        """Begin one and return at once; what goes wrong later stands in its state.

        Raises:
            KnowledgeBaseNotFound, BadName: about the name.
            KnowledgeBaseBusy: it is being checked or repaired already.
        """
        entry = self._enter(self._knowledge_bases.get(name).name, kind)
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._work, entry), name=kind, daemon=True).start()
        return entry

    def list(self, name: str = "") -> list[Checkup]:
        """The newest first, of one knowledge base or all that the caller may use. Raises `BadName`."""
        wanted = KbName.parse(name).key if name else ""
        with self._lock:
            found = [(KbName(self._known[one].knowledge_base).key, self._known[one]) for one in reversed(self._order)]
        return [one for key, one in found if (not wanted or key == wanted) and caller().may_use(key)]

    def get(self, checkup_id: int) -> Checkup:
        """One of them. Raises `JobNotFound`."""
        with self._lock:
            found = self._known.get(checkup_id)
        if found is None or not caller().may_use(KbName(found.knowledge_base).key):
            raise JobNotFound(id=checkup_id)
        return found

    def _enter(self, name: str, kind: Kind) -> Checkup:
        with self._lock:
            if any(one.state == "running" and one.knowledge_base == name for one in self._known.values()):
                raise KnowledgeBaseBusy(name=name)
            entry = Checkup(next(self._ids), name, kind)
            self._known[entry.id] = entry
            self._order.append(entry.id)
            if len(self._order) > KEPT:
                del self._known[self._order.popleft()]
        return entry

    def _work(self, entry: Checkup) -> None:
        def told(stage: Stage, done: int, total: int) -> None:
            self._change(entry.id, stage=stage, done=done, total=total)

        maintenance, names = self._knowledge_bases.maintenance, [entry.knowledge_base]
        try:
            if entry.kind == "repair":
                done = maintenance.repair(names, patience_s=PATIENCE_S, told=told)
                self._change(entry.id, repairs=done.get(entry.knowledge_base))
            (report,) = maintenance.look(names, told=told)
            self._change(entry.id, state="done", report=report, ended=now())
        except ZhiwenError as error:
            log.warning("the %s of %s failed: %s", entry.kind, entry.knowledge_base, error)
            self._change(entry.id, state="failed", error=error, ended=now())
        except Exception:  # the job runner's edge: the reason is kept with the work
            log.exception("the %s of %s failed", entry.kind, entry.knowledge_base)
            self._change(entry.id, state="failed", error=ZhiwenError(), ended=now())

    def _change(self, checkup_id: int, **values: Any) -> None:
        with self._lock:
            if known := self._known.get(checkup_id):
                self._known[checkup_id] = replace(known, **values)
