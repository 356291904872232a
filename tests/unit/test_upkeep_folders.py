"""Folders of the user's: which files are meant, what a second look does, what mirroring deletes."""

import os
from pathlib import Path, PurePosixPath

import pytest

from server.container import Container
from server.knowledge_base.folders import Folder, FolderStep, is_ignored, readable
from server.knowledge_base.recipe import IngestOptions
from server.knowledge_base.service import KnowledgeBases

KB = "资料"
OPTIONS = IngestOptions()
TEXTS = {"a.txt": "差旅报销须在十五个工作日内提交。", "子/b.md": "# 请假\n\n员工每年享有五天带薪年假。"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    for name, text in TEXTS.items():
        write(folder / name, text)
    return folder


@pytest.fixture
def kbs(container: Container) -> KnowledgeBases:
    container.knowledge_bases.create(KB)
    return container.knowledge_bases


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def told(steps: list[FolderStep]) -> dict[str, str]:
    def word(step: FolderStep) -> str:
        if step.error is not None:
            return step.error.code
        return "unchanged" if step.unchanged else "deleted" if step.deleted else "read"

    return {step.file: word(step) for step in steps}


def names(kbs: KnowledgeBases) -> list[str]:
    return [file.name for file in kbs.files(KB)]


@pytest.mark.parametrize(
    ("path", "pattern", "ignored"),
    [
        ("a.log", "*.log", True),
        ("sub/a.log", "*.log", True),
        ("sub/drafts", "drafts", True),
        ("drafts.txt", "drafts", False),
        ("old/a.pdf", "old/*.pdf", True),
        ("new/old/a.pdf", "old/*.pdf", False),
        ("notes.txt", "/notes.txt", True),
        ("sub/notes.txt", "/notes.txt", False),
        ("build", "build/", False),
        ("A.LOG", "*.log", False),
    ],
)
def test_patterns(path: str, pattern: str, ignored: bool) -> None:
    assert is_ignored(PurePosixPath(path), [pattern]) is ignored


def test_a_pattern_for_folders_names_folders() -> None:
    assert is_ignored(PurePosixPath("sub/build"), ["build/"], is_folder=True)


def test_what_is_readable(root: Path) -> None:
    for name in (".hidden/x.txt", "~$a.docx", "x.exe", "template.txt", "build/x.txt", "pack.zip", "c.tmp", "A.TXT"):
        write(root / name, "x")
    (root / "link.txt").symlink_to(root / "a.txt")
    (root / "loop").symlink_to(root, target_is_directory=True)
    found = ["A.TXT", "a.txt", "pack.zip", "template.txt", "子/b.md"]
    assert readable(root, ["build/"]) == found


def test_a_folder_is_copied_and_read_once(kbs: KnowledgeBases, root: Path) -> None:
    steps = list(Folder(kbs, KB, root).sync(OPTIONS))
    assert told(steps) == dict.fromkeys(TEXTS, "read")
    assert [(step.finished, step.total) for step in steps] == [(1, 2), (2, 2)]
    assert kbs.search([KB], "年假有几天", top_k=1, max_distance=1.0)[0].chunk.file == "子/b.md"
    assert {name: (root / name).read_text("utf-8") for name in TEXTS} == TEXTS
    assert told(list(Folder(kbs, KB, root).sync(OPTIONS))) == dict.fromkeys(TEXTS, "unchanged")
    assert told(list(Folder(kbs, KB, root).sync(IngestOptions(force=True)))) == dict.fromkeys(TEXTS, "read")


def test_other_settings_read_the_same_bytes_again(kbs: KnowledgeBases, root: Path) -> None:
    list(Folder(kbs, KB, root).sync(OPTIONS))
    again = list(Folder(kbs, KB, root).sync(IngestOptions(chunk_size=10, chunk_overlap=0)))
    assert told(again) == dict.fromkeys(TEXTS, "read")


def test_one_bad_file_does_not_stop_the_others(kbs: KnowledgeBases, root: Path) -> None:
    write(root / "bad.pdf", "%PDF-nothing")
    write(root / "con.txt", "a name that Windows reserves")
    write(root / "locked.txt", "x")
    expected = {"bad.pdf": "file_unreadable", "con.txt": "bad_name", **dict.fromkeys(TEXTS, "read")}
    if os.name == "posix" and os.geteuid() != 0:
        (root / "locked.txt").chmod(0)
        expected["locked.txt"] = "file_unreadable"
    else:
        expected["locked.txt"] = "read"
    assert told(list(Folder(kbs, KB, root).sync(OPTIONS))) == expected


def test_what_left_the_folder_stays_without_mirror(kbs: KnowledgeBases, root: Path) -> None:
    list(Folder(kbs, KB, root).sync(OPTIONS))
    (root / "a.txt").unlink()
    assert told(list(Folder(kbs, KB, root).sync(OPTIONS))) == {"子/b.md": "unchanged"}
    assert names(kbs) == [*TEXTS]


def test_a_mirror_holds_what_the_folder_holds(kbs: KnowledgeBases, root: Path) -> None:
    folder = Folder(kbs, KB, root, mirror=True)
    list(folder.sync(OPTIONS))
    (root / "a.txt").unlink()
    assert told(list(folder.sync(OPTIONS))) == {"a.txt": "deleted", "子/b.md": "unchanged"}
    assert names(kbs) == ["子/b.md"]


def test_an_empty_folder_empties_nothing(kbs: KnowledgeBases, root: Path) -> None:
    """A drive that is not mounted is an empty folder."""
    folder = Folder(kbs, KB, root, mirror=True)
    list(folder.sync(OPTIONS))
    for name in TEXTS:
        (root / name).unlink()
    assert list(folder.sync(OPTIONS)) == []
    assert list(folder.sync_changed(OPTIONS)) == []
    assert names(kbs) == [*TEXTS]


class TestWatching:
    def test_a_change_is_taken_once_it_has_come_to_rest(self, kbs: KnowledgeBases, root: Path) -> None:
        folder = Folder(kbs, KB, root)
        list(folder.sync(OPTIONS))
        assert list(folder.sync_changed(OPTIONS)) == []
        write(root / "a.txt", "木星")
        assert list(folder.sync_changed(OPTIONS)) == [], "somebody may still be writing"
        write(root / "a.txt", "木星没有固体表面。")
        write(root / "new.txt", "火星基地位于奥林帕斯山。")
        assert list(folder.sync_changed(OPTIONS)) == []
        assert told(list(folder.sync_changed(OPTIONS))) == {"a.txt": "read", "new.txt": "read"}
        assert list(folder.sync_changed(OPTIONS)) == []
        assert [chunk.text for chunk in kbs.chunks(KB, file_name="a.txt")] == ["木星没有固体表面。"]

    def test_a_deleted_file_goes_with_mirror_only(self, kbs: KnowledgeBases, root: Path) -> None:
        plain, mirror = Folder(kbs, KB, root), Folder(kbs, KB, root, mirror=True)
        list(plain.sync(OPTIONS))
        list(mirror.sync(OPTIONS))
        (root / "a.txt").unlink()
        assert list(plain.sync_changed(OPTIONS)) == []
        assert told(list(mirror.sync_changed(OPTIONS))) == {"a.txt": "deleted"}
        assert names(kbs) == ["子/b.md"]

    def test_a_failure_that_may_pass_is_tried_again(
        self, kbs: KnowledgeBases, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from server.stores import faiss_store

        def full(path: Path, data: bytes) -> None:
            raise OSError(28, "No space left on device")

        folder = Folder(kbs, KB, root)
        with monkeypatch.context() as patch:
            patch.setattr(faiss_store, "replace_file", full)
            assert set(told(list(folder.sync(OPTIONS))).values()) == {"storage_failed"}
        assert told(list(folder.sync_changed(OPTIONS))) == dict.fromkeys(TEXTS, "read")
