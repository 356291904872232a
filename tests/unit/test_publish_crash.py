"""The flagship: a state machine of uploads, replacements, deletions, changed chunks and rebuilds, killed at any place.

A crash is an exception that no code of ours catches, raised before one of the steps that touch SQL, an index or a
file; everything held in memory is then thrown away, as a killed process would. After each one the visible chunks must
be exactly those of the last committed version of each file, and a search must never show anything else.
"""

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from containers import inline
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from configs import Settings, load_settings
from server.container import Container
from server.db.chunks import Wanted
from server.db.session import Database
from server.knowledge_base import chunk_editor, content, publish, rebuild
from server.knowledge_base.chunk_desk import ChunkInfo
from server.knowledge_base.chunk_editor import Addition, Change
from server.knowledge_base.index import Index, IndexPool
from server.knowledge_base.recipe import IngestOptions
from server.knowledge_base.service import KnowledgeBases, Upload

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


def install_killer(monkeypatch: pytest.MonkeyPatch) -> Killer:
    """Make every step that touches SQL, an index or a file a place to die at."""
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
        (chunk_editor.ChunkEditor, "_stage"),
        (chunk_editor.ChunkEditor, "_switch"),
    ):
        monkeypatch.setattr(owner, name, made.around(getattr(owner, name)))
    # A killed process runs no clean-up; without this the code's own taking-back would hide what a crash leaves.
    monkeypatch.setattr(publish.Publisher, "_withdraw", lambda *_: None)
    monkeypatch.setattr(rebuild.Rebuild, "_withdraw", lambda *_: None)
    monkeypatch.setattr(chunk_editor.ChunkEditor, "_withdraw", lambda *_: None)
    return made


@pytest.fixture
def killer(monkeypatch: pytest.MonkeyPatch) -> Killer:
    return install_killer(monkeypatch)


names = st.sampled_from(["a.txt", "b.txt", "子/c.txt"])
kill_moments = st.one_of(st.just(0), st.integers(1, 16))


class Crashes(RuleBasedStateMachine):
    """Upload, replace, delete, rebuild, each perhaps killed; reconcile and take over in between, or not."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.patch = pytest.MonkeyPatch()
        self.patch.setenv("ZHIWEN__PATHS__KNOWLEDGE_BASE", self.folder.name)
        self.settings = load_settings()
        self.killer = install_killer(self.patch)
        self.container = inline(self.settings)
        self.kbs.create(KB)
        self.committed: dict[str, str] = {}
        self.latest: dict[str, str | None] = {}
        self.version = 0

    @property
    def kbs(self) -> KnowledgeBases:
        return self.container.knowledge_bases

    def teardown(self) -> None:
        self.container.close()
        self.patch.undo()
        self.folder.cleanup()

    def attempt(self, wanted: dict[str, str | None], kill_at: int, work: Callable[[], object]) -> None:
        """Do something that may be killed; afterwards either the old or the wanted state is there, nothing between."""
        self.killer.arm(kill_at)
        try:
            work()
        except Killed:
            self.container = reopen(self.container, self.settings)
        self.killer.arm(0)
        after = {name: text for name, text in {**self.committed, **wanted}.items() if text is not None}
        now = self.visible()
        assert now in (self.committed, after)
        self.committed = now

    def visible(self) -> dict[str, str]:
        texts: dict[str, str] = {}
        for chunk in self.kbs.chunks(KB):
            texts[chunk.file] = texts.get(chunk.file, "") + chunk.text
        return texts

    @rule(name=names, kill_at=kill_moments, words=st.integers(0, 10**6))
    def put(self, name: str, kill_at: int, words: int) -> None:
        self.version += 1
        text = f"{name} 第{self.version}版 内容{words}"
        uploads = [Upload(name, io.BytesIO(text.encode()))]
        self.latest[name] = text
        self.attempt({name: text}, kill_at, lambda: self.kbs.add_files(KB, uploads, IngestOptions(replace=True)))

    @rule(name=names, kill_at=kill_moments)
    def delete(self, name: str, kill_at: int) -> None:
        self.latest[name] = None
        self.attempt({name: None}, kill_at, lambda: self.kbs.delete_files(KB, [name], delete_content=True))

    def chunk(self, name: str, state: str) -> ChunkInfo | None:
        page = self.kbs.chunk_desk.page(KB, Wanted(name, state), offset=0, limit=1)
        return page.chunks[0] if page.chunks else None

    @rule(name=names, kill_at=kill_moments, words=st.integers(0, 10**6), state=st.sampled_from(["shown", "disabled"]))
    def edit(self, name: str, kill_at: int, words: int, state: str) -> None:
        chunk = self.chunk(name, state)
        if chunk is not None:
            self.version += 1
            text = f"{name} 第{self.version}版 修改{words}"
            wanted = {name: text} if state == "shown" else {}
            change = Change(chunk.id, text=text)
            self.attempt(wanted, kill_at, lambda: self.kbs.chunk_desk.change(KB, [change]))

    @rule(name=names, kill_at=kill_moments, state=st.sampled_from(["disabled", "deleted"]))
    def hide(self, name: str, kill_at: int, state: str) -> None:
        chunk = self.chunk(name, "shown")
        if chunk is not None:
            self.attempt({name: None}, kill_at, lambda: self.kbs.chunk_desk.change(KB, [Change(chunk.id, state=state)]))

    @rule(name=names, kill_at=kill_moments)
    def show(self, name: str, kill_at: int) -> None:
        chunk = self.chunk(name, "disabled")
        if chunk is not None:
            change = Change(chunk.id, state="shown")
            self.attempt({name: chunk.text}, kill_at, lambda: self.kbs.chunk_desk.change(KB, [change]))

    @rule(kill_at=kill_moments, force=st.booleans())
    def rebuild(self, kill_at: int, force: bool) -> None:
        options = IngestOptions(force=force)
        self.attempt({}, kill_at, lambda: list(self.kbs.rebuild(KB, options, create=False)))

    @rule()
    def reconcile(self) -> None:
        self.kbs.maintenance.repair()
        assert self.visible() == self.committed

    @rule()
    def take_over(self) -> None:
        """What a serving process does after a crash: finish what was acknowledged, here in our own thread."""
        interrupted = {job.id: job.file for job in self.kbs.list_jobs(states=("queued", "running"))}
        self.kbs.jobs.take_over()
        self.kbs.jobs.run(sorted(interrupted))
        assert self.kbs.list_jobs(states=("queued", "running")) == []
        now = self.visible()
        changed = {name for name in now.keys() | self.committed.keys() if now.get(name) != self.committed.get(name)}
        assert changed <= set(interrupted.values())
        assert all(now.get(name) == self.latest[name] for name in changed), "an older upload came back"
        self.committed = now

    @invariant()
    def searches_show_the_truth(self) -> None:
        for name, text in self.committed.items():
            best = self.kbs.search([KB], text, top_k=1, max_distance=2.0)
            assert best, f"{name} is not found"
        for hit in self.kbs.search([KB], "内容 版", top_k=50, max_distance=2.0):
            assert hit.chunk.text == self.committed[hit.chunk.file], "a search shows text that is not the file's"


TestCrashes = Crashes.TestCase
TestCrashes.settings = hypothesis.settings(
    max_examples=25,
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    # Shrinking runs the machine hundreds of times; the seed that is printed is enough to look at a failure.
    phases=[phase for phase in hypothesis.Phase if phase is not hypothesis.Phase.shrink],
    print_blob=True,
)


def reopen(container: Container, settings: Settings) -> Container:
    container.close()
    return inline(settings)


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
        container.knowledge_bases.maintenance.repair()
        [chunk] = container.knowledge_bases.chunks(name)
        folder: Path = settings.paths.knowledge_base / name
        assert (folder / "content" / "a.txt").read_text("utf-8") == chunk.text
        [index] = [path for path in (folder / "index").iterdir() if path.name.isdigit()]
        assert Index(name, index, "faiss", 512).ids() == ({chunk.id}, {chunk.id})
        container.close()


def test_a_changed_chunk_is_whole_after_a_crash_at_every_step(settings: Settings, killer: Killer) -> None:
    changes = {
        "edit": lambda kbs, name, i: kbs.chunk_desk.change(name, [Change(i, text="新的内容")]),
        "disable": lambda kbs, name, i: kbs.chunk_desk.change(name, [Change(i, state="disabled")]),
        "delete": lambda kbs, name, i: kbs.chunk_desk.change(name, [Change(i, text="")]),
        "add": lambda kbs, name, i: kbs.chunk_desk.add(name, Addition("a.txt", "手写的内容", after=i)),
    }
    old, new = ["旧的内容"], {"edit": ["新的内容"], "disable": [], "delete": [], "add": ["旧的内容", "手写的内容"]}
    for kind, change in changes.items():
        for kill_at in range(1, 9):
            container = inline(settings)
            kbs, name = container.knowledge_bases, f"{kind}{kill_at}"
            kbs.create(name)
            kbs.add_files(name, [Upload("a.txt", io.BytesIO("旧的内容".encode()))], IngestOptions())
            [chunk] = kbs.chunks(name)
            killer.arm(kill_at)
            try:
                change(kbs, name, chunk.id)
            except Killed:
                container = reopen(container, settings)
            killer.arm(0)
            kbs = container.knowledge_bases
            shown = kbs.chunks(name)
            assert [each.text for each in shown] in (old, new[kind])
            kbs.maintenance.repair()
            assert kbs.chunks(name) == shown
            [info] = kbs.files(name, with_entries=True)
            assert info.is_whole
            assert info.chunks == info.vectors == info.words == len(shown)
            [report] = kbs.maintenance.look([name])
            assert report.agrees, report.findings
            [*_] = kbs.rebuild(name, IngestOptions(force=True), create=False)
            assert [each.text for each in kbs.chunks(name)] == [each.text for each in shown]
            container.close()


def test_a_deletion_that_got_as_far_as_the_bytes_is_finished(settings: Settings, killer: Killer) -> None:
    """The sub-folder of the file is gone as well, and deleting it again must not trip over that."""
    for kill_at in range(1, 9):
        container = inline(settings)
        kbs, name = container.knowledge_bases, f"库{kill_at}"
        kbs.create(name)
        kbs.add_files(name, [Upload("子/孙/a.txt", io.BytesIO("内容".encode()))], IngestOptions())
        killer.arm(kill_at)
        try:
            kbs.delete_files(name, ["子/孙/a.txt"], delete_content=True)
        except Killed:
            container = reopen(container, settings)
        killer.arm(0)
        container.knowledge_bases.maintenance.repair()
        left = [chunk.file for chunk in container.knowledge_bases.chunks(name)]
        content_folder = settings.paths.knowledge_base / name / "content"
        on_disk = [path.relative_to(content_folder).as_posix() for path in content_folder.rglob("*.txt")]
        assert left == on_disk
        assert not container.knowledge_bases.maintenance.repair()[name]
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
