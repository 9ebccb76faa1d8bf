"""Statements that SQLite and PostgreSQL share but SQLAlchemy spells by dialect."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Table, text
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(conn: Connection, table: Table, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> bool:
    """Insert rows, leaving out those whose unique key exists. For one row: True when it was new."""
    if not rows:
        return False
    return conn.execute(_insert_new(conn.dialect.name, table), rows).rowcount == 1


def upsert(
    conn: Connection,
    table: Table,
    row: Mapping[str, Any],
    *,
    key: Iterable[Column[Any]],
    keep: Iterable[Column[Any]] = (),
) -> None:
    """Insert a row; where one with this `key` exists set its other columns, save those to `keep`."""
    fixed = tuple(column.name for column in key)
    changing = tuple(name for name in row if name not in {*fixed, *(column.name for column in keep)})
    conn.execute(_upsert(conn.dialect.name, table, fixed, changing), row)


def hold_writers(conn: Connection, table: Table) -> None:
    """Let no other unit write to the table until this one ends, and wait for those that do: the unit's first statement.

    After it, every row whose serial number is taken is there or will never be. On SQLite a unit is alone anyway.

    Source: https://www.postgresql.org/docs/15/explicit-locking.html (2026-11-26): an INSERT holds ROW EXCLUSIVE before it
    takes a number; in a SERIALIZABLE transaction a lock that is the first statement comes before the snapshot.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(text(f"lock table {table.name} in share row exclusive mode"))


@cache
def _insert_new(dialect: str, table: Table) -> Any:
    keep = {"preserve_rowcount": True}  # else an INSERT on PostgreSQL reports -1
    return _insert(dialect, table).on_conflict_do_nothing().execution_options(**keep)


@cache
def _upsert(dialect: str, table: Table, key: tuple[str, ...], changing: tuple[str, ...]) -> Any:
    statement = _insert(dialect, table)
    changes = {name: statement.excluded[name] for name in changing}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changes)


def _insert(dialect: str, table: Table) -> Any:
    return (postgresql if dialect == "postgresql" else sqlite).insert(table)
