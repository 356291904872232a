"""A database is read and never changed, whatever the statement says."""

import hashlib
import sqlite3
import time

import pytest

from server.agent.databases import open_database
from server.agent.select_only import check_select
from server.errors import BadToolArguments, ToolFailed


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE orders (id INTEGER, name TEXT); INSERT INTO orders VALUES (1, '甲'), (2, 'b');"
    )
    connection.close()
    return path


@pytest.fixture
def database(path):
    return open_database("shop", f"sqlite:///{path}")


def test_reading(database):
    assert database.query("SELECT name FROM orders ORDER BY id", 10, 5) == (["name"], [("甲",), ("b",)])
    assert database.query("WITH x AS (SELECT 1 AS n) SELECT n FROM x UNION SELECT 2", 1, 5)[1] == [(1,)]
    assert database.schema() == "orders(id INTEGER, name TEXT)"


HOSTILE = [
    "DROP TABLE orders",
    "DELETE FROM orders",
    "UPDATE orders SET name = 'x'",
    "INSERT INTO orders VALUES (3, 'c')",
    "REPLACE INTO orders VALUES (1, 'x')",
    "CREATE TABLE t AS SELECT * FROM orders",
    "ALTER TABLE orders ADD COLUMN x",
    "SELECT * INTO t FROM orders",
    "SELECT 1; DROP TABLE orders",
    "SELECT 1; SELECT 2",
    "WITH t AS (DELETE FROM orders RETURNING *) SELECT * FROM t",
    "WITH t AS (INSERT INTO orders VALUES (9, 'x') RETURNING *) SELECT * FROM t",
    "/* SELECT */ DROP TABLE orders",
    "SELECT 1 --\n; DROP TABLE orders",
    "PRAGMA writable_schema = 1",
    "PRAGMA table_info(orders)",
    "SELECT * FROM pragma_database_list",
    "ATTACH 'other.db' AS other",
    "DETACH main",
    "VACUUM INTO 'copy.db'",
    "EXPLAIN SELECT 1",
    "BEGIN",
    "COMMIT",
    "VALUES (1)",
    "SELECT load_extension('evil')",
    "SELECT LOAD_EXTENSION('evil')",
    "SELECT readfile('/etc/passwd')",
    "SELECT writefile('x', 'y')",
    "SELECT randomblob(1000000000)",
    "SELECT zeroblob(1000000000)",
    "SELECT printf('%.*c', 1000000000, 'x')",
    "SELECT fts3_tokenizer('x')",
    "SELECT * FROM orders FOR UPDATE",
    "SELECT '\0'",
    "SELECT " + "(" * 800 + "1" + ")" * 800,
    "SELEC name",
    "",
]


@pytest.mark.parametrize("sql", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_but_one_select(database, path, sql):
    before = hashlib.sha256(path.read_bytes()).digest()
    with pytest.raises(BadToolArguments):
        database.query(sql, 10, 2)
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert [found.name for found in path.parent.iterdir()] == ["shop.db"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_sleep(100)",
        "SELECT pg_terminate_backend(1)",
        "SELECT lo_import('/etc/passwd')",
        "SELECT * FROM dblink('x', 'y') AS t(a int)",
        "SELECT set_config('a', 'b', false)",
        "SELECT nextval('s')",
        "SELECT query_to_xml('drop table x', true, true, '')",
        "COPY orders TO '/tmp/x'",
        "DO $$ BEGIN END $$",
        "SELECT 1 FOR SHARE",
        "CALL f()",
    ],
)
def test_what_postgres_could_do(sql):
    with pytest.raises(BadToolArguments):
        check_select(sql, "postgres")


@pytest.mark.parametrize(
    "sql", ["SELECT SLEEP(100)", "SELECT LOAD_FILE('x')", "SELECT 1 INTO OUTFILE 'x'", "SELECT BENCHMARK(9, 1)"]
)
def test_what_mysql_could_do(sql):
    with pytest.raises(BadToolArguments):
        check_select(sql, "mysql")


def test_the_connection_itself_cannot_write(database, path):
    connection = database._connect(1)
    with pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM orders")
    connection.close()


def test_an_endless_query_is_stopped(database):
    begun = time.monotonic()
    with pytest.raises(BadToolArguments, match=r"longer than 0\.3 s"):
        database.query("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT COUNT(*) FROM c", 1, 0.3)
    assert time.monotonic() - begun < 30


def test_a_database_that_is_not_there(tmp_path):
    database = open_database("gone", f"sqlite:///{tmp_path / 'gone.db'}")
    with pytest.raises(ToolFailed, match=r"agent\.databases\.gone\.url"):
        database.query("SELECT 1", 1, 1)
    assert database.schema() == ""
    assert not (tmp_path / "gone.db").exists()


def test_any_database_of_sqlalchemy(path):
    from server.agent.databases import ServerDatabase

    database = ServerDatabase("shop", f"sqlite:///{path}")
    assert database.query("SELECT name FROM orders ORDER BY id", 1, 5) == (["name"], [("甲",)])
    assert database.schema() == "orders(id INTEGER, name TEXT)"
    with pytest.raises(BadToolArguments, match="no such table"):
        database.query("SELECT * FROM missing", 1, 5)
    with pytest.raises(ToolFailed):
        ServerDatabase("x", f"sqlite:////nowhere/{path.name}").query("SELECT 1", 1, 5)
    with pytest.raises(BadToolArguments, match="not supported"):
        ServerDatabase("x", "nonsense://nowhere").query("SELECT 1", 1, 5)
