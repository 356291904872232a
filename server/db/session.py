"""The one owner of transactions. Everybody else flushes at most; a test forbids `.commit(` outside this module."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from server.db import (  # a table is made only if its module was imported
    api_key_tables,  # noqa: F401
    conversation_tables,  # noqa: F401
    summary_tables,  # noqa: F401
)
from server.db.migrations import add_missing_columns
from server.db.tables import Base
from server.errors import DatabaseUnusable

__all__ = ["Database", "SQLAlchemyError", "Session"]

BUSY_TIMEOUT_S = 30


class Database:
    """A metadata database. Opening it touches nothing; `create_tables` makes the file and what is missing in it."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self._writer = self._engine.execution_options(writes=True)
        self._single = self._engine.execution_options(single=True)

    @property
    def dialect(self) -> str:
        """Name of the SQL dialect, such as sqlite or postgresql."""
        return self._engine.dialect.name

    def create_tables(self) -> None:
        """Create missing tables; existing ones stay as they are. Raises `DatabaseUnusable`."""
        database = self._engine.url.database
        try:
            if self.dialect == "sqlite" and database:
                Path(database).parent.mkdir(parents=True, exist_ok=True)
            Base.metadata.create_all(self._engine)
            add_missing_columns(self._writer)
        except OSError as error:
            raise DatabaseUnusable(reason=error.strerror or type(error).__name__) from error
        except DBAPIError as error:
            raise DatabaseUnusable(reason=str(error.orig).partition("\n")[0]) from error

    def drop_tables(self) -> None:
        """Drop all tables and what they hold."""
        Base.metadata.drop_all(self._engine)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one consistent state and changes nothing."""
        with Session(self._engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def statement(self) -> Iterator[Connection]:
        """A connection for one SELECT, which sees one consistent state without a transaction around it.

        Every search asks twice, and a session with its transaction takes longer than what is asked.
        """
        with self._single.connect() as connection:
            yield connection

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """A session whose changes become visible all at once at the end, or not at all when the block raises."""
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _engine(url: str) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    # The driver must not open transactions on its own: its deferred ones fail instead of waiting when two writers meet.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("single"):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")
