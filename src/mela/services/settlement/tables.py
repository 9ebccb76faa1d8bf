"""Tables of settlement. Money in paise, moments as `Instant`, days of India as `Date`."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from mela.kernel.db import Instant, Json
from mela.kernel.sealed import SealedText

metadata = MetaData()

_OPEN = text("payout_id IS NULL")

entries = Table(
    "entries", metadata,
    Column("id", String(40), primary_key=True),
    Column("event_id", String(40), nullable=False, index=True),
    Column("cause", String(80), nullable=False),
    Column("order_id", String(40), nullable=False, index=True),
    Column("seller_id", String(40), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("booked_on", Date, nullable=False),
    Column("at", Instant, nullable=False),
    Column("gross", BigInteger, nullable=False),
    Column("taxable", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
    Column("commission", BigInteger, nullable=False),
    Column("commission_gst", BigInteger, nullable=False),
    Column("tcs", BigInteger, nullable=False),
    Column("tds", BigInteger, nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("lines", Json, nullable=False),
    Column("posted", Boolean, nullable=False),  # the ledger has it
    Column("payout_id", String(40), index=True),
    UniqueConstraint("cause", "seller_id"),
    CheckConstraint("gross = taxable + tax", "entries_gross"),
    CheckConstraint("net = gross - commission - commission_gst - tcs - tds", "entries_net"),
    Index("entries_open", "seller_id", "booked_on", sqlite_where=_OPEN, postgresql_where=_OPEN),
)  # fmt: skip

payouts = Table(
    "payouts", metadata,
    Column("id", String(40), primary_key=True),
    Column("seller_id", String(40), nullable=False),
    Column("settled_on", Date, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),
    Column("utr", String(40)),
    Column("reason", Text),
    Column("created", Instant, nullable=False),
    Column("paid", Instant),
    UniqueConstraint("seller_id", "settled_on"),
    CheckConstraint("amount > 0", "payouts_amount"),
    Index("payouts_by_state", "state", "settled_on"),
    Index("payouts_by_day", "settled_on"),
)  # fmt: skip

runs = Table(
    "runs", metadata,
    Column("settled_on", Date, primary_key=True),
    Column("started", Instant, nullable=False),
    Column("finished", Instant),
)  # fmt: skip

bank_accounts = Table(
    "bank_accounts", metadata,
    Column("seller_id", String(40), primary_key=True),
    Column("name", SealedText("bank_accounts.name"), nullable=False),
    Column("account", SealedText("bank_accounts.account"), nullable=False),
    Column("ifsc", String(11), nullable=False),
)  # fmt: skip
