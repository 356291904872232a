"""What crashes leave behind is reported by name and number, and repaired; beside a server too."""

import io
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from containers import inline

from configs import Settings
from server.container import Container
from server.db import repositories as rows
from server.errors import IndexDamaged, KnowledgeBaseBusy
from server.knowledge_base import content
from server.knowledge_base.audit import Report
from server.knowledge_base.index import Entries, Index
from server.knowledge_base.lookup import named
from server.knowledge_base.names import Layout
from server.knowledge_base.publish import Publisher, locked, open_index
from server.knowledge_base.recipe import IngestOptions
from server.knowledge_base.service import KnowledgeBases
from server.knowledge_base.uploads import Upload
from server.upkeep import main, run

KB = "制度"
TRAVEL = "差旅报销须在出差结束后十五个工作日内提交，逾期不予受理。"
LEAVE = "员工每年享有五天带薪年假，须提前三天申请。"
MARS = "火星基地位于奥林帕斯山。"


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def kbs(container: Container) -> KnowledgeBases:
    container.knowledge_bases.create(KB)
    put(container.knowledge_bases, {"差旅.txt": TRAVEL, "请假.txt": LEAVE})
    return container.knowledge_bases


@pytest.fixture
def layout(settings: Settings) -> Layout:
    return Layout.of(settings.paths.knowledge_base, KB)


def put(kbs: KnowledgeBases, files: dict[str, str], **options: bool) -> None:
    uploads = [Upload(name, io.BytesIO(text.encode())) for name, text in files.items()]
    assert set(kbs.add_files(KB, uploads, IngestOptions(**options)).values()) == {None}


def best(kbs: KnowledgeBases, question: str) -> str:
    hits = kbs.search([KB], question, top_k=1, max_distance=1.0)
    return hits[0].chunk.file if hits else ""


def look(kbs: KnowledgeBases) -> Report:
    [report] = kbs.maintenance.look([KB])
    return report


def index_of(container: Container, layout: Layout) -> Index:
    kbs = container.knowledge_bases
    return open_index(kbs._indexes, layout, named(kbs._database, KB))


def repaired(kbs: KnowledgeBases) -> dict[str, object]:
    """Repair, and what then still disagrees."""
    assert kbs.maintenance.repair()[KB], "something was repaired"
    return look(kbs).findings


def test_nothing_disagrees_after_ordinary_work(kbs: KnowledgeBases) -> None:
    put(kbs, {"差旅.txt": MARS}, replace=True)
    kbs.delete_files(KB, ["请假.txt"], delete_content=True)
    report = look(kbs)
    assert (report.agrees, report.files, report.chunks, report.findings) == (True, 1, 1, {})
    assert not any(kbs.maintenance.repair().values())


def test_a_crash_before_the_switch(kbs: KnowledgeBases, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Publisher, "_switch", killed)
        patch.setattr(Publisher, "_withdraw", lambda *_: None)
        with pytest.raises(Killed):
            put(kbs, {"new.txt": MARS})
    found = look(kbs).findings
    assert found == {
        "files_unfinished": ("new.txt",),
        "chunks_invisible": 1,
        "vectors_without_chunk": 1,
        "words_without_chunk": 1,
    }
    assert repaired(kbs) == {}
    assert [file.name for file in kbs.files(KB) if file.state != "waiting"] == ["差旅.txt", "请假.txt"]


def test_a_crash_before_the_bytes_are_in_place(kbs: KnowledgeBases, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(content, "put_in_place", killed)
        with pytest.raises(Killed):
            put(kbs, {"差旅.txt": MARS}, replace=True)
    found = look(kbs).findings
    assert found["uploads_not_in_place"] == ("差旅.txt",)
    assert "files_changed_on_disk" not in found, "the bytes are known to be on their way"
    assert repaired(kbs) == {}
    assert kbs.content_path(KB, "差旅.txt").read_text("utf-8") == MARS


def test_a_crash_while_deleting(kbs: KnowledgeBases, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(content, "remove", killed)
        with pytest.raises(Killed):
            kbs.delete_files(KB, ["差旅.txt"], delete_content=True)
    assert look(kbs).findings == {"files_being_removed": ("差旅.txt",)}
    assert repaired(kbs) == {}
    assert look(kbs).files == 1


def test_index_entries_without_chunks_and_chunks_without_entries(
    kbs: KnowledgeBases, container: Container, layout: Layout
) -> None:
    index = index_of(container, layout)
    [lost, kept] = sorted(index.ids()[0])
    vector = np.zeros((1, named(kbs._database, KB).dimension), dtype=np.float32)
    vector[0, 0] = 1
    index.change(remove=[lost], add=Entries([999], vector, ["x"]))
    assert look(kbs).findings == {
        "chunks_without_vector": 1,
        "chunks_without_words": 1,
        "vectors_without_chunk": 1,
        "words_without_chunk": 1,
    }
    repairs = kbs.maintenance.repair()[KB]
    assert (repairs.entries_removed, repairs.entries_added, repairs.problem) == (1, 1, None)
    assert look(kbs).agrees
    assert index.ids() == ({lost, kept}, {lost, kept})


def test_old_indexes_and_abandoned_uploads(kbs: KnowledgeBases, layout: Layout) -> None:
    (layout.indexes / "7").mkdir()
    layout.incoming.mkdir(exist_ok=True)
    fresh, old = layout.incoming / f"{'0' * 64}-a.txt", layout.incoming / f"{'1' * 64}-b.txt"
    for path in (fresh, old):
        path.write_text("x", "utf-8")
    long_ago = time.time() - 2 * content.ABANDONED_S
    os.utime(old, (long_ago, long_ago))
    assert look(kbs).findings == {"uploads_without_job": (old.name,), "old_indexes": ("7",)}
    assert repaired(kbs) == {}
    assert fresh.exists(), "it may be on its way in"


def test_a_ledger_that_cannot_be_true(kbs: KnowledgeBases, container: Container) -> None:
    with container.database.unit_of_work() as session:
        [first, second] = rows.files(session, named(kbs._database, KB).id)
        first.pages_with_text = first.pages + 1
        rows.delete_chunks(session, [chunk.id for chunk in kbs.chunks(KB, file_name=second.name)])
    kbs.maintenance.repair()
    assert look(kbs).findings == {"files_with_wrong_ledger": ("差旅.txt", "请假.txt")}
    list(kbs.rebuild(KB, IngestOptions(force=True), create=False))
    assert look(kbs).agrees


def test_a_file_stored_without_an_index_is_no_disagreement(kbs: KnowledgeBases) -> None:
    kbs.add_files(KB, [Upload("stored.txt", io.BytesIO(MARS.encode()))], IngestOptions(index=False))
    assert look(kbs).agrees


def test_one_damaged_index_does_not_keep_the_others_from_repair(
    kbs: KnowledgeBases, settings: Settings, layout: Layout
) -> None:
    kbs.create("other")
    (Layout.of(settings.paths.knowledge_base, "other").indexes / "9").mkdir(parents=True)
    [vectors] = layout.indexes.rglob("vectors.faiss")
    vectors.write_bytes(b"damaged")
    fresh = inline(settings).knowledge_bases
    repairs = fresh.maintenance.repair()
    assert isinstance(repairs[KB].problem, IndexDamaged)
    assert repairs["other"].indexes_removed == 1
    assert look(fresh).state == "damaged"
    assert not look(fresh).agrees


def test_a_busy_one_is_left_alone(kbs: KnowledgeBases, layout: Layout) -> None:
    (layout.indexes / "7").mkdir()
    with locked(layout, KB, rebuild=True):
        assert look(kbs).state == "busy"
        assert isinstance(kbs.maintenance.repair()[KB].problem, KnowledgeBaseBusy)
    assert (layout.indexes / "7").is_dir()


def test_hashing_holds_no_lock(kbs: KnowledgeBases, layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = content.sha256

    def watched(path: Path) -> str:
        with locked(layout, KB, timeout_s=0):
            return hashed(path)

    monkeypatch.setattr(content, "sha256", watched)
    assert look(kbs).agrees


class TestBesideAServer:
    """Two containers are what a server and `init_database.py` are."""

    @pytest.fixture
    def server(self, kbs: KnowledgeBases) -> KnowledgeBases:
        assert best(kbs, "报销") == "差旅.txt", "its index is open"
        return kbs

    @pytest.fixture(autouse=True)
    def _command(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(main, "build_container", inline)

    def test_a_new_index_is_seen_without_a_restart(self, server: KnowledgeBases, layout: Layout) -> None:
        old = named(server._database, KB).index_generation
        (layout.content / "new.txt").write_text(MARS, "utf-8")
        (layout.content / "差旅.txt").unlink()
        assert run(["-r"]) == 0
        assert [folder.name for folder in layout.indexes.iterdir()] == [str(old + 1)]
        assert (best(server, "火星基地"), best(server, "报销"), best(server, "年假")) == ("new.txt", "", "请假.txt")
        put(server, {"more.txt": "木星没有固体表面。"})
        assert best(server, "木星表面") == "more.txt"
        assert look(server).agrees

    @pytest.mark.parametrize("flag", ["-i", "-u", "--prune-db"])
    def test_other_changes_are_seen_too(self, server: KnowledgeBases, layout: Layout, flag: str) -> None:
        if flag == "--prune-db":
            (layout.content / "差旅.txt").unlink()
        else:
            (layout.content / ("new.txt" if flag == "-i" else "差旅.txt")).write_text(MARS, "utf-8")
        assert run([flag]) == 0
        assert best(server, "火星基地") == {"-i": "new.txt", "-u": "差旅.txt"}.get(flag, "")
        assert best(server, "报销") == ("差旅.txt" if flag == "-i" else "")
        assert look(server).agrees

    def test_uploads_go_on_during_a_rebuild(self, server: KnowledgeBases, settings: Settings) -> None:
        failures: list[BaseException] = []

        def upload() -> None:
            try:
                for number in range(8):
                    put(server, {f"{number}.txt": f"编号{number}的文件讲第{number}件事。"})
                    best(server, "年假")
            except BaseException as error:  # noqa: BLE001  # reported by the main thread
                failures.append(error)

        thread = threading.Thread(target=upload)
        thread.start()
        codes = [run(["-r", "--force"]) for _ in range(3)]
        thread.join()
        assert (failures, codes) == ([], [0, 0, 0])
        assert len(server.files(KB)) == 10
        assert best(server, "年假") == "请假.txt"
        assert look(server).agrees

    def test_a_folder_is_taken_in(self, server: KnowledgeBases, tmp_path: Path) -> None:
        source = tmp_path / "docs"
        source.mkdir()
        (source / "mars.txt").write_text(MARS, "utf-8")
        assert run(["--add-folder", str(source), "-n", KB]) == 0
        assert best(server, "火星基地") == "mars.txt"
        assert look(server).agrees
