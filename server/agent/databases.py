"""Databases that are only read: SQLite by its own means, others through SQLAlchemy in a read-only transaction."""

import sqlite3
import sys
import threading
import time
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from server.agent.select_only import check_select
from server.errors import BadToolArguments, ToolFailed

TOOL = "query_database"
SCHEMA_AGE_S = 300
"""How long the tables that were seen are believed to be still the same."""
_STEPS_BETWEEN_LOOKS = 10_000
_MOST_TABLES = 60
_LONGEST_TEXT = 1_000_000
_LONGEST_PATTERN = 200
# sqlglot's names of what SQLAlchemy calls otherwise, and what is said first on a connection.
_DIALECTS = {"postgresql": "postgres", "mssql": "tsql", "mariadb": "mysql"}
_BEFORE = {
    "postgresql": ("SET TRANSACTION READ ONLY", "SET LOCAL statement_timeout = {ms}"),
    "mysql": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION max_execution_time = {ms}"),
    "mariadb": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION max_statement_time = {s}"),
}
Rows = list[tuple[object, ...]]


class ReadOnlyDatabase(Protocol):
    """A database that can be asked and cannot be changed."""

    dialect: str

    def query(self, sql: str, limit: int, timeout_s: float) -> tuple[list[str], Rows]:
        """Names of the columns, and at most `limit` rows.

        Raises:
            BadToolArguments: the statement is no SELECT, or the database refuses it.
            ToolFailed: the database cannot be reached.
        """
        ...

    def schema(self) -> str:
        """Tables and their columns, one line each; empty when the database cannot be reached."""
        ...


def open_database(name: str, url: str) -> ReadOnlyDatabase:
    """The database of an SQLAlchemy URL; nothing is connected yet."""
    scheme, _, rest = url.partition("://")
    if scheme.partition("+")[0] == "sqlite":
        return SqliteDatabase(name, Path(rest.removeprefix("/").partition("?")[0]))
    return ServerDatabase(name, url)


class SqliteDatabase:
    """An SQLite file: opened read-only, other files and extensions out of reach, stopped at the time limit."""

    dialect = "sqlite"

    def __init__(self, name: str, path: Path) -> None:
        self._name = name
        self._path = path

    def query(self, sql: str, limit: int, timeout_s: float) -> tuple[list[str], Rows]:
        """As the protocol has it."""
        statement = check_select(sql, self.dialect)
        connection = self._connect(timeout_s)
        connection.set_authorizer(_authorize)
        try:
            cursor = connection.execute(statement)
            rows = cursor.fetchmany(limit)
            return [column[0] for column in cursor.description], rows
        except sqlite3.Error as error:
            raise self._error(error, timeout_s) from None
        finally:
            connection.close()

    def schema(self) -> str:
        """As the protocol has it."""
        try:
            connection = self._connect(5)
        except ToolFailed:
            return ""
        try:
            found = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name")
            names = [row[0] for row in found.fetchmany(_MOST_TABLES) if not row[0].startswith("sqlite_")]
            return "\n".join(_table_line(name, self._columns(connection, name)) for name in names)
        except sqlite3.Error:
            return ""
        finally:
            connection.close()

    @staticmethod
    def _columns(connection: sqlite3.Connection, table: str) -> list[tuple[str, str]]:
        return connection.execute("SELECT name, type FROM pragma_table_info(?)", (table,)).fetchall()

    def _connect(self, timeout_s: float) -> sqlite3.Connection:
        try:
            address = f"file:{quote(str(self._path.absolute()))}?mode=ro"
            connection = sqlite3.connect(address, uri=True, timeout=min(timeout_s, 5), check_same_thread=False)
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
        except sqlite3.Error:
            raise ToolFailed(
                name=TOOL,
                reason_en=f'the database "{self._name}" cannot be opened; check agent.databases.{self._name}.url',
                reason_zh=f"无法打开数据库“{self._name}”，请检查设置 agent.databases.{self._name}.url",
            ) from None
        if sys.version_info >= (3, 11):  # before that only the list of forbidden functions keeps texts small
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_TEXT)
            connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, _LONGEST_PATTERN)
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        deadline = time.monotonic() + timeout_s
        connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)
        return connection

    def _error(self, error: sqlite3.Error, timeout_s: float) -> BadToolArguments:
        stopped = "interrupted" in str(error)
        reason = f"the query took longer than {timeout_s:g} s" if stopped else f"the database refuses: {error}"
        return BadToolArguments(name=TOOL, reason=reason)


def _authorize(action: int, *_: object) -> int:
    """Only what a SELECT needs."""
    allowed = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
    return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY


class ServerDatabase:
    """A database server, asked in a read-only transaction. The user in the URL should be one who may only read."""

    def __init__(self, name: str, url: str) -> None:
        self._name = name
        self._url = url
        self._backend = url.partition("://")[0].partition("+")[0]
        self.dialect = _DIALECTS.get(self._backend, self._backend)
        self._lock = threading.Lock()
        self._schema: tuple[float, str] = (0.0, "")

    def query(self, sql: str, limit: int, timeout_s: float) -> tuple[list[str], Rows]:
        """As the protocol has it."""
        import sqlalchemy
        from sqlalchemy.exc import DBAPIError, SQLAlchemyError

        statement = check_select(sql, self.dialect)
        try:
            connection = self._engine().connect()
        except (SQLAlchemyError, ImportError):
            raise self._unreachable() from None
        with connection:
            try:
                for line in _BEFORE.get(self._backend, ()):
                    connection.execute(sqlalchemy.text(line.format(ms=int(timeout_s * 1000), s=timeout_s)))
                found = connection.exec_driver_sql(statement)
                return list(found.keys()), [tuple(row) for row in found.fetchmany(limit)]
            except DBAPIError as error:
                reason = f"the database refuses: {str(error.orig).splitlines()[0][:300]}"
                raise BadToolArguments(name=TOOL, reason=reason) from None

    def schema(self) -> str:
        """As the protocol has it; remembered for `SCHEMA_AGE_S`."""
        import sqlalchemy
        from sqlalchemy.exc import SQLAlchemyError

        with self._lock:
            seen, text = self._schema
            if text and time.monotonic() - seen < SCHEMA_AGE_S:
                return text
            try:
                inspector = sqlalchemy.inspect(self._engine())
                tables = inspector.get_table_names()[:_MOST_TABLES]
                columns = {
                    table: [(c["name"], str(c["type"])) for c in inspector.get_columns(table)] for table in tables
                }
            except (SQLAlchemyError, ImportError):
                return ""
            self._schema = (time.monotonic(), "\n".join(_table_line(name, columns[name]) for name in tables))
            return self._schema[1]

    def _engine(self) -> Any:
        """Without a pool: questions are rare, and somebody's server is not kept busy between them."""
        import sqlalchemy

        return sqlalchemy.create_engine(self._url, poolclass=sqlalchemy.pool.NullPool)

    def _unreachable(self) -> ToolFailed:
        return ToolFailed(
            name=TOOL,
            reason_en=f'the database "{self._name}" cannot be reached; check agent.databases.{self._name}.url',
            reason_zh=f"无法连接数据库“{self._name}”，请检查设置 agent.databases.{self._name}.url",
        )


def _table_line(table: str, columns: list[tuple[str, str]]) -> str:
    return f"{table}({', '.join(f'{name} {kind}'.strip() for name, kind in columns)})"
