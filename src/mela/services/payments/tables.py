"""The tables of payments. `transfers` is the ledger: rows are added, never changed."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
    true,
)

from mela.kernel.db import Instant, Json
from mela.kernel.sealed import BlindIndex, SealedJson, SealedText, unsealed

metadata = MetaData()
_OF_MERCHANT, _HELD = text("merchant_id IS NOT NULL"), text("released IS NULL")
SERIAL = BigInteger().with_variant(Integer, "sqlite")

payments = Table(
    "payments", metadata,
    Column("id", String(40), primary_key=True),
    Column("key", String(120), nullable=False, unique=True),
    Column("order_id", String(40), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("captured", BigInteger, nullable=False),  # taken or being taken
    Column("refunded", BigInteger, nullable=False),  # given back or on its way back
    Column("method", String(10), nullable=False),
    Column("instrument", SealedJson("payments.instrument"), nullable=False),  # what is paid with, as far as it may be kept
    Column("paid_with", String(40)),  # the same for people
    Column("capture", Boolean, nullable=False),  # false: authorised first
    Column("state", String(10), nullable=False),
    Column("reason", String(200)),
    Column("description", String(80), nullable=False),
    Column("merchant_id", String(40)),  # who began it by the API; null: an order of the shop
    Column("reference", String(80)),  # what that merchant calls it
    Column("provider", String(16)),  # null where money needs none
    Column("route", Json),  # why that provider
    Column("gateway_id", String(40)),  # its name for the payment
    Column("intent_url", String(1200)),
    Column("rrn", String(20)),
    Column("history", Json, nullable=False),  # every move: at, from, to, actor, reason
    Column("created", Instant, nullable=False),
    Column("expires", Instant),
    Column("due", Instant, index=True),  # when to ask the gateway; null when nobody needs to
    Column("tries", Integer, nullable=False),
    CheckConstraint("refunded >= 0 and refunded <= amount", name="refunds_within_amount"),
    Index("payments_created", "created", "id"),
    Index("payments_order", "order_id"),
    Index("payments_rrn", "rrn"),
    Index("payments_of_merchant", "merchant_id", "created", "id", sqlite_where=_OF_MERCHANT, postgresql_where=_OF_MERCHANT),
    Index("payments_reference", "merchant_id", "reference", "created", "id", sqlite_where=_OF_MERCHANT, postgresql_where=_OF_MERCHANT),
)  # fmt: skip

PAYMENT = unsealed(payments)
"""All of a payment but what it was paid with, which few need to see."""

captures = Table(  # of payments that were authorised first
    "captures", metadata,
    Column("id", String(40), primary_key=True),
    Column("key", String(120), nullable=False, unique=True),
    Column("payment_id", String(40), nullable=False, index=True),
    Column("reference", String(40), nullable=False),  # what the provider tells it apart by: of the first the payment's id
    Column("amount", BigInteger, nullable=False),
    Column("final", Boolean, nullable=False),
    Column("state", String(10), nullable=False),  # pending | done | failed
    Column("created", Instant, nullable=False),
    Column("due", Instant, index=True),
    Column("tries", Integer, nullable=False),
)  # fmt: skip

cash = Table(  # of couriers, until it is handed in
    "cash", metadata,
    Column("payment_id", String(40), primary_key=True),
    Column("collected", Instant, nullable=False),
    Column("remittance_id", String(40), index=True),
)  # fmt: skip

remittances = Table(
    "remittances", metadata,
    Column("id", String(40), primary_key=True),
    Column("key", String(120), nullable=False, unique=True),
    Column("courier", String(60), nullable=False),
    Column("bank_reference", String(40), nullable=False, unique=True),  # UTR of the deposit
    Column("amount", BigInteger, nullable=False),
    Column("expected", BigInteger, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
)  # fmt: skip

refunds = Table(
    "refunds", metadata,
    Column("id", String(40), primary_key=True),
    Column("key", String(120), nullable=False, unique=True),
    Column("payment_id", String(40), nullable=False, index=True),
    Column("amount", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),  # pending | processed | failed
    Column("reason", String(200), nullable=False),
    Column("merchant_id", String(40)),  # of the payment
    Column("created", Instant, nullable=False),
    Column("due", Instant, index=True),
    Column("tries", Integer, nullable=False),
    Index("refunds_of_merchant", "merchant_id", "id", sqlite_where=_OF_MERCHANT, postgresql_where=_OF_MERCHANT),
)  # fmt: skip

transfers = Table(  # on PostgreSQL in partitions by month of `at`; there `transfer_keys` keeps `transfers_once`
    "transfers", metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("key", String(140), nullable=False),
    Column("line", Integer, nullable=False),
    Column("debit", String(162), nullable=False),
    Column("credit", String(162), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("payment_id", String(40)),
    Column("at", Instant, nullable=False),
    UniqueConstraint("key", "line", name="transfers_once"),
    CheckConstraint("amount > 0", name="transfers_above_zero"),
    CheckConstraint("debit <> credit", name="transfers_between_two"),
    Index("transfers_debit", "debit", "id"),
    Index("transfers_credit", "credit", "id"),
    sqlite_autoincrement=True,
)  # fmt: skip

seals = Table(
    "seals", metadata,
    Column("number", SERIAL, primary_key=True, autoincrement=False),
    Column("last_id", BigInteger, nullable=False, unique=True),  # the transfer that ends the block
    Column("size", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("day", Date, nullable=False),  # the latest UTC day of a transfer so far
    Column("digest", String(64), nullable=False),
    Column("sealed", Instant, nullable=False),
    Index("seals_day", "day", "number"),
)  # fmt: skip

totals = Table(  # sums of all sealed transfers up to the end of `day`, where that day's blocks touched them
    "totals", metadata,
    Column("account", String(162), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("debits", BigInteger, nullable=False),
    Column("credits", BigInteger, nullable=False),
)  # fmt: skip

reconciliations = Table(
    "reconciliations", metadata,
    Column("day", Date, primary_key=True),  # in India
    Column("outcomes", Json, nullable=False),  # count and paise, by outcome
    Column("settled", Json),  # the same of providers' settlements of that day, and what arrived
    Column("at", Instant, nullable=False),
)  # fmt: skip

arrivals = Table(  # providers' settlements to our bank, paise: what came, what it paid, what was kept
    "arrivals", metadata,
    Column("provider", String(16), primary_key=True),
    Column("utr", String(40), primary_key=True),
    Column("settlement", String(40), nullable=False),
    Column("day", Date, nullable=False),  # in India
    Column("items", BigInteger, nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("fee", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
)  # fmt: skip

settled = Table(  # movements that a settlement has paid, by their key in the ledger
    "settled", metadata,
    Column("key", String(140), primary_key=True),
    Column("utr", String(40), nullable=False),
    Column("day", Date, nullable=False),
)  # fmt: skip

payouts = Table(  # of merchants, as settlement tells them
    "payouts", metadata,
    Column("id", String(40), primary_key=True),
    Column("merchant_id", String(40), nullable=False),
    Column("settled_on", Date, nullable=False),  # in India
    Column("amount", BigInteger, nullable=False),
    Column("opened", Instant, nullable=False),
    Column("utr", String(40)),
    Column("paid", Instant),  # null: on its way
    Index("payouts_of_merchant", "merchant_id", "id"),
)  # fmt: skip

disputes = Table(
    "disputes", metadata,
    Column("id", String(60), primary_key=True),  # provider:its id
    Column("payment_id", String(40), nullable=False, index=True),
    Column("provider", String(16), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("state", String(8), nullable=False),  # opened | won | lost
    Column("borne_by", String(162)),  # the account that bears a lost one
    Column("respond_by", Instant),
    Column("opened", Instant, nullable=False),
    Column("ended", Instant),
)  # fmt: skip

holds = Table(  # money of sellers that somebody keeps back
    "holds", metadata,
    Column("id", String(40), primary_key=True),
    Column("key", String(120), nullable=False, unique=True),
    Column("seller_id", String(40), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("released_by", String(64)),
    Column("released", Instant),
    Index("holds_open", "id", sqlite_where=_HELD, postgresql_where=_HELD),
)  # fmt: skip

callbacks = Table(
    "callbacks", metadata,
    Column("event_id", String(80), primary_key=True),
    Column("name", String(40), nullable=False),
    Column("about", String(40), index=True),  # id of a payment or refund
    Column("received", Instant, nullable=False),
)  # fmt: skip

cases = Table(
    "cases", metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("about", String(60), nullable=False),  # id of a payment or refund
    Column("detail", Json, nullable=False),
    Column("opened", Instant, nullable=False),
    Column("open", Boolean, nullable=False, server_default=true()),  # until its closing is there
    UniqueConstraint("kind", "about", name="cases_once"),
    Index("cases_open", "id", sqlite_where=text("open = 1"), postgresql_where=text("open")),
)  # fmt: skip

closings = Table(  # rows are added, never changed
    "closings", metadata,
    Column("case_id", String(40), primary_key=True),  # so a case is closed once
    Column("key", String(80), nullable=False, unique=True),
    Column("resolution", String(40), nullable=False),
    Column("note", String(1000), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("refund_id", String(40)),  # of the second try, where there is one
    Column("at", Instant, nullable=False),
)  # fmt: skip

attempts = Table(  # who pays, whom, from where; what the risk rules or a person said of it
    "attempts", metadata,
    Column("payment_id", String(40), primary_key=True),
    Column("payer", String(64), nullable=False),
    Column("likeness", Float),  # of the payer's name to one on the screening list, of 100; null: there was no list
    Column("device", SealedText("attempts.device")),
    Column("device_index", BlindIndex("attempts.device", later=True)),
    Column("place", String(8)),
    Column("payees", Json, nullable=False),
    Column("at", Instant, nullable=False),
    Column("verdict", String(8)),  # null: let pass without a word
    Column("reasons", Json, nullable=False),
    Column("by", String(64)),
    Column("note", String(500)),
    Column("decided", Instant),
    Index("attempts_payer", "payer", "at"),
    Index("attempts_device", "device_index", "at"),
    Index("attempts_verdict", "verdict", "payment_id"),
)  # fmt: skip

payers = Table(  # how well somebody is known (KYC)
    "payers", metadata,
    Column("id", String(64), primary_key=True),
    Column("tier", String(16), nullable=False),
    Column("since", Instant, nullable=False),
    Column("by", String(64), nullable=False),
)  # fmt: skip

test_bank = Table(  # what the provider of test mode knows
    "test_bank", metadata,
    Column("reference", String(40), primary_key=True),
    Column("outcome", String(40), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("capture", Boolean, nullable=False),
    Column("taken", Json, nullable=False),  # paise by capture, of a payment that was authorised first
    Column("ended", String(10)),  # captured | voided, by us
    Column("begun", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("rings", Instant, index=True),  # when it calls back next
)  # fmt: skip

PERSONAL = (payments, attempts)
"""What has sealed columns."""
