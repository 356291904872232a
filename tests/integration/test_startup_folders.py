"""Folders and databases that cannot be written: one sentence that says what to do, on both command lines."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from free_ports import free_port

from server.db.session import Database
from server.errors import DatabaseUnusable

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def occupied(tmp_path: Path) -> Path:
    """A file where a folder should be: not even the administrator can write into it."""
    path = tmp_path / "data"
    path.write_text("not a folder", "utf-8")
    return path


def command(program: str, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ZHIWEN", "LC_"))}
    environment |= {"LANG": "C.UTF-8", "ZHIWEN_CONFIG": os.devnull, **variables}
    argv = [sys.executable, str(ROOT / program), *arguments]
    return subprocess.run(argv, capture_output=True, encoding="utf-8", env=environment, timeout=60)


@pytest.mark.parametrize("name", ["knowledge_base", "logs"])
def test_nothing_is_started_where_nothing_can_be_written(name: str, tmp_path: Path, occupied: Path) -> None:
    paths = {"knowledge_base": tmp_path / "kb", "logs": tmp_path / "logs", name: occupied}
    variables = {f"ZHIWEN__PATHS__{key.upper()}": str(path) for key, path in paths.items()}
    refused = command("startup.py", "--api", ZHIWEN__SERVICES__API__PORT=str(free_port()), **variables)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr.startswith(f"Nothing can be written into {occupied}: ")
    assert f"paths.{name} in configs/local.toml" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_part_that_keeps_no_documents_needs_no_place_for_them(tmp_path: Path, occupied: Path) -> None:
    from configs.settings import load_settings
    from server.launcher import folders

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZHIWEN__PATHS__KNOWLEDGE_BASE", str(occupied))
        patch.setenv("ZHIWEN__PATHS__LOGS", str(tmp_path / "logs"))
        folders.check(load_settings(), {"webui"})
    assert list((tmp_path / "logs").iterdir()) == []


@pytest.mark.parametrize(
    ("program", "arguments", "code"),
    [
        ("startup.py", ("--create-key", "k"), 1),
        ("startup.py", ("--list-keys",), 1),
        ("init_database.py", ("--check",), 2),
    ],
)
def test_a_database_that_cannot_be_opened_is_no_traceback(
    program: str, arguments: tuple[str, ...], code: int, occupied: Path
) -> None:
    variables = {"ZHIWEN__PATHS__KNOWLEDGE_BASE": str(occupied), "LANG": "zh_CN.UTF-8"}
    refused = command(program, *arguments, **variables)
    assert refused.returncode == code
    assert refused.stderr.startswith("数据库无法打开：")
    assert "paths.knowledge_base" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_the_reason_is_the_driver_s_own(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable) as caught:
        Database(f"sqlite:///{tmp_path.as_posix()}").create_tables()
    assert caught.value.detail == {"reason": "unable to open database file"}
