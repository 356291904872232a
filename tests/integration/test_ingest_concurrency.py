"""The queue of uploads at work: many clients at once, cancel, retry, restart, limits, and work done only once."""

import io
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from containers import inline

from configs import Settings, load_settings
from document_loaders import table
from server.container import Container, build_container
from server.db import repositories as rows
from server.errors import FileUnreadable, JobOver, QueueFull
from server.knowledge_base.index import Index
from server.knowledge_base.names import Layout
from server.knowledge_base.parsers import InlineParser, ParsingCancelled
from server.knowledge_base.reading import Report, Task, Text
from server.knowledge_base.recipe import IngestOptions
from server.knowledge_base.service import KnowledgeBases, Submitted
from server.knowledge_base.uploads import Upload

KB = "并发"
PATIENCE_S = 30


class Gate:
    """A parser that reads files only while it is open, and refuses those whose names are in `broken`."""

    def __init__(self, settings: Settings) -> None:
        self._inner = InlineParser(settings)
        self.opened = threading.Event()
        self.broken: set[str] = set()
        self.read: Counter[str] = Counter()

    def parse(self, task: Task, report: Report, cancelled: Callable[[], bool]) -> Text:
        while not self.opened.wait(0.01):
            if cancelled():
                raise ParsingCancelled
        self.read[task.name] += 1
        if task.name in self.broken:
            return Text(error=FileUnreadable(name=task.name, reason_en="it is broken", reason_zh="文件损坏"))
        return self._inner.parse(task, report, cancelled)

    def close(self) -> None:
        self.opened.set()


@pytest.fixture
def gate(settings: Settings) -> Gate:
    return Gate(settings)


@pytest.fixture
def served(settings: Settings, gate: Gate) -> Iterator[Container]:
    built = build_container(settings, parser=gate)
    built.knowledge_bases.create(KB)
    built.knowledge_bases.jobs.start()
    yield built
    built.close()


@pytest.fixture
def kbs(served: Container) -> KnowledgeBases:
    return served.knowledge_bases


def submit(kbs: KnowledgeBases, files: dict[str, str], **options: bool) -> Submitted:
    uploads = [Upload(name, io.BytesIO(text.encode())) for name, text in files.items()]
    return kbs.submit_files(KB, uploads, IngestOptions(**options))


def submit_one(kbs: KnowledgeBases, name: str, text: str) -> int:
    [job_id] = submit(kbs, {name: text}, replace=True).jobs
    return job_id


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def state(kbs: KnowledgeBases, job_id: int) -> str:
    return kbs.job(job_id).state


def texts(kbs: KnowledgeBases) -> dict[str, str]:
    found: dict[str, str] = {}
    for chunk in kbs.chunks(KB):
        found[chunk.file] = found.get(chunk.file, "") + chunk.text
    return found


def incoming(settings: Settings) -> list[Path]:
    return [*Layout.of(settings.paths.knowledge_base, KB).incoming.glob("*")]


def check_counts(container: Container, settings: Settings) -> None:
    """Disk, SQL, vectors and words hold the same files and chunks, and every file holds its own text."""
    kbs, layout = container.knowledge_bases, Layout.of(settings.paths.knowledge_base, KB)
    with container.database.read() as session:
        [kb] = rows.knowledge_bases(session)
        visible = rows.visible_ids(session, kb.id)
        assert rows.invisible_ids(session, kb.id) == set()
    assert Index(KB, layout.index(kb.index_generation), kb.vector_store, kb.dimension).ids() == (visible, visible)
    on_disk = {path.name: path.read_text("utf-8") for path in layout.content.iterdir()}
    assert {file.name: file.state for file in kbs.files(KB)} == dict.fromkeys(on_disk, "ready")
    assert texts(kbs) == on_disk
    assert incoming(settings) == []


class Clients:
    """Threads that use one knowledge base until the uploads are through; what went wrong is kept."""

    def __init__(self, kbs: KnowledgeBases) -> None:
        self._kbs = kbs
        self._done = threading.Event()
        self.faults: list[Exception] = []

    def run(self) -> None:
        uploads = [self._thread(self._upload, seed) for seed in range(8)]
        others = [self._thread(work, 9) for work in [self._search] * 4 + [self._delete] * 2]
        for thread in (*uploads, *others):
            thread.start()
        for thread in uploads:
            thread.join()
        self._done.set()
        for thread in others:
            thread.join()

    def _thread(self, work: Callable[[random.Random], None], seed: int) -> threading.Thread:
        def guarded() -> None:
            try:
                work(random.Random(seed))
            except Exception as fault:  # noqa: BLE001  # told by the test's own thread
                self.faults.append(fault)

        return threading.Thread(target=guarded)

    def _upload(self, dice: random.Random) -> None:
        for _ in range(15):
            name = f"{dice.randrange(30)}.txt"
            content = io.BytesIO(f"{name} 的第{dice.randrange(10**6)}版".encode())
            results = self._kbs.add_files(KB, [Upload(name, content)], IngestOptions(replace=True))
            # A newer upload of the same name, or a deletion, may call off one that waits.
            assert all(error is None or error.code == "job_cancelled" for error in results.values()), results

    def _search(self, dice: random.Random) -> None:
        while not self._done.wait(0.02):
            for hit in self._kbs.search([KB], f"{dice.randrange(30)}.txt 版", top_k=5, max_distance=2.0):
                assert hit.chunk.text.startswith(hit.chunk.file)

    def _delete(self, dice: random.Random) -> None:
        while not self._done.wait(0.05):
            self._kbs.delete_files(KB, [f"{dice.randrange(30)}.txt"], delete_content=True)


def test_many_clients_at_once_leave_everything_in_agreement(
    served: Container, kbs: KnowledgeBases, gate: Gate, settings: Settings
) -> None:
    gate.opened.set()
    clients = Clients(kbs)
    clients.run()
    assert clients.faults == []
    check_counts(served, settings)


def test_a_job_that_waits_is_cancelled_at_once(kbs: KnowledgeBases, gate: Gate, settings: Settings) -> None:
    busy = [submit_one(kbs, f"{number}.txt", "正在读取") for number in range(2)]
    wait_for(lambda: all(state(kbs, job_id) == "running" for job_id in busy), "the readers take their files")
    waiting = submit_one(kbs, "c.txt", "取消")
    kbs.jobs.cancel(waiting)
    assert state(kbs, waiting) == "cancelled"
    assert len(incoming(settings)) == 2
    gate.opened.set()
    kbs.jobs.wait(busy)
    assert set(texts(kbs)) == {"0.txt", "1.txt"}
    with pytest.raises(JobOver):
        kbs.jobs.cancel(waiting)


def test_cancelling_ends_the_reader_of_a_slow_file(settings: Settings) -> None:
    container = build_container(settings)
    kbs = container.knowledge_bases
    kbs.create(KB)
    kbs.jobs.start()
    job_id = submit_one(kbs, "slow.txt", "很长的一句话需要读很久。\n" * 400_000)
    wait_for(lambda: readers() != [], "a reader starts")
    kbs.jobs.cancel(job_id)
    wait_for(lambda: state(kbs, job_id) == "cancelled", "the job is cancelled")
    wait_for(lambda: readers() == [], "the reader ends")
    assert kbs.files(KB) == []
    assert incoming(settings) == []
    container.close()


def readers() -> list[psutil.Process]:
    family = psutil.Process().children(recursive=True)
    return [each for each in family if "server.knowledge_base.parser" in each.cmdline()]


def test_a_failed_file_is_read_again_when_asked(kbs: KnowledgeBases, gate: Gate) -> None:
    gate.broken, first = {"a.txt"}, submit_one(kbs, "a.txt", "先坏后好")
    gate.opened.set()
    [error] = kbs.jobs.wait([first]).values()
    assert error is not None
    assert (error.code, [file.state for file in kbs.files(KB)]) == ("file_unreadable", ["failed"])
    gate.broken = set()
    again = kbs.jobs.retry(first)
    assert kbs.jobs.wait([again]) == {again: None}
    assert texts(kbs) == {"a.txt": "先坏后好"}
    assert kbs.job(again).attempts == 1
    with pytest.raises(JobOver):
        kbs.jobs.retry(again)


def test_what_waits_goes_on_after_a_restart(settings: Settings) -> None:
    before = build_container(settings, parser=Gate(settings))
    before.knowledge_bases.create(KB)
    jobs = [submit_one(before.knowledge_bases, f"{number}.txt", f"第{number}个") for number in range(3)]
    before.close()
    after = inline(settings)
    after.knowledge_bases.jobs.start()
    assert after.knowledge_bases.jobs.wait(jobs) == dict.fromkeys(jobs)
    check_counts(after, settings)
    after.close()


def test_a_newer_upload_takes_the_place_of_one_that_waits(
    served: Container, kbs: KnowledgeBases, gate: Gate, settings: Settings
) -> None:
    busy = [submit_one(kbs, f"{number}.txt", "正在读取") for number in range(2)]
    wait_for(lambda: all(state(kbs, job_id) == "running" for job_id in busy), "the readers take their files")
    older, newer = submit_one(kbs, "a.txt", "旧版"), submit_one(kbs, "a.txt", "新版")
    assert state(kbs, older) == "cancelled"
    gate.opened.set()
    assert kbs.jobs.wait([newer]) == {newer: None}
    assert gate.read["a.txt"] == 1
    kbs.jobs.wait(busy)
    assert texts(kbs)["a.txt"] == "新版"
    check_counts(served, settings)


def test_a_full_queue_refuses(data_paths: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIWEN__INGEST__QUEUE_LIMIT", "3")
    settings = load_settings()
    container = build_container(settings, parser=Gate(settings))
    kbs = container.knowledge_bases
    kbs.create(KB)
    submitted = submit(kbs, {f"{number}.txt": "排队" for number in range(5)})
    assert len(submitted.jobs) == 3
    assert {type(error) for error in submitted.refused.values()} == {QueueFull}
    with pytest.raises(QueueFull):
        submit(kbs, {"one_more.txt": "排队"})
    assert len(incoming(settings)) == 3, "nothing is kept of what was refused"
    container.close()


def test_what_has_not_changed_is_not_read_again_unless_forced(kbs: KnowledgeBases, gate: Gate) -> None:
    gate.opened.set()
    kbs.jobs.wait([submit_one(kbs, "a.txt", "不变的内容")])
    same = submit(kbs, {"a.txt": "不变的内容"}, replace=True)
    assert (same.jobs, same.unchanged, gate.read["a.txt"]) == ({}, ["a.txt"], 1)
    forced = submit(kbs, {"a.txt": "不变的内容"}, replace=True, force=True)
    assert kbs.jobs.wait([*forced.jobs]) == dict.fromkeys(forced.jobs)
    assert gate.read["a.txt"] == 2


def test_what_was_read_once_is_not_read_again(
    tmp_path: Path, data_paths: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another chunk size needs no loader, another embedding model neither; only other bytes do."""
    (tmp_path / "local.toml").write_text('[models.embed.other]\nengine = "fake"\n', "utf-8")
    loaded: list[str] = []
    load = table.load
    monkeypatch.setattr(table, "load", lambda path, *rest: loaded.append(path.name) or load(path, *rest))
    container = inline(load_settings())
    kbs = container.knowledge_bases
    kbs.create(KB)
    kbs.add_files(KB, [Upload("a.txt", io.BytesIO("一句话。".encode() * 200))], IngestOptions())
    before = len(kbs.chunks(KB))
    list(kbs.rebuild(KB, IngestOptions(chunk_size=60, chunk_overlap=0), create=False))
    assert len(kbs.chunks(KB)) > before
    list(kbs.rebuild(KB, IngestOptions(), create=False, embed_model="other"))
    assert kbs.get(KB).embed_model == "other"
    assert len(loaded) == 1
    kbs.add_files(KB, [Upload("a.txt", io.BytesIO("另一句话。".encode()))], IngestOptions(replace=True))
    assert len(loaded) == 2
    container.close()


def test_the_ledger_counts_pages_and_names_those_without_text(container: Container) -> None:
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out)
    for text in ("The first page says something.", "", "The third page does, too."):
        canvas.drawString(60, 700, text)
        canvas.showPage()
    canvas.save()
    kbs = container.knowledge_bases
    kbs.create(KB)
    assert kbs.add_files(KB, [Upload("a.pdf", io.BytesIO(out.getvalue()))], IngestOptions()) == {"a.pdf": None}
    [file] = kbs.files(KB, with_entries=True)
    assert (file.pages, file.pages_with_text, file.empty_pages) == (3, 2, (2,))
    assert (file.loader, file.chunks, file.vectors, file.words) == ("PdfLoader", 2, 2, 2)
