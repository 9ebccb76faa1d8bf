"""Tables of orders. Money in paise, moments as `Instant`."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text, UniqueConstraint, text

from mela.kernel.db import Instant, Json
from mela.kernel.sealed import SealedJson, SealedText

metadata = MetaData()
_NOT_ERASED = text("erased IS NULL")

cart_items = Table(
    "cart_items", metadata,
    Column("customer_id", String(40), primary_key=True),
    Column("sku", String(60), primary_key=True),
    Column("quantity", Integer, nullable=False),
    Column("added", Instant, nullable=False),
)  # fmt: skip

orders = Table(
    "orders", metadata,
    Column("id", String(40), primary_key=True),
    Column("customer_id", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("method", String(10), nullable=False),
    Column("city", String(40)),
    Column("address", SealedJson("orders.address"), nullable=False),
    Column("lines", Json, nullable=False),
    Column("history", Json, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("refunded", BigInteger, nullable=False),
    Column("payment_id", String(40)),
    Column("intent_url", Text),
    Column("created", Instant, nullable=False),
    Column("updated", Instant, nullable=False),
    Column("pay_before", Instant),
    Column("version", Integer, nullable=False),
    Column("refunds", Json, nullable=False),
    Column("device", SealedText("orders.device")),
    Column("instrument", SealedJson("orders.instrument"), nullable=False),  # what is paid with, beside the method
    Column("erased", Instant),  # since when its person is unknown
    Index("orders_by_customer", "customer_id", "id"),
    Index("orders_not_erased", "updated", sqlite_where=_NOT_ERASED, postgresql_where=_NOT_ERASED),
    Index("orders_by_state", "state", "updated"),
)  # fmt: skip

erasures = Table(
    "erasures", metadata,
    Column("customer_id", String(40), primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("at", Instant, nullable=False),
)  # fmt: skip
"""Customers whom accounts knows no more, as far as we have heard."""

returns = Table(
    "order_returns", metadata,
    Column("id", String(40), primary_key=True),
    Column("order_id", String(40), nullable=False, index=True),
    Column("state", String(20), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("quantities", Json, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("refund_id", String(40)),
    Column("created", Instant, nullable=False),
)  # fmt: skip

serials = Table(
    "invoice_serials", metadata,
    Column("gstin", String(15), primary_key=True),
    Column("financial_year", String(7), primary_key=True),
    Column("last", Integer, nullable=False),
)  # fmt: skip

credit_serials = Table(
    "credit_note_serials", metadata,
    Column("gstin", String(15), primary_key=True),
    Column("financial_year", String(7), primary_key=True),
    Column("last", Integer, nullable=False),
)  # fmt: skip

credit_notes = Table(
    "credit_notes", metadata,
    Column("gstin", String(15), primary_key=True),
    Column("financial_year", String(7), primary_key=True),
    Column("serial", Integer, primary_key=True),
    Column("order_id", String(40), nullable=False, index=True),
    Column("seller_id", String(40), nullable=False),
    Column("cause", String(40), nullable=False),  # the return, or the order that was cancelled
    Column("body", SealedJson("credit_notes.body"), nullable=False),
    UniqueConstraint("cause", "seller_id"),
)  # fmt: skip

invoices = Table(
    "invoices", metadata,
    Column("gstin", String(15), primary_key=True),
    Column("financial_year", String(7), primary_key=True),
    Column("serial", Integer, primary_key=True),
    Column("order_id", String(40), nullable=False),
    Column("seller_id", String(40), nullable=False),
    Column("number", String(16), nullable=False),
    Column("body", SealedJson("invoices.body"), nullable=False),
    UniqueConstraint("order_id", "seller_id"),
)  # fmt: skip
