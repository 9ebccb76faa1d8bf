"""Carts, orders, returns and invoices."""

import sqlalchemy as sa
from alembic import op

from mela.kernel import events, idempotency
from mela.kernel.db import Instant, Json

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "cart_items",
        sa.Column("customer_id", sa.String(40), primary_key=True),
        sa.Column("sku", sa.String(60), primary_key=True),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("added", Instant, nullable=False),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("customer_id", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("method", sa.String(10), nullable=False),
        sa.Column("city", sa.String(40)),
        sa.Column("address", Json, nullable=False),
        sa.Column("lines", Json, nullable=False),
        sa.Column("history", Json, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("refunded", sa.BigInteger, nullable=False),
        sa.Column("payment_id", sa.String(40)),
        sa.Column("intent_url", sa.Text),
        sa.Column("created", Instant, nullable=False),
        sa.Column("updated", Instant, nullable=False),
    )
    op.create_index("orders_by_customer", "orders", ["customer_id", "id"])
    op.create_index("orders_by_state", "orders", ["state", "updated"])
    op.create_table(
        "order_returns",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("order_id", sa.String(40), nullable=False, index=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("quantities", Json, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("refund_id", sa.String(40)),
        sa.Column("created", Instant, nullable=False),
    )
    op.create_table(
        "order_refunds_seen",
        sa.Column("refund_id", sa.String(40), primary_key=True),
        sa.Column("order_id", sa.String(40), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "invoice_serials",
        sa.Column("gstin", sa.String(15), primary_key=True),
        sa.Column("financial_year", sa.String(7), primary_key=True),
        sa.Column("last", sa.Integer, nullable=False),
    )
    op.create_table(
        "invoices",
        sa.Column("gstin", sa.String(15), primary_key=True),
        sa.Column("financial_year", sa.String(7), primary_key=True),
        sa.Column("serial", sa.Integer, primary_key=True),
        sa.Column("order_id", sa.String(40), nullable=False),
        sa.Column("seller_id", sa.String(40), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.UniqueConstraint("order_id", "seller_id"),
    )
    events.create_tables(op.get_bind())
    idempotency.create_tables(op.get_bind())
