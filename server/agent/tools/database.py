"""Questions in SQL to the databases of the settings, reading only.

Two walls stand one behind the other: the statement must parse to a single SELECT (`select_only`), and the connection
itself is opened so that it cannot write (`databases`).
"""

import asyncio
from collections.abc import Iterable, Mapping

from pydantic import BaseModel, Field

from configs.sections.agent import AgentDatabase
from server.agent.databases import ReadOnlyDatabase, open_database
from server.agent.tool import Text, Tool
from server.errors import BadToolArguments

NAME = "query_database"
MOST_ROWS = 100
_LONGEST_VALUE = 200
_LONGEST_SCHEMA = 6000


class Arguments(BaseModel):
    """What to ask."""

    sql: str = Field(min_length=1, max_length=5000, description="One SELECT statement in the dialect of the database.")
    database: str = Field(default="", description="Name of the database; empty when there is only one.")


def database_tool(configured: Mapping[str, AgentDatabase], timeout_s: float) -> Tool:
    """The tool over the databases of the settings; a query takes no longer than `timeout_s`."""
    databases = {name: open_database(name, database.url.get_secret_value()) for name, database in configured.items()}

    async def call(sql: str, database: str = "") -> str:
        name = database or (next(iter(databases)) if len(databases) == 1 else "")
        if name not in databases:
            reason = f'there is no database "{name}"; there are: {", ".join(databases)}'
            raise BadToolArguments(name=NAME, reason=reason)
        columns, rows = await asyncio.to_thread(databases[name].query, sql, MOST_ROWS + 1, timeout_s)
        return _table(columns, rows)

    def why_not() -> Text | None:
        if configured:
            return None
        return Text("no database is set in [agent.databases.NAME]", "没有在 [agent.databases.名称] 中设置数据库")

    def more() -> str:
        return "\n\n".join(_described(name, configured[name].description, databases[name]) for name in databases)

    return Tool(
        name=NAME,
        title=Text("Query a database", "查询数据库"),
        description=Text(
            "Reads from a database with one SELECT statement. It cannot change anything.",
            "用一条 SELECT 语句查询数据库，只读。",
        ),
        arguments=Arguments,
        call=call,
        why_not=why_not,
        more=more,
        beyond=True,
    )


def _described(name: str, description: str, database: ReadOnlyDatabase) -> str:
    head = f'Database "{name}" ({database.dialect}){": " + description if description else ""}'
    return f"{head}\n{database.schema()[:_LONGEST_SCHEMA]}"


def _table(columns: list[str], rows: list[tuple[object, ...]]) -> str:
    """Rows as lines of a Markdown table."""
    if not rows:
        return f"No rows. Columns: {', '.join(columns)}"
    lines = [_line(columns), _line(["---"] * len(columns)), *(_line(row) for row in rows[:MOST_ROWS])]
    if len(rows) > MOST_ROWS:
        lines.append(f"(only the first {MOST_ROWS} rows are shown; narrow the question or aggregate)")
    return "\n".join(lines)


def _line(values: Iterable[object]) -> str:
    cells = (" ".join(str("" if value is None else value).split())[:_LONGEST_VALUE] for value in values)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
