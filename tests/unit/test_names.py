"""Names are parsed or refused, and no name leads out of its folder."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import BadName
from server.knowledge_base.names import FileName, KbName, Layout

HOSTILE = [
    "",
    "  ",
    ".",
    "..",
    "../x",
    "..\\x",
    "a/../b",
    "/etc/passwd",
    "C:\\x",
    "a\x00b",
    "a\nb",
    "con",
    "NUL.txt",
    ".hidden",
    "x.",
    "a\u202eb",
    "\ud800",
    "%2e%2e/../x",
    "字" * 200,
]


@pytest.mark.parametrize("name", [*HOSTILE, "a/b", "info.db", "INFO.DB-wal"])
def test_hostile_knowledge_base_names_are_refused(name: str) -> None:
    with pytest.raises(BadName) as caught:
        KbName.parse(name)
    assert caught.value.message("zh") != caught.value.message("en")


@pytest.mark.parametrize("name", [*HOSTILE, "a//b", "a/./b", "a/..", "a/"])
def test_hostile_file_names_are_refused(name: str) -> None:
    with pytest.raises(BadName):
        FileName.parse(name)


@pytest.mark.parametrize("name", ["知识库 1", "a%b", "a_b", "Ünïcode", "naïve-名称(2)", "100% 🙂"])
def test_names_in_any_script_are_kept(name: str) -> None:
    assert KbName.parse(f" {name} ").text == unicodedata.normalize("NFC", name)
    assert FileName.parse(f"子目录/{name}.txt").text == f"子目录/{unicodedata.normalize('NFC', name)}.txt"


def test_two_spellings_of_one_name_are_one() -> None:
    assert KbName.parse("e\u0301") == KbName.parse("\u00e9")
    assert KbName.parse("ABC").key == KbName.parse("abc").key


@given(st.text(max_size=60))
def test_whatever_is_accepted_stays_inside(name: str) -> None:
    root = Path("/nowhere/kb").absolute()
    try:
        layout = Layout.of(root, name)
        path = layout.file(name)
    except BadName:
        return
    assert layout.root.parent == root
    assert layout.content in path.parents


def test_a_link_out_of_the_content_folder_is_refused(tmp_path: Path) -> None:
    layout = Layout.of(tmp_path, "kb")
    layout.content.mkdir(parents=True)
    (layout.content / "out").symlink_to(tmp_path)
    with pytest.raises(BadName):
        layout.file("out/secret.txt")
