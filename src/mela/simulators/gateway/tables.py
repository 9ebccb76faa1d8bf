"""The gateway's tables. `entries` are its books: one row for each movement of money."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

from mela.kernel.db import Instant, Json

metadata = MetaData()
SERIAL = BigInteger().with_variant(Integer, "sqlite")

payments = Table(
    "payments", metadata,
    Column("number", SERIAL, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("reference", String(60), nullable=False, unique=True),
    Column("amount", BigInteger, nullable=False),
    Column("captured", BigInteger, nullable=False),
    Column("refunded", BigInteger, nullable=False),
    Column("method", String(12)),  # upi | card | netbanking | wallet; null: an order that nobody pays yet
    Column("bank", String(12)),  # of net banking; of a wallet its name
    Column("asked_vpa", String(321)),  # of UPI collect: whose app has to ask
    Column("manual", Boolean, nullable=False),  # authorised first, captured by the merchant
    Column("card", String(30)),  # network and last four digits
    Column("status", String(10), nullable=False),  # created | authorized | deemed | captured | voided | failed | expired
    Column("resolves", Instant),  # when the other bank confirms a deemed payment, or it is reversed
    Column("description", String(80), nullable=False),
    Column("callback_url", String(500), nullable=False),
    Column("vpa", String(321)),
    Column("rrn", String(12)),
    Column("error_code", String(4)),
    Column("wrong_pins", Integer, nullable=False),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Index("payments_open", "status", "expires"),
)  # fmt: skip

captures = Table(
    "captures", metadata,
    Column("reference", String(60), primary_key=True),
    Column("payment_id", String(40), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("final", Boolean, nullable=False),
)  # fmt: skip

tokens = Table(  # cards that their networks know by a token; their numbers are kept nowhere
    "tokens", metadata,
    Column("id", String(40), primary_key=True),
    Column("token", String(19), nullable=False, unique=True),
    Column("network", String(12), nullable=False),
    Column("expiry", String(4), nullable=False),  # MMYY
    Column("last4", String(4), nullable=False),
    Column("created", Instant, nullable=False),
)  # fmt: skip

refunds = Table(
    "refunds", metadata,
    Column("id", String(40), primary_key=True),
    Column("reference", String(60), nullable=False, unique=True),
    Column("payment_id", String(40), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("status", String(10), nullable=False),  # pending | processed
    Column("created", Instant, nullable=False),
    Column("due", Instant, nullable=False),
    Index("refunds_open", "status", "due"),
)  # fmt: skip

payouts = Table(
    "payouts", metadata,
    Column("number", SERIAL, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("reference", String(60), nullable=False, unique=True),
    Column("amount", BigInteger, nullable=False),
    Column("name", String(120), nullable=False),
    Column("account", String(34), nullable=False),
    Column("ifsc", String(11), nullable=False),
    Column("status", String(10), nullable=False),  # processed
    Column("utr", String(22), nullable=False),
    Column("created", Instant, nullable=False),
)  # fmt: skip

disputes = Table(
    "disputes", metadata,
    Column("id", String(40), primary_key=True),
    Column("payment_id", String(40), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("status", String(8), nullable=False),  # opened | won | lost
    Column("respond_by", Instant, nullable=False),
    Column("created", Instant, nullable=False),
)  # fmt: skip

entries = Table(
    "entries", metadata,
    Column("position", SERIAL, primary_key=True, autoincrement=True),
    Column("kind", String(10), nullable=False),  # collected | refunded | paid_out
    Column("reference", String(60), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("kind", "reference", name="entries_once"),
)  # fmt: skip

callbacks = Table(
    "callbacks", metadata,
    Column("id", String(40), primary_key=True),
    Column("url", String(500), nullable=False),
    Column("body", Text, nullable=False),
    Column("bad", Boolean, nullable=False),  # signed wrongly at first
    Column("state", String(8), nullable=False),  # waiting | sent | lost | given_up
    Column("sends", Integer, nullable=False),  # how often it still has to be taken
    Column("attempts", Integer, nullable=False),
    Column("created", Instant, nullable=False),
    Column("due", Instant, nullable=False),
    Index("callbacks_open", "state", "due"),
)  # fmt: skip

plans = Table("plans", metadata, Column("id", Integer, primary_key=True), Column("plan", Json, nullable=False))
