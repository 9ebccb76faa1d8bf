"""The tables behind sealed columns: wrapped keys, and how far each table is sealed under the newest one."""

from sqlalchemy import Boolean, Column, Connection, Integer, MetaData, String, Table, Text

from mela.kernel.db.columns import Instant

metadata = MetaData()

data_keys = Table(
    "data_keys", metadata,
    Column("purpose", String(8), primary_key=True),  # seal: values; index: keyed hashes; lasting: those of what nobody can guess
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("wrapped", Text, nullable=False),
    Column("created", Instant, nullable=False),
)  # fmt: skip
"""The key with the highest number seals, all open, and all search. Without the provider's key a row here is worth nothing."""

sealing = Table(
    "sealing", metadata,
    Column("table_name", String(60), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("cursor", Text),
    Column("done", Integer, nullable=False),
    Column("started", Instant, nullable=False),
    Column("finished", Instant),
    Column("whole", Boolean, nullable=False),
)  # fmt: skip
"""`cursor`: the last row that was looked at; `whole`: nothing plain was left once, and plain values are refused since."""


def create_tables(conn: Connection) -> None:
    """Create them: called by a service's migration."""
    metadata.create_all(conn)
