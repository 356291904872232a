"""`init_database.py` flag by flag on real parts, run in this process; what it says, what it does, its exit code."""

import io
import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from containers import inline

from configs import Settings
from server.knowledge_base.names import Layout
from server.knowledge_base.publish import locked
from server.knowledge_base.recipe import IngestOptions
from server.knowledge_base.service import KnowledgeBases
from server.knowledge_base.uploads import Upload
from server.upkeep import adding, main, run
from server.upkeep.arguments import parser

KB = "制度"
TRAVEL = "差旅报销须在出差结束后十五个工作日内提交，逾期不予受理。"
LEAVE = "员工每年享有五天带薪年假，须提前三天申请。"
MARS = "火星基地位于奥林帕斯山。"

Run = Callable[..., int]


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command line as `init_database.py` does, in English."""
    monkeypatch.setattr(main, "build_container", inline)
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    return lambda *arguments: run(list(arguments))


@pytest.fixture
def kbs(settings: Settings) -> KnowledgeBases:
    """The knowledge bases as another process, a server, sees them."""
    built = inline(settings).knowledge_bases
    built.create(KB, info="公司制度")
    put(built, {"差旅.txt": TRAVEL, "请假.txt": LEAVE})
    return built


def put(kbs: KnowledgeBases, files: dict[str, str], kb: str = KB) -> None:
    uploads = [Upload(name, io.BytesIO(text.encode())) for name, text in files.items()]
    assert set(kbs.add_files(kb, uploads, IngestOptions()).values()) == {None}


def names(kbs: KnowledgeBases, kb: str = KB) -> list[str]:
    return [file.name for file in kbs.files(kb)]


def best(kbs: KnowledgeBases, question: str) -> str:
    hits = kbs.search([KB], question, top_k=1, max_distance=1.0)
    return hits[0].chunk.file if hits else ""


def content(settings: Settings, kb: str = KB) -> Path:
    return settings.paths.knowledge_base / kb / "content"


class TestArguments:
    def test_nothing_asked_prints_the_flags(self, command: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert command() == 0
        assert "--recreate-vs" in capsys.readouterr().out

    @pytest.mark.parametrize(
        "arguments",
        [
            ["-r", "-u"],
            ["--prune-db", "--prune-folder"],
            ["--repair"],
            ["-r", "--json"],
            ["-i", "--watch"],
            ["--check", "--force"],
            ["--prune-db", "--yes"],
            ["--add-folder", "x", "-n", "a", "b"],
            ["--no-such-flag"],
        ],
    )
    def test_what_makes_no_sense_is_refused(self, command: Run, arguments: list[str]) -> None:
        with pytest.raises(SystemExit) as refused:
            command(*arguments)
        assert refused.value.code == 2

    def test_every_flag_has_a_help_text(self) -> None:
        assert [action.dest for action in parser()._actions if not action.help] == []

    @pytest.mark.parametrize("flag", ["-r", "-u", "-i", "--prune-db", "--prune-folder", "--check"])
    def test_a_mistyped_name_makes_nothing(
        self, command: Run, kbs: KnowledgeBases, settings: Settings, flag: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert command(flag, "-n", "制渡") == 2
        assert "制渡" in capsys.readouterr().err
        assert [kb.name for kb in kbs.list()] == [KB]
        assert not (settings.paths.knowledge_base / "制渡").exists()

    def test_it_speaks_chinese(
        self, command: Run, kbs: KnowledgeBases, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
        assert command("-r") == 0
        assert "2 个文件，2 个分块，2 个未变化，0 个失败" in capsys.readouterr().out
        assert command("-r", "-n", "无") == 2
        assert "未找到知识库“无”" in capsys.readouterr().err


class TestTables:
    def test_create(self, command: Run, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
        assert command("--create-tables") == 0
        assert (settings.paths.knowledge_base / "info.db").is_file()
        assert "tables are there" in capsys.readouterr().out

    def test_clear_keeps_the_files(self, command: Run, kbs: KnowledgeBases, settings: Settings) -> None:
        assert command("--clear-tables") == 0
        assert kbs.list() == []
        assert len(list(content(settings).iterdir())) == 2

    def test_clear_and_build_anew(self, command: Run, kbs: KnowledgeBases) -> None:
        assert command("--clear-tables", "-r") == 0
        assert names(kbs) == ["差旅.txt", "请假.txt"]
        assert best(kbs, "年假") == "请假.txt"


class TestRebuild:
    def test_what_has_not_changed_is_not_read(
        self, command: Run, kbs: KnowledgeBases, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert command("-r") == 0
        assert "2 files, 2 chunks, 2 unchanged, 0 failed" in capsys.readouterr().out

    def test_force_reads_the_bytes_again(
        self, command: Run, kbs: KnowledgeBases, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        kept = {path.name: path.stat().st_ino for path in (settings.paths.knowledge_base / ".cache").iterdir()}
        assert command("-r", "--force") == 0
        assert "2 files, 2 chunks, 0 unchanged, 0 failed" in capsys.readouterr().out
        again = {path.name: path.stat().st_ino for path in (settings.paths.knowledge_base / ".cache").iterdir()}
        assert kept.keys() == again.keys()
        assert best(kbs, "年假") == "请假.txt"

    def test_each_keeps_what_it_is(self, command: Run, settings: Settings, kbs: KnowledgeBases) -> None:
        kbs.create("small", info="short chunks", options=IngestOptions(chunk_size=12, chunk_overlap=0))
        put(kbs, {"a.txt": TRAVEL}, "small")
        before = kbs.get("small")
        assert before.chunks > 1
        assert command("-r", "--force") == 0
        assert kbs.get("small") == before
        assert kbs.get(KB).info == "公司制度"

    def test_a_file_that_fails_is_named_and_tells_the_exit_code(
        self, command: Run, kbs: KnowledgeBases, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (content(settings) / "broken.pdf").write_bytes(b"%PDF-nothing")
        assert command("-r") == 1
        said = capsys.readouterr()
        assert "3 files, 2 chunks, 0 unchanged, 1 failed" in said.out
        assert "broken.pdf" in said.err

    def test_folders_without_a_knowledge_base_become_one(
        self, command: Run, settings: Settings, kbs: KnowledgeBases
    ) -> None:
        content(settings, "new").mkdir(parents=True)
        (content(settings, "new") / "template.md").write_text(MARS, "utf-8")
        assert command("-r") == 0
        assert names(kbs, "new") == ["template.md"]

    def test_a_damaged_index_is_mended(self, command: Run, kbs: KnowledgeBases, settings: Settings) -> None:
        [vectors] = (settings.paths.knowledge_base / KB / "index").rglob("vectors.faiss")
        vectors.write_bytes(b"damaged")
        assert command("--check") == 1
        assert command("-r") == 0
        assert command("--check") == 0
        assert best(kbs, "年假") == "请假.txt"

    def test_a_busy_one_does_not_stop_the_others(
        self, command: Run, kbs: KnowledgeBases, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        kbs.create("zz")
        put(kbs, {"a.txt": MARS}, "zz")
        with locked(Layout.of(settings.paths.knowledge_base, KB), KB, rebuild=True):
            assert command("-r") == 1
        said = capsys.readouterr()
        assert f'"{KB}" is being rebuilt' in said.err
        assert "1 files, 1 chunks, 1 unchanged" in said.out


class TestUpdateAndIncrement:
    def test_update_reads_what_sql_lists(self, command: Run, kbs: KnowledgeBases, settings: Settings) -> None:
        (content(settings) / "差旅.txt").write_text(MARS, "utf-8")
        (content(settings) / "new.txt").write_text(LEAVE, "utf-8")
        assert command("-u") == 0
        assert (best(kbs, "火星基地"), names(kbs)) == ("差旅.txt", ["差旅.txt", "请假.txt"])

    def test_update_names_a_file_that_is_gone(
        self, command: Run, kbs: KnowledgeBases, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (content(settings) / "差旅.txt").unlink()
        assert command("-u") == 1
        assert "差旅.txt" in capsys.readouterr().err
        assert best(kbs, "报销") == ""

    def test_increment_adds_what_sql_does_not_list(
        self, command: Run, kbs: KnowledgeBases, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (content(settings) / "差旅.txt").write_text(MARS, "utf-8")
        (content(settings) / "new.txt").write_text(MARS, "utf-8")
        assert command("-i") == 0
        assert "1 files, 3 chunks, 0 unchanged, 0 failed" in capsys.readouterr().out
        assert best(kbs, "火星基地") == "new.txt"
        assert best(kbs, "报销") == "差旅.txt"

    @pytest.mark.parametrize("flag", ["-u", "-i"])
    def test_another_model_needs_a_rebuild(
        self, command: Run, kbs: KnowledgeBases, flag: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert command(flag, "-e", "other") == 1
        assert "--recreate-vs" in capsys.readouterr().err


class TestPrune:
    def test_prune_db_means_all_without_a_name(self, command: Run, kbs: KnowledgeBases, settings: Settings) -> None:
        kbs.create("other")
        put(kbs, {"a.txt": MARS}, "other")
        (content(settings) / "差旅.txt").unlink()
        (content(settings, "other") / "a.txt").unlink()
        assert command("--check") == 1
        assert command("--prune-db") == 0
        assert (names(kbs), names(kbs, "other"), best(kbs, "报销")) == (["请假.txt"], [], "")
        assert command("--check") == 0

    def test_prune_db_of_one(self, command: Run, kbs: KnowledgeBases, settings: Settings) -> None:
        kbs.create("other")
        (content(settings) / "差旅.txt").unlink()
        assert command("--prune-db", "-n", "other") == 0
        assert names(kbs) == ["差旅.txt", "请假.txt"]

    def test_prune_folder_deletes_nothing_without_a_yes(
        self, command: Run, kbs: KnowledgeBases, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        extra = content(settings) / "sub" / "extra.txt"
        extra.parent.mkdir()
        extra.write_text(MARS, "utf-8")
        monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
        assert command("--prune-folder") == 2
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        monkeypatch.setattr("builtins.input", lambda _: "n")
        assert command("--prune-folder") == 0
        assert extra.is_file()
        monkeypatch.setattr("builtins.input", lambda _: "y")
        assert command("--prune-folder") == 0
        assert not extra.parent.exists()
        assert names(kbs) == ["差旅.txt", "请假.txt"]
        assert all((content(settings) / name).is_file() for name in names(kbs))

    def test_prune_folder_takes_names_that_uploads_may_not_have(
        self, command: Run, kbs: KnowledgeBases, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        odd = content(settings) / "con.txt"
        odd.write_text("x", "utf-8")
        assert command("--prune-folder", "--yes") == 0
        assert not odd.exists()
        assert "con.txt" in capsys.readouterr().out

    def test_prune_folder_after_clear_tables_deletes_nothing(
        self, command: Run, kbs: KnowledgeBases, settings: Settings
    ) -> None:
        assert command("--clear-tables", "--prune-folder", "--yes") == 0
        assert len(list(content(settings).iterdir())) == 2


class TestCheck:
    def report(self, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
        said = json.loads(capsys.readouterr().out)
        return {each["name"]: each for each in said["knowledge_bases"]}

    def test_all_well(self, command: Run, kbs: KnowledgeBases, capsys: pytest.CaptureFixture[str]) -> None:
        assert command("--check", "--json") == 0
        [(name, report)] = self.report(capsys).items()
        assert (name, report["agrees"], report["files"], report["chunks"]) == (KB, True, 2, 2)
        assert command("--check") == 0
        assert "agrees: 2 files, 2 chunks" in capsys.readouterr().out

    def test_it_only_looks(self, command: Run, kbs: KnowledgeBases, settings: Settings) -> None:
        old = settings.paths.knowledge_base / KB / "index" / "99"
        old.mkdir()
        assert command("--check") == 1
        assert old.is_dir()
        assert command("--check", "--repair") == 0
        assert not old.exists()

    def test_orphans_both_ways(
        self, command: Run, kbs: KnowledgeBases, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (content(settings) / "差旅.txt").unlink()
        (content(settings) / "extra.txt").write_text(MARS, "utf-8")
        (content(settings) / "请假.txt").write_text(MARS, "utf-8")
        content(settings, "folder").mkdir(parents=True)
        assert command("--check", "--repair", "--json") == 1, "what people must decide is not repaired"
        reports = self.report(capsys)
        assert reports[KB]["files_not_on_disk"] == ["差旅.txt"]
        assert reports[KB]["files_not_in_sql"] == ["extra.txt"]
        assert reports[KB]["files_changed_on_disk"] == ["请假.txt"]
        assert reports["folder"]["state"] == "unknown"
        assert command("-r") == 0
        assert command("--check") == 0

    def test_a_busy_one_is_named(
        self,
        command: Run,
        kbs: KnowledgeBases,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr("server.knowledge_base.maintenance.PATIENCE_S", 0)
        with locked(Layout.of(settings.paths.knowledge_base, KB), KB):
            assert command("--check", "--json") == 1
        assert self.report(capsys)[KB]["state"] == "busy"

    def test_the_table_in_chinese(
        self, command: Run, kbs: KnowledgeBases, settings: Settings, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        (content(settings) / "[b]x.txt").write_text(MARS, "utf-8")
        monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
        monkeypatch.setenv("COLUMNS", "160")
        assert command("--check") == 1
        said = capsys.readouterr().out
        assert "磁盘上有、数据库中没有的文件" in said
        assert "[b]x.txt" in said, "a name is no markup"


class TestImport:
    @pytest.fixture
    def old(self, tmp_path: Path) -> Path:
        """A database of 0.2.10, with a name it should never have had and without a column."""
        path = tmp_path / "old.db"
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE knowledge_base (id INTEGER, kb_name, kb_info, vs_type, embed_model)")
            connection.execute("CREATE TABLE knowledge_file (id INTEGER, file_name, kb_name)")
            rows = [
                (1, "旧制度", "旧的说明", "milvus", "m3e-huge"),
                (2, "../evil", "", "faiss", ""),
                (3, KB, "", "", ""),
            ]
            connection.executemany("INSERT INTO knowledge_base VALUES (?, ?, ?, ?, ?)", rows)
            files = [(1, "a.txt", "旧制度"), (2, "子/b.txt", "旧制度"), (3, "../c.txt", "旧制度"), (4, "d.txt", KB)]
            connection.executemany("INSERT INTO knowledge_file VALUES (?, ?, ?)", files)
        connection.close()
        return path

    def test_a_database_of_the_peer(
        self, command: Run, kbs: KnowledgeBases, settings: Settings, old: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert command("--import-db", str(old)) == 1, "two names were refused"
        said = capsys.readouterr()
        info = kbs.get("旧制度")
        assert (info.info, info.vector_store, info.embed_model) == ("旧的说明", "faiss", "builtin-ngram")
        assert "m3e-huge" in said.out
        assert "milvus" in said.out
        assert "--recreate-vs" in said.out
        assert said.err.count("../") == 2
        assert names(kbs, "旧制度") == ["a.txt", "子/b.txt"]
        assert {file.error.code for file in kbs.files("旧制度") if file.error} == {"not_read_yet"}
        assert names(kbs) == ["d.txt", "差旅.txt", "请假.txt"]
        (content(settings, "旧制度") / "a.txt").write_text(MARS, "utf-8")
        assert command("-r") == 0
        assert [(file.name, file.state) for file in kbs.files("旧制度")] == [("a.txt", "ready")]

    def test_a_database_of_ours_with_settings_encoded_twice(
        self, command: Run, kbs: KnowledgeBases, settings: Settings, tmp_path: Path
    ) -> None:
        kbs.create("small", info="short", options=IngestOptions(chunk_size=12, chunk_overlap=0, ocr=False))
        put(kbs, {"a.txt": TRAVEL}, "small")
        backup = tmp_path / "backup.db"
        with sqlite3.connect(settings.paths.knowledge_base / "info.db") as ours, sqlite3.connect(backup) as target:
            ours.backup(target)
            kept = json.dumps(json.dumps({"chunk_size": 12, "chunk_overlap": 0, "ocr": False, "splitter": 7}))
            target.execute("UPDATE knowledge_base SET settings = ? WHERE name = 'small'", (kept,))
        before = kbs.get("small")
        assert command("--clear-tables", "--import-db", str(backup), "-n", "small") == 0
        assert [kb.name for kb in kbs.list()] == ["small"]
        assert command("-r", "-n", "small") == 0
        after = kbs.get("small")
        assert (after.recipe, after.info, after.chunks) == (before.recipe, "short", before.chunks)

    @pytest.mark.parametrize("data", [None, b"no database at all, only some text that is long enough", b""])
    def test_what_is_no_backup(
        self, command: Run, tmp_path: Path, data: bytes | None, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "x.db"
        if data is not None:
            path.write_bytes(data)
        assert command("--import-db", str(path)) == 2
        said = capsys.readouterr().err
        assert "x.db" in said
        assert str(tmp_path) not in said


def test_if_missing_builds_once(
    command: Run, settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("--if-missing") == 0
    content(settings, "samples").mkdir(parents=True)
    (content(settings, "samples") / "a.txt").write_text(MARS, "utf-8")
    assert command("--if-missing") == 0
    assert "1 files, 1 chunks" in capsys.readouterr().out
    assert command("--if-missing") == 0
    assert "is there" in capsys.readouterr().out


class TestAddFolder:
    @pytest.fixture
    def docs(self, tmp_path: Path) -> Path:
        folder = tmp_path / "我的文档"
        (folder / "draft").mkdir(parents=True)
        (folder / "mars.txt").write_text(MARS, "utf-8")
        (folder / "draft" / "x.txt").write_text(LEAVE, "utf-8")
        return folder

    def test_it_becomes_a_knowledge_base_of_its_name(
        self, command: Run, kbs: KnowledgeBases, docs: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert command("--add-folder", str(docs), "--ignore", "draft/", "*.log") == 0
        assert names(kbs, "我的文档") == ["mars.txt"]
        assert command("--add-folder", str(docs), "--ignore", "draft/") == 0
        assert "1 files, 1 chunks, 1 unchanged, 0 failed" in capsys.readouterr().out
        assert command("--add-folder", str(docs), "--ignore", "draft/", "--force") == 0
        assert "1 files, 1 chunks, 0 unchanged, 0 failed" in capsys.readouterr().out

    def test_it_joins_the_files_of_another(self, command: Run, kbs: KnowledgeBases, docs: Path) -> None:
        assert command("--add-folder", str(docs), "-n", KB) == 0
        assert names(kbs) == ["draft/x.txt", "mars.txt", "差旅.txt", "请假.txt"]
        assert command("--add-folder", str(docs), "-n", KB, "--mirror") == 0
        assert names(kbs) == ["draft/x.txt", "mars.txt"]

    def test_a_file_that_fails_tells_the_exit_code(
        self, command: Run, kbs: KnowledgeBases, docs: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (docs / "bad.pdf").write_bytes(b"%PDF-nothing")
        assert command("--add-folder", str(docs), "-n", KB) == 1
        assert "bad.pdf" in capsys.readouterr().err
        assert best(kbs, "火星基地") == "mars.txt"

    def test_no_folder_and_our_own_folder_are_refused(
        self, command: Run, kbs: KnowledgeBases, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert command("--add-folder", str(tmp_path / "nope")) == 2
        assert command("--add-folder", str(settings.paths.knowledge_base.parent)) == 2
        assert "own data" in capsys.readouterr().err
        assert [kb.name for kb in kbs.list()] == [KB]

    def test_watching_ends_with_ctrl_c(
        self, command: Run, kbs: KnowledgeBases, docs: Path, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        naps: list[float] = []

        def nap(seconds: float) -> None:
            naps.append(seconds)
            if len(naps) == 1:
                (docs / "new.txt").write_text(TRAVEL, "utf-8")
                (docs / "mars.txt").unlink()
            if len(naps) == 4:
                raise KeyboardInterrupt

        monkeypatch.setattr(adding.time, "sleep", nap)
        assert command("--add-folder", str(docs), "-n", KB, "--watch", "--mirror", "--ignore", "draft") == 0
        said = capsys.readouterr().out
        assert said.count("+ new.txt") == 1
        assert said.count("- mars.txt") == 1
        assert names(kbs) == ["new.txt"]
