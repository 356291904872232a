"""The flagship: random uploads, replacements, deletions and rebuilds, each killed at a random place.

A crash is an exception that no code of ours catches, raised before one of the steps that touch SQL, an index or a
file; everything held in memory is then thrown away, as a killed process would. After each one the visible chunks must
be exactly those of the last committed version of each file, and a search must never show anything else.
"""

import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import inline

from configs import Settings
from server.container import Container
from server.db.session import Database
from server.knowledge_base import content, publish, rebuild
from server.knowledge_base.index import Index, IndexPool
from server.knowledge_base.recipe import IngestOptions
from server.knowledge_base.service import KnowledgeBases, Upload

RUNS = 20
STEPS = 12
KB = "试验"


class Killed(BaseException):
    """The process is gone."""


class Killer:
    """Raises `Killed` at the n-th dangerous step; n = 0 never does."""

    def __init__(self) -> None:
        self.left = 0

    def arm(self, steps: int) -> None:
        self.left = steps

    def around(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def risky(*args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                raise Killed
            result = step(*args, **kwargs)
            self.left -= 1
            if self.left == 0:
                raise Killed
            return result

        return risky


@pytest.fixture
def killer(monkeypatch: pytest.MonkeyPatch) -> Killer:
    made = Killer()
    for owner, name in (
        (Index, "change"),
        (IndexPool, "drop"),
        (content, "put_in_place"),
        (content, "remove"),
        (content, "discard"),
        (publish.Publisher, "_insert"),
        (publish.Publisher, "_switch"),
        (rebuild.Rebuild, "_insert"),
        (rebuild.Rebuild, "_switch"),
    ):
        monkeypatch.setattr(owner, name, made.around(getattr(owner, name)))
    # A killed process runs no clean-up; without this the code's own taking-back would hide what a crash leaves.
    monkeypatch.setattr(publish.Publisher, "_withdraw", lambda *_: None)
    monkeypatch.setattr(rebuild.Rebuild, "_withdraw", lambda *_: None)
    return made


def visible(kbs: KnowledgeBases) -> dict[str, str]:
    texts: dict[str, str] = {}
    for chunk in kbs.chunks(KB):
        texts[chunk.file] = texts.get(chunk.file, "") + chunk.text
    return texts


def operate(kbs: KnowledgeBases, dice: random.Random, version: int) -> tuple[str, dict[str, str | None]]:
    """One random operation; returns it with the file versions it wants (None: gone)."""
    name = f"{dice.choice('abc')}.txt"
    kind = dice.choice(["put", "put", "put", "delete", "rebuild"])
    if kind == "put":
        text = f"{name} 第{version}版 内容{dice.randrange(10**6)}"
        return kind, {name: text}
    return kind, ({name: None} if kind == "delete" else {})


def run(kbs: KnowledgeBases, kind: str, wanted: dict[str, str | None]) -> None:
    if kind == "put":
        uploads = [Upload(name, io.BytesIO((text or "").encode())) for name, text in wanted.items()]
        kbs.add_files(KB, uploads, IngestOptions(replace=True))
    elif kind == "delete":
        kbs.delete_files(KB, list(wanted), delete_content=True)
    else:
        list(kbs.rebuild(KB, IngestOptions(), create=False))


def check_search(kbs: KnowledgeBases, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        best = kbs.search([KB], text, top_k=1, max_distance=2.0)
        assert best, f"{name} is not found"
        assert best[0].chunk.text in texts.values()
    for hit in kbs.search([KB], "内容 版", top_k=50, max_distance=2.0):
        assert hit.chunk.text == texts[hit.chunk.file], "a search shows text that is not the file's"


def finish_jobs(kbs: KnowledgeBases) -> None:
    """What a serving process does after a crash, here in our own thread."""
    interrupted = sorted(job.id for job in kbs.list_jobs(states=("queued", "running")))
    kbs.jobs.take_over()
    kbs.jobs.run(interrupted)
    assert kbs.list_jobs(states=("queued", "running")) == []


def reopen(container: Container, settings: Settings) -> Container:
    container.close()
    return inline(settings)


@pytest.mark.parametrize("seed", range(RUNS))
@pytest.mark.parametrize(("reconciled", "resumed"), [(True, True), (True, False), (False, False)])
def test_a_crash_anywhere_never_shows_a_wrong_version(
    settings: Settings, killer: Killer, seed: int, reconciled: bool, resumed: bool
) -> None:
    dice = random.Random(seed)
    container = inline(settings)
    container.knowledge_bases.create(KB)
    committed: dict[str, str] = {}
    for step in range(STEPS):
        kind, wanted = operate(container.knowledge_bases, dice, step)
        killer.arm(dice.choice([0, 0, *range(1, 12)]))
        try:
            run(container.knowledge_bases, kind, wanted)
        except Killed:
            container = reopen(container, settings)
        killer.arm(0)
        if reconciled:
            container.knowledge_bases.reconcile()
        if resumed:
            finish_jobs(container.knowledge_bases)
        after = {name: text for name, text in {**committed, **wanted}.items() if text is not None}
        now = visible(container.knowledge_bases)
        assert now in (committed, after), f"after {kind}: neither the old nor the new state"
        committed = now
        check_search(container.knowledge_bases, committed)
    container.close()


def test_reconcile_leaves_the_three_truths_equal(settings: Settings, killer: Killer) -> None:
    """After a crash at every single step of a replacement, disk, SQL and both indexes agree again."""
    for kill_at in range(1, 14):
        container = inline(settings)
        kbs, name = container.knowledge_bases, f"库{kill_at}"
        kbs.create(name)
        kbs.add_files(name, [Upload("a.txt", io.BytesIO("旧的内容".encode()))], IngestOptions())
        killer.arm(kill_at)
        try:
            kbs.add_files(name, [Upload("a.txt", io.BytesIO("新的内容".encode()))], IngestOptions(replace=True))
        except Killed:
            container = reopen(container, settings)
        killer.arm(0)
        container.knowledge_bases.reconcile()
        [chunk] = container.knowledge_bases.chunks(name)
        folder: Path = settings.paths.knowledge_base / name
        assert (folder / "content" / "a.txt").read_text("utf-8") == chunk.text
        [index] = [path for path in (folder / "index").iterdir() if path.name.isdigit()]
        assert Index(name, index, "faiss", 512).ids() == ({chunk.id}, {chunk.id})
        container.close()


def test_ids_of_deleted_chunks_never_come_back(container: Container) -> None:
    kbs = container.knowledge_bases
    kbs.create(KB)
    seen: set[int] = set()
    for turn in range(4):
        kbs.add_files(KB, [Upload("a.txt", io.BytesIO(f"第{turn}版".encode()))], IngestOptions())
        ids = {chunk.id for chunk in kbs.chunks(KB)}
        assert not ids & seen
        seen |= ids
        kbs.delete_files(KB, ["a.txt"], delete_content=True)


def test_the_database_is_the_only_owner_of_transactions() -> None:
    """A read session cannot write by accident: what it changes is gone with it."""
    from server.db import repositories as rows

    database = Database("sqlite://")
    database.create_tables()
    with database.read() as session:
        assert rows.knowledge_bases(session) == []
    database.close()
