"""Knowledge bases as a whole on real parts: files in, files out, bad files, two writers, rebuilds."""

import io
import threading
import zipfile
from pathlib import Path

import pytest
from containers import inline

from configs import Settings
from server.container import Container
from server.errors import (
    BadName,
    FileExists,
    FileNotFound,
    IndexDamaged,
    IndexMismatch,
    KnowledgeBaseBusy,
    KnowledgeBaseExists,
    KnowledgeBaseNotFound,
    ModelNotFound,
    UnknownPart,
    ZhiwenError,
)
from server.knowledge_base.names import Layout
from server.knowledge_base.publish import locked
from server.knowledge_base.recipe import IngestOptions
from server.knowledge_base.service import KnowledgeBases, Upload
from server.llm.base import Embedder
from server.llm.fake_embedder import FakeEmbeddings

KB = "制度"
TRAVEL = "差旅报销须在出差结束后十五个工作日内提交，逾期不予受理。"
LEAVE = "员工每年享有五天带薪年假，须提前三天申请。"


@pytest.fixture
def kbs(container: Container) -> KnowledgeBases:
    container.knowledge_bases.create(KB)
    return container.knowledge_bases


def put(kbs: KnowledgeBases, files: dict[str, bytes | str], **options: bool) -> dict[str, ZhiwenError | None]:
    uploads = [
        Upload(name, io.BytesIO(data.encode() if isinstance(data, str) else data)) for name, data in files.items()
    ]
    return kbs.add_files(KB, uploads, IngestOptions(**options))


def best(kbs: KnowledgeBases, question: str) -> str:
    hits = kbs.search([KB], question, top_k=3, max_distance=1.0)
    return hits[0].chunk.file if hits else ""


def test_a_question_finds_the_file_that_answers_it(kbs: KnowledgeBases) -> None:
    assert put(kbs, {"差旅.txt": TRAVEL, "请假.md": f"# 请假\n\n{LEAVE}"}) == {"差旅.txt": None, "请假.md": None}
    assert best(kbs, "年假有几天？") == "请假.md"
    [hit] = kbs.search([KB], "报销多久之内提交", top_k=1, max_distance=1.0)
    assert (hit.chunk.file, hit.chunk.text) == ("差旅.txt", TRAVEL)
    assert 0.5 <= hit.relevance <= 1
    assert hit.distance == pytest.approx(2 * (1 - hit.relevance))


def test_a_question_that_nothing_matches_finds_nothing(kbs: KnowledgeBases) -> None:
    put(kbs, {"差旅.txt": TRAVEL})
    assert kbs.search([KB], "volcano eruption in Iceland", top_k=3, max_distance=1.0) == []


def test_a_stricter_threshold_finds_less(kbs: KnowledgeBases) -> None:
    put(kbs, {"差旅.txt": TRAVEL, "请假.txt": LEAVE})
    counts = [len(kbs.search([KB], "员工年假", top_k=5, max_distance=limit)) for limit in (0.0, 0.6, 2.0)]
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert counts[-1] == 2


def test_several_knowledge_bases_are_searched_together(kbs: KnowledgeBases) -> None:
    kbs.create("other")
    put(kbs, {"差旅.txt": TRAVEL})
    kbs.add_files("other", [Upload("b.txt", io.BytesIO(LEAVE.encode()))], IngestOptions())
    found = kbs.search([KB, "other"], "年假 报销", top_k=5, max_distance=2.0)
    assert {(hit.chunk.knowledge_base, hit.chunk.file) for hit in found} == {(KB, "差旅.txt"), ("other", "b.txt")}


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("empty.txt", b"", "file_empty"),
        ("blank.txt", b" \n\n ", "no_text"),
        ("broken.pdf", b"%PDF-1.7 and then nothing", "file_unreadable"),
        ("broken.docx", b"PK\x03\x04 not a document", "file_unreadable"),
        ("random.txt", bytes(range(256)) * 40, "file_unreadable"),
    ],
)
def test_a_file_that_cannot_be_read_is_kept_and_says_why(
    kbs: KnowledgeBases, name: str, data: bytes, code: str
) -> None:
    error = put(kbs, {name: data, "good.txt": TRAVEL})[name]
    assert error is not None
    assert error.code == code
    [info] = [file for file in kbs.files(KB) if file.name == name]
    assert (info.state, info.chunks, info.error_code) == ("failed", 0, code)
    assert info.error is not None
    assert name in info.error.message("en")
    assert name in info.error.message("zh")
    assert kbs.content_path(KB, name).read_bytes() == data
    assert best(kbs, "报销") == "good.txt", "one bad file must not stop the others"


@pytest.mark.parametrize("name", ["../x.txt", "/etc/x.txt", "a\\b.txt", "..", ""])
def test_names_that_lead_elsewhere_are_refused(kbs: KnowledgeBases, name: str, settings: Settings) -> None:
    assert isinstance(put(kbs, {name: TRAVEL})[name], BadName)
    assert kbs.files(KB) == []
    for ask in (kbs.content_path, lambda kb, file: kbs.delete_files(kb, [file], delete_content=True).results[file]):
        try:
            answer = ask(KB, name)
        except BadName:
            continue
        assert isinstance(answer, BadName)
    assert not list(settings.paths.knowledge_base.parent.rglob("x.txt"))


def test_a_type_that_cannot_be_read_is_not_stored(kbs: KnowledgeBases) -> None:
    error = put(kbs, {"virus.exe": b"MZ"})["virus.exe"]
    assert error is not None
    assert error.code == "unsupported_file_type"
    assert ".pdf" in error.message("zh")
    assert kbs.files(KB) == []


def test_text_in_chinese_encodings_is_read_as_it_was_meant(kbs: KnowledgeBases) -> None:
    put(kbs, {"gbk.txt": TRAVEL.encode("gb18030"), "utf16.txt": LEAVE.encode("utf-16")})
    assert {chunk.text for chunk in kbs.chunks(KB)} == {TRAVEL, LEAVE}


def test_the_same_name_again_needs_overwrite(kbs: KnowledgeBases) -> None:
    put(kbs, {"a.txt": TRAVEL})
    assert isinstance(put(kbs, {"a.txt": LEAVE})["a.txt"], FileExists)
    assert [chunk.text for chunk in kbs.chunks(KB)] == [TRAVEL]
    assert put(kbs, {"a.txt": LEAVE}, replace=True) == {"a.txt": None}
    assert [chunk.text for chunk in kbs.chunks(KB)] == [LEAVE]
    assert kbs.content_path(KB, "a.txt").read_text("utf-8") == LEAVE
    assert best(kbs, "报销") == ""


def test_a_replacement_that_cannot_be_read_leaves_the_old_version(kbs: KnowledgeBases, settings: Settings) -> None:
    put(kbs, {"a.txt": TRAVEL})
    error = put(kbs, {"a.txt": b""}, replace=True)["a.txt"]
    assert error is not None
    assert error.code == "file_empty"
    assert [file.state for file in kbs.files(KB)] == ["ready"]
    assert kbs.content_path(KB, "a.txt").read_text("utf-8") == TRAVEL
    assert best(kbs, "报销") == "a.txt"
    assert list(Layout.of(settings.paths.knowledge_base, KB).incoming.iterdir()) == []


def test_a_deleted_file_does_not_answer(kbs: KnowledgeBases) -> None:
    put(kbs, {"a_1.txt": TRAVEL, "ax1.txt": LEAVE})
    assert kbs.delete_files(KB, ["a_1.txt", "nope.txt"], delete_content=True).results["a_1.txt"] is None
    assert best(kbs, "报销") == ""
    assert best(kbs, "年假") == "ax1.txt", "an underscore is no wildcard"
    with pytest.raises(FileNotFound):
        kbs.content_path(KB, "a_1.txt")
    assert isinstance(kbs.delete_files(KB, ["a_1.txt"], delete_content=True).results["a_1.txt"], FileNotFound)


def test_files_taken_out_without_their_content_can_come_back(kbs: KnowledgeBases) -> None:
    put(kbs, {"a.txt": TRAVEL})
    kbs.delete_files(KB, ["a.txt"], delete_content=False)
    assert (best(kbs, "报销"), kbs.files(KB)) == ("", [])
    assert [step.error for step in kbs.rebuild(KB, IngestOptions(), create=False)] == [None]
    assert best(kbs, "报销") == "a.txt"


def test_a_file_and_a_folder_of_one_name_do_not_meet(kbs: KnowledgeBases) -> None:
    put(kbs, {"a/b.txt": TRAVEL, "c.txt": LEAVE})
    assert isinstance(put(kbs, {"c.txt/d.txt": LEAVE})["c.txt/d.txt"], BadName)
    assert [file.name for file in kbs.files(KB)] == ["a/b.txt", "c.txt"]
    kbs.delete_files(KB, ["a/b.txt"], delete_content=True)
    assert not (kbs.content_path(KB, "c.txt").parent / "a").exists()


def test_names_of_knowledge_bases_are_unique_without_regard_to_case(kbs: KnowledgeBases) -> None:
    kbs.create("Docs")
    with pytest.raises(KnowledgeBaseExists):
        kbs.create("docs")
    assert kbs.get("DOCS").name == "Docs"
    kbs.delete("docs")
    with pytest.raises(KnowledgeBaseNotFound):
        kbs.get("Docs")


def test_a_name_is_never_a_pattern(kbs: KnowledgeBases, settings: Settings) -> None:
    kbs.create("%")
    put(kbs, {"a.txt": TRAVEL})
    kbs.delete("%")
    assert [kb.name for kb in kbs.list()] == [KB]
    assert best(kbs, "报销") == "a.txt"
    assert [path.parent.name for path in settings.paths.knowledge_base.glob("*/content")] == [KB]


def test_sixteen_creators_of_one_name_make_one(container: Container) -> None:
    outcomes: list[str] = []

    def create() -> None:
        try:
            container.knowledge_bases.create("同名")
            outcomes.append("made")
        except KnowledgeBaseExists:
            outcomes.append("exists")

    threads = [threading.Thread(target=create) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["exists"] * 15 + ["made"]


@pytest.mark.parametrize(
    ("option", "error"), [({"embed_model": "nope"}, ModelNotFound), ({"vector_store": "nope"}, UnknownPart)]
)
def test_an_unknown_part_leaves_nothing_behind(
    container: Container, option: dict[str, str], error: type[ZhiwenError], settings: Settings
) -> None:
    with pytest.raises(error, match="nope"):
        container.knowledge_bases.create("x", **option)
    assert container.knowledge_bases.list() == []
    assert not (settings.paths.knowledge_base / "x").exists()


def test_two_processes_see_each_others_changes(kbs: KnowledgeBases, settings: Settings) -> None:
    """A second container is what `init_database.py` beside a running API is."""
    put(kbs, {"a.txt": TRAVEL})
    assert best(kbs, "报销") == "a.txt"
    other = inline(settings)
    other.knowledge_bases.add_files(KB, [Upload("b.txt", io.BytesIO(LEAVE.encode()))], IngestOptions())
    assert best(kbs, "年假") == "b.txt"
    kbs.delete_files(KB, ["b.txt"], delete_content=True)
    assert best(other.knowledge_bases, "年假") == ""
    other.close()


def test_parallel_uploads_searches_and_deletions_lose_nothing(kbs: KnowledgeBases) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            put(kbs, {f"{number}.txt": f"编号{number}的文件讲第{number}件事。"})
            kbs.search([KB], f"第{number}件事", top_k=3, max_distance=2.0)
            if number % 2:
                kbs.delete_files(KB, [f"{number}.txt"], delete_content=True)
        except Exception as error:  # noqa: BLE001  # reported by the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [file.name for file in kbs.files(KB)] == sorted(f"{number}.txt" for number in range(0, 12, 2))
    assert kbs.get(KB).files == kbs.get(KB).chunks == 6
    assert not any(kbs.maintenance.repair().values()), "SQL and both indexes agree without help"


class TestRebuild:
    def test_it_goes_by_the_files_on_disk(self, kbs: KnowledgeBases) -> None:
        put(kbs, {"a.txt": TRAVEL, "gone.txt": LEAVE})
        folder = kbs.content_path(KB, "a.txt").parent
        (folder / "new.md").write_text("# 新文件\n\n火星基地位于奥林帕斯山。", "utf-8")
        (folder / "gone.txt").unlink()
        (folder / "bad.pdf").write_bytes(b"%PDF-nothing")
        steps = list(kbs.rebuild(KB, IngestOptions(), create=False))
        assert [(step.file, step.finished, step.total) for step in steps] == [
            ("a.txt", 1, 3),
            ("bad.pdf", 2, 3),
            ("new.md", 3, 3),
        ]
        assert {file.name: file.state for file in kbs.files(KB)} == {
            "a.txt": "ready",
            "bad.pdf": "failed",
            "new.md": "ready",
        }
        assert (best(kbs, "火星基地在哪里"), best(kbs, "年假")) == ("new.md", "")

    def test_searches_work_and_changes_count_while_it_runs(self, kbs: KnowledgeBases, settings: Settings) -> None:
        put(kbs, {"a.txt": TRAVEL, "b.txt": LEAVE})
        steps = kbs.rebuild(KB, IngestOptions(), create=False)
        next(steps)
        assert best(kbs, "报销") == "a.txt"
        put(kbs, {"c.txt": "火星基地位于奥林帕斯山。"})
        put(kbs, {"a.txt": "木星没有固体表面。"}, replace=True)
        kbs.delete_files(KB, ["b.txt"], delete_content=True)
        list(steps)
        answers = [best(kbs, question) for question in ("火星基地", "木星表面", "报销", "年假")]
        assert answers == ["c.txt", "a.txt", "", ""]
        assert not any(kbs.maintenance.repair().values())

    def test_leaving_in_the_middle_keeps_the_old_index(self, kbs: KnowledgeBases, settings: Settings) -> None:
        put(kbs, {"a.txt": TRAVEL})
        steps = kbs.rebuild(KB, IngestOptions(chunk_size=10, chunk_overlap=0), create=False)
        next(steps)
        steps.close()
        assert [chunk.text for chunk in kbs.chunks(KB)] == [TRAVEL]
        assert best(kbs, "报销") == "a.txt"
        assert not any(kbs.maintenance.repair().values())

    def test_two_at_once_are_refused(self, kbs: KnowledgeBases) -> None:
        put(kbs, {"a.txt": TRAVEL})
        first = kbs.rebuild(KB, IngestOptions(), create=False)
        next(first)
        with pytest.raises(KnowledgeBaseBusy):
            next(kbs.rebuild(KB, IngestOptions(), create=False))
        list(first)

    def test_an_unknown_knowledge_base(self, kbs: KnowledgeBases) -> None:
        with pytest.raises(KnowledgeBaseNotFound):
            next(kbs.rebuild("nope", IngestOptions(), create=False))

    def test_it_mends_a_damaged_index(self, kbs: KnowledgeBases, settings: Settings) -> None:
        put(kbs, {"a.txt": TRAVEL})
        index = settings.paths.knowledge_base / KB / "index"
        [vectors] = index.rglob("vectors.faiss")
        vectors.write_bytes(b"damaged")
        fresh = inline(settings).knowledge_bases
        with pytest.raises(IndexDamaged, match="--recreate-vs"):
            fresh.search([KB], "报销", top_k=1, max_distance=2.0)
        list(fresh.rebuild(KB, IngestOptions(), create=False))
        assert best(fresh, "报销") == "a.txt"

    def test_it_may_change_the_embedding_model(self, kbs: KnowledgeBases, monkeypatch: pytest.MonkeyPatch) -> None:
        put(kbs, {"a.txt": TRAVEL})
        fake = Embedder(name="fake", model=FakeEmbeddings(), dimension=16)
        monkeypatch.setattr(kbs._embedders, "_loaded", {"fake": fake})
        list(kbs.rebuild(KB, IngestOptions(), create=False, embed_model="fake"))
        assert kbs.get(KB).embed_model == "fake"
        assert best(kbs, "报销") == "a.txt"


class Turned(FakeEmbeddings):
    """Other weights: the same size, other vectors."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.read += texts
        return super().embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        return super().embed_query(text)[::-1]


def test_other_weights_under_the_same_name_are_noticed(kbs: KnowledgeBases, monkeypatch: pytest.MonkeyPatch) -> None:
    def weights(model: FakeEmbeddings) -> None:
        loaded = {"fake": Embedder(name="fake", model=model, dimension=16)}
        monkeypatch.setattr(kbs._embedders, "_loaded", loaded)

    weights(FakeEmbeddings())
    list(kbs.rebuild(KB, IngestOptions(), create=False, embed_model="fake"))
    put(kbs, {"a.txt": TRAVEL})
    assert kbs.search([KB], TRAVEL, top_k=1, max_distance=2.0)
    turned = Turned()
    weights(turned)
    with pytest.raises(IndexMismatch, match=f"--recreate-vs -n {KB}"):
        kbs.search([KB], TRAVEL, top_k=1, max_distance=2.0)
    assert "index_mismatch" in {error.code for error in put(kbs, {"b.txt": LEAVE}).values() if error}
    steps = list(kbs.rebuild(KB, IngestOptions(), create=False))
    assert not [step for step in steps if step.unchanged or step.error]
    assert kbs.search([KB], TRAVEL, top_k=1, max_distance=2.0)
    assert [text for text in turned.read if TRAVEL in text], "the kept vectors of the old weights are not used"


def test_a_full_disk_loses_nothing(kbs: KnowledgeBases, monkeypatch: pytest.MonkeyPatch) -> None:
    from server.stores import faiss_store

    put(kbs, {"a.txt": TRAVEL})

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(faiss_store, "replace_file", full)
        error = put(kbs, {"b.txt": LEAVE})["b.txt"]
    assert error is not None
    assert (error.code, error.detail) == ("storage_failed", {"reason": "No space left on device"})
    assert [file.name for file in kbs.files(KB)] == ["a.txt"]
    assert (best(kbs, "报销"), best(kbs, "年假")) == ("a.txt", "")
    assert put(kbs, {"b.txt": LEAVE}) == {"b.txt": None}
    assert best(kbs, "年假") == "b.txt"


def test_a_writer_that_holds_the_lock_is_named(kbs: KnowledgeBases, settings: Settings) -> None:
    with (
        locked(Layout.of(settings.paths.knowledge_base, KB), KB),
        pytest.raises(KnowledgeBaseBusy, match=KB),
        locked(Layout.of(settings.paths.knowledge_base, KB), KB, timeout_s=0.1),
    ):
        pytest.fail("two writers hold one lock")


def test_an_index_of_a_lost_database_is_not_trusted(kbs: KnowledgeBases, settings: Settings) -> None:
    """Without its database the chunk ids of an old index would be given to other texts."""
    put(kbs, {"a.txt": TRAVEL})
    for file in settings.paths.knowledge_base.glob("info.db*"):
        file.unlink()
    fresh = inline(settings).knowledge_bases
    fresh.create(KB)
    fresh.add_files(KB, [Upload("b.txt", io.BytesIO(LEAVE.encode()))], IngestOptions())
    assert best(fresh, "报销") == ""
    assert best(fresh, "年假") == "b.txt"


def zipped(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


def test_an_archive_becomes_its_members(kbs: KnowledgeBases) -> None:
    data = zipped({"差旅.txt": TRAVEL, "子/请假.md": LEAVE, "../evil.txt": "x", "tool.exe": "MZ", "__MACOSX/x": ""})
    results = put(kbs, {"制度.zip": data})
    assert {name: error and error.code for name, error in results.items()} == {
        "制度.zip/差旅.txt": None,
        "制度.zip/子/请假.md": None,
        "制度.zip/tool.exe": "unsupported_file_type",
        "制度.zip/../evil.txt": "file_unreadable",
    }
    assert best(kbs, "年假") == "制度.zip/子/请假.md"
    assert [file.name for file in kbs.files(KB)] == ["制度.zip/子/请假.md", "制度.zip/差旅.txt"]


def test_a_damaged_archive_is_one_refusal(kbs: KnowledgeBases) -> None:
    error = put(kbs, {"bad.zip": b"PK\x03\x04 nothing"})["bad.zip"]
    assert error is not None
    assert error.code == "file_unreadable"
    assert kbs.files(KB) == []
