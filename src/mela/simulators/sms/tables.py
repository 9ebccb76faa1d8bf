"""The table of the inbox."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from mela.kernel.db import Instant

metadata = MetaData()

messages = Table(
    "messages", metadata,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("reference", String(60), nullable=False, unique=True),
    Column("to", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("received", Instant, nullable=False, index=True),
    Index("messages_of_phone", "to", "position"),
)  # fmt: skip
