"""Bring the tables of an older version up to date.

Only additions so far: a column that a table lacks is added with the value the model gives it by default. A change of
another kind will bring Alembic with it (docs/architecture.md).
"""

import json
from typing import Any

from sqlalchemy import Column, Engine, inspect, text
from sqlalchemy.schema import CreateColumn

from server.db.tables import Base


def add_missing_columns(engine: Engine) -> None:
    """Add the columns that existing tables lack."""
    known = inspect(engine)
    missing = [
        column
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name not in {each["name"] for each in known.get_columns(table.name)}
    ]
    if not missing:
        return
    quote = engine.dialect.identifier_preparer.quote
    with engine.begin() as connection:
        for column in missing:
            table = quote(column.table.name)
            declared = str(CreateColumn(column).compile(engine)).replace("NOT NULL", "").strip()
            connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {declared}"))
            statement = text(f"UPDATE {table} SET {quote(column.name)} = :value")  # noqa: S608  # names of our own tables
            connection.execute(statement, {"value": _default(column)})


def _default(column: Column[Any]) -> Any:
    default: Any = column.default
    if default is None:
        return None
    value = default.arg({}) if default.is_callable else default.arg
    return json.dumps(value) if isinstance(value, (dict, list)) else value
