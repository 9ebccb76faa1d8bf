"""The two tables that every service with events has in its own database."""

from collections.abc import Mapping

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, MetaData, String, Table, Text

from mela.kernel.db.columns import Instant

metadata = MetaData()

_SERIAL = BigInteger().with_variant(Integer, "sqlite")

outbox = Table(
    "outbox", metadata,
    Column("position", _SERIAL, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("key", String(120), nullable=False),
    Column("body", Text, nullable=False),
    Column("happened", Instant, nullable=False),
    Column("trace", String(120)),
    sqlite_autoincrement=True,
)  # fmt: skip

inbox = Table(
    "inbox", metadata,
    Column("position", _SERIAL, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("key", String(120), nullable=False),
    Column("body", Text, nullable=False),
    Column("happened", Instant, nullable=False),
    Column("trace", String(120)),
    Column("state", String(8), nullable=False),  # waiting | done | parked
    Column("attempts", Integer, nullable=False),
    Column("due", Instant, nullable=False),
    Column("reason", Text),
    Index("inbox_open", "state", "position"),
    sqlite_autoincrement=True,
)  # fmt: skip


def check(row: Mapping[str, object]) -> None:
    """Raises: ValueError for a row that PostgreSQL would not take into the inbox: a text too long, or with a NUL in it."""
    for column in inbox.columns:
        value = row.get(column.name)
        limit = getattr(column.type, "length", None)
        if isinstance(value, str) and ("\0" in value or (limit and len(value) > limit)):
            raise ValueError(f"{column.name} does not fit")


def create_tables(conn: Connection) -> None:
    """Create both tables: called by a service's first migration."""
    metadata.create_all(conn)
