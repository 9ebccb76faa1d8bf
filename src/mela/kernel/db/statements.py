"""Statements that SQLite and PostgreSQL share but SQLAlchemy spells by dialect."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(conn: Connection, table: Table, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> bool:
    """Insert rows, leaving out those whose unique key exists. For one row: True when it was new."""
    if not rows:
        return False
    keep = {"preserve_rowcount": True}  # else an INSERT on PostgreSQL reports -1
    result = conn.execute(_insert(conn, table).on_conflict_do_nothing(), rows, execution_options=keep)
    return result.rowcount == 1


def upsert(conn: Connection, table: Table, row: Mapping[str, Any], *, key: Iterable[Column[Any]]) -> None:
    """Insert a row, or set its other columns where one with this `key` exists."""
    columns = list(key)
    names = {column.name for column in columns}
    statement = _insert(conn, table).values(row)
    changes = {name: statement.excluded[name] for name in row if name not in names}
    conn.execute(statement.on_conflict_do_update(index_elements=columns, set_=changes))


def _insert(conn: Connection, table: Table) -> Any:
    return (postgresql if conn.dialect.name == "postgresql" else sqlite).insert(table)
