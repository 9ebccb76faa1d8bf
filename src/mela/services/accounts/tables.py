"""Tables of accounts."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table

from mela.kernel.db import Instant, Json
from mela.kernel.sealed import BlindIndex, SealedText

metadata = MetaData()

customers = Table(
    "customers", metadata,
    Column("id", String(40), primary_key=True),
    Column("phone", SealedText("customers.phone"), nullable=False),
    Column("phone_index", BlindIndex("customers.phone"), unique=True),
    Column("name", SealedText("customers.name"), nullable=False),
    Column("language", String(2), nullable=False),
    Column("created", Instant, nullable=False),
)  # fmt: skip

codes = Table(
    "codes", metadata,
    Column("id", String(40), primary_key=True),
    Column("phone", SealedText("codes.phone"), nullable=False),
    Column("phone_index", BlindIndex("codes.phone")),
    Column("language", String(2), nullable=False),
    Column("created", Instant, nullable=False, index=True),
    Column("expires", Instant, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("used_by", String(40)),
    Index("codes_of_phone", "phone_index", "created"),
)  # fmt: skip

outgoing = Table(
    "outgoing_codes", metadata,
    Column("code_id", String(40), primary_key=True),
    Column("due", Instant, nullable=False, index=True),
)  # fmt: skip
"""Codes that the SMS provider has not taken yet."""

tokens = Table(
    "tokens", metadata,
    Column("hash", String(64), primary_key=True),  # of an API key since 0003 with a key that lies elsewhere
    Column("id", String(40), nullable=False, unique=True),
    Column("kind", String(10), nullable=False),
    Column("owner", String(40), nullable=False),
    Column("name", String(120), nullable=False),
    Column("scopes", Json, nullable=False),
    Column("created", Instant, nullable=False),
    Column("seen", Instant, nullable=False),
    Column("expires", Instant, index=True),
    Column("revoked", Instant),
    Column("mode", String(4), nullable=False),
    Column("networks", Json, nullable=False),
    Index("tokens_of_owner", "kind", "owner", "id"),
)  # fmt: skip

erasures = Table(
    "erasures", metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("customer_id", String(40), nullable=False, unique=True),
    Column("at", Instant, nullable=False),
    Column("by", String(80), nullable=False),
    sqlite_autoincrement=True,
)  # fmt: skip
"""Customers who are known no more: that they were, and nothing of them."""

secrets = Table(
    "secrets", metadata,
    Column("name", String(20), primary_key=True),
    Column("value", String(80), nullable=False),
)  # fmt: skip
"""What a first start makes for itself where settings give nothing."""
