"""Read what a backup of a metadata database knew: a SQLite file of ours, or of Langchain-Chatchat 0.2.10.

Columns that an older or newer version lacks are taken as empty.
"""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.errors import BackupUnreadable

REMOVING = "removing"


@dataclass(frozen=True)
class KeptKnowledgeBase:
    """A knowledge base as a backup knew it; nothing of it has been checked."""

    name: str
    info: str
    vector_store: str
    embed_model: str
    settings: Mapping[str, Any]
    files: tuple[str, ...]


def read_backup(path: Path) -> list[KeptKnowledgeBase]:
    """All knowledge bases of a backup. Raises `BackupUnreadable`."""
    if not path.is_file():
        raise BackupUnreadable(name=path.name, reason_en="there is no such file", reason_zh="文件不存在")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            kept = [_kept(connection, row) for row in _rows(connection, "knowledge_base")]
    except sqlite3.Error as error:
        raise BackupUnreadable(name=path.name, reason_en=str(error), reason_zh=str(error)) from error
    if not kept:
        reason_en, reason_zh = "it holds no knowledge base", "其中没有知识库"
        raise BackupUnreadable(name=path.name, reason_en=reason_en, reason_zh=reason_zh)
    return kept


def _rows(connection: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    """All rows of one of the tables known here; none when the backup lacks it."""
    known = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?", (table,))
    if known.fetchone() is None:
        return []
    return [dict(row) for row in connection.execute(f'SELECT * FROM "{table}"')]  # noqa: S608  # a name from this module


def _kept(connection: sqlite3.Connection, row: Mapping[str, Any]) -> KeptKnowledgeBase:
    name = _text(row, "name", "kb_name")
    theirs = [each for each in _rows(connection, "knowledge_file") if each.get("kb_name") == name]
    ours = [each for each in _rows(connection, "file") if each.get("knowledge_base_id") == row.get("id")]
    files = [_text(each, "file_name") for each in theirs]
    files += [_text(each, "name") for each in ours if each.get("state") != REMOVING]
    return KeptKnowledgeBase(
        name=name,
        info=_text(row, "info", "kb_info"),
        vector_store=_text(row, "vector_store", "vs_type"),
        embed_model=_text(row, "embed_model"),
        settings=_mapping(row.get("settings")),
        files=tuple(sorted({file for file in files if file})),
    )


def _text(row: Mapping[str, Any], *names: str) -> str:
    return next((str(row[name]) for name in names if row.get(name)), "")


def _mapping(value: object) -> Mapping[str, Any]:
    """A JSON column, which some versions encoded twice."""
    while isinstance(value, (str, bytes)):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}
