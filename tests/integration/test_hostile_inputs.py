"""Hostile files through real reader processes: each ends in chunks or in words that say why, and harms nothing else."""

import io
import os
import stat
import tempfile
import threading
import time
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hostile_files import CASES, SECRET, TEXT, Case, bomb, encrypted_zip, packed

from configs import Settings, load_settings
from server.container import Container, build_container
from server.errors import ZhiwenError
from server.knowledge_base.recipe import IngestOptions
from server.knowledge_base.service import KnowledgeBases
from server.knowledge_base.uploads import Upload

KB = "敌意"
SLOW = "".join(f"第{number}条 {TEXT}\n" for number in range(60_000)).encode()
WELL_BEHAVED = {
    "逗号，和 空格.txt",
    "100%.txt",
    "😀.txt",
    f"{'长' * 70}.txt",
    "-rf.txt",
    "a'b;c.txt",
    "$(touch evil).txt",
}
REFUSED = {
    "../evil-zhiwen.txt",
    "/evil-zhiwen.txt",
    "..",
    "..\\evil-zhiwen.txt",
    "C:\\evil-zhiwen.txt",
    "a/../../evil-zhiwen.txt",
    f"{'长' * 200}.txt",
    "con.txt",
    "NUL",
    "aux.md",
    "evil\u202etxt.exe.txt",
    "zero\u200bwidth.txt",
    "nul\0.txt",
    "half\ud800.txt",
    " .txt",
    ".hidden.txt",
    "dot.txt.",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """All data and all temporary files, also those of reader processes, lie below it."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "temporary").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZHIWEN_CONFIG", str(folder / "none.toml"))
        patch.setenv("ZHIWEN__PATHS__KNOWLEDGE_BASE", str(folder / "kb"))
        patch.setenv("TMPDIR", str(folder / "temporary"))
        patch.setattr(tempfile, "tempdir", str(folder / "temporary"))
        yield folder


@pytest.fixture(scope="module")
def settings(root: Path) -> Settings:
    return load_settings()


@pytest.fixture(scope="module")
def container(settings: Settings, root: Path) -> Iterator[Container]:
    built = build_container(settings)
    built.knowledge_bases.create(KB)
    yield built
    built.close()
    assert list((root / "temporary").iterdir()) == [], "ended readers leave nothing"


@pytest.fixture
def kbs(container: Container) -> KnowledgeBases:
    return container.knowledge_bases


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(root: Path, container: Container) -> Iterator[None]:
    """Whatever came in: no file outside of the data folder, and none in the folders of the readers."""
    yield
    temporary = root / "temporary"
    assert [path for path in temporary.rglob("*") if path.parent != temporary or path.is_file()] == []
    assert {path.name for path in root.iterdir()} == {"kb", "temporary"}
    assert {path.name for path in (root / "kb").iterdir()} <= {KB, "info.db", "info.db-wal", "info.db-shm", ".cache"}
    assert list((root / "kb" / KB / ".incoming").glob("*")) == []
    assert list(root.parent.rglob("evil*")) == []


def put(kbs: KnowledgeBases, name: str, data: bytes) -> dict[str, ZhiwenError | None]:
    return kbs.add_files(KB, [Upload(name, io.BytesIO(data))], IngestOptions(replace=True))


def shown(kbs: KnowledgeBases, name: str) -> str:
    return "".join(chunk.text for chunk in kbs.chunks(KB, file_name=name))


def check_words(error: ZhiwenError) -> None:
    """An error says what happened in both languages, and no path of this machine."""
    for language in ("en", "zh"):
        text = error.message(language)
        assert "{" not in text
        assert "Traceback" not in text
        assert tempfile.gettempdir() not in text
    assert error.message("en") != error.message("zh")
    assert "its reader failed" not in error.message("en"), "a fault that nobody foresaw"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_file_ends_in_chunks_or_in_words(kbs: KnowledgeBases, case: Case) -> None:
    data = case.data()
    assert list(put(kbs, case.name, data)) == [case.name]
    [info] = [file for file in kbs.files(KB) if file.name == case.name]
    text = shown(kbs, case.name)
    assert SECRET not in text
    assert "evil()" not in text or case.name.endswith(".txt")
    if case.outcome == "ready":
        assert (info.state, info.error_code) == ("ready", "")
        assert info.chunks > 0
        assert case.shows in text
        return
    assert (info.state, info.error_code, info.chunks, text) == ("failed", case.outcome, 0, "")
    assert info.error is not None
    assert case.shows in info.error.message("en")
    assert case.name in info.error.message("zh")
    check_words(info.error)
    assert kbs.content_path(KB, case.name).read_bytes() == data


@pytest.mark.parametrize("name", sorted(WELL_BEHAVED))
def test_an_odd_name_is_kept_as_it_is(kbs: KnowledgeBases, name: str) -> None:
    assert put(kbs, name, TEXT.encode()) == {name: None}
    assert kbs.content_path(KB, name).name == name
    assert shown(kbs, name) == TEXT


def test_a_name_in_parts_is_put_together(kbs: KnowledgeBases) -> None:
    name = "résumé.txt"
    assert put(kbs, unicodedata.normalize("NFD", name), TEXT.encode()) == {name: None}
    assert put(kbs, name, TEXT.encode()) == {name: None}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_name_that_leads_elsewhere_is_refused(kbs: KnowledgeBases, name: str) -> None:
    before = [file.name for file in kbs.files(KB)]
    [error] = put(kbs, name, TEXT.encode()).values()
    assert error is not None
    assert error.code in ("bad_name", "unsupported_file_type")
    check_words(error)
    assert [file.name for file in kbs.files(KB)] == before


def archive_of_bad_names() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("../evil-1.txt", "/evil-2.txt", "C:\\evil-3.txt", "a/../../evil-4.txt", "..\\evil-5.txt"):
            archive.writestr(name, TEXT)
        link = zipfile.ZipInfo("evil-link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("good.txt", TEXT)
    return out.getvalue()


def test_members_of_an_archive_stay_inside(kbs: KnowledgeBases) -> None:
    results = put(kbs, "names.zip", archive_of_bad_names())
    assert results.pop("names.zip/good.txt") is None
    assert len(results) == 6
    for error in results.values():
        assert error is not None
        check_words(error)
    kbs.delete_files(KB, ["names.zip/good.txt"], delete_content=True)


def test_names_in_gbk_are_read_as_they_were_meant(kbs: KnowledgeBases) -> None:
    data = packed({"xxxxxxxx.txt": TEXT.encode()}, zipfile.ZIP_STORED).replace(b"xxxxxxxx", "差旅报销".encode("gbk"))
    assert put(kbs, "gbk.zip", data) == {"gbk.zip/差旅报销.txt": None}


@pytest.mark.parametrize(
    ("name", "make", "says"),
    [
        ("bomb.zip", bomb, "120 MB"),
        ("locked.zip", encrypted_zip, "password"),
        ("cut.zip", lambda: packed({"a.txt": TEXT.encode()})[:-30], "damaged"),
        ("no.zip", lambda: b"not an archive", "damaged"),
    ],
)
def test_an_archive_that_cannot_be_opened_says_why(kbs: KnowledgeBases, name: str, make, says: str) -> None:
    [(refused, error)] = put(kbs, name, make()).items()
    assert refused == name
    assert error is not None
    assert says in error.message("en")
    check_words(error)


def readers() -> list[psutil.Process]:
    family = psutil.Process(os.getpid()).children(recursive=True)
    return [each for each in family if "server.knowledge_base.parser" in each.cmdline()]


def test_a_reader_that_dies_takes_only_its_file_along(kbs: KnowledgeBases) -> None:
    results: dict[str, ZhiwenError | None] = {}
    for reader in readers():
        reader.kill()
        reader.wait()
    upload = threading.Thread(target=lambda: results.update(put(kbs, "slow.txt", SLOW)))
    upload.start()
    deadline = time.monotonic() + 30
    while not (alive := readers()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    alive[0].kill()
    upload.join(60)
    error = results["slow.txt"]
    assert error is not None
    assert "crashed" in error.message("en")
    check_words(error)
    assert put(kbs, "after.txt", TEXT.encode()) == {"after.txt": None}


@pytest.mark.parametrize(
    ("limit", "value", "name", "data"),
    [("file_timeout_s", 1, "long.txt", SLOW), ("file_memory_mb", 256, "large.csv", b"a,b\n" + b"1,2\n" * 400_000)],
)
def test_a_file_beyond_a_limit_is_given_up(
    settings: Settings, limit: str, value: int, name: str, data: bytes, kbs: KnowledgeBases
) -> None:
    tight = settings.ingest.model_copy(update={limit: value})
    container = build_container(settings.model_copy(update={"ingest": tight}))
    [error] = put(container.knowledge_bases, name, data).values()
    container.close()
    assert error is not None
    assert f"ingest.{limit}" in error.message("en")
    check_words(error)
    assert put(kbs, "after.txt", TEXT.encode()) == {"after.txt": None}
