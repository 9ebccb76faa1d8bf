"""Entries, payouts, runs and bank accounts."""

import sqlalchemy as sa
from alembic import op

from mela.kernel import events, idempotency
from mela.kernel.db import Instant, Json

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "entries",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("event_id", sa.String(40), nullable=False),
        sa.Column("cause", sa.String(80), nullable=False),
        sa.Column("order_id", sa.String(40), nullable=False),
        sa.Column("seller_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("booked_on", sa.Date, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("gross", sa.BigInteger, nullable=False),
        sa.Column("taxable", sa.BigInteger, nullable=False),
        sa.Column("tax", sa.BigInteger, nullable=False),
        sa.Column("commission", sa.BigInteger, nullable=False),
        sa.Column("commission_gst", sa.BigInteger, nullable=False),
        sa.Column("tcs", sa.BigInteger, nullable=False),
        sa.Column("tds", sa.BigInteger, nullable=False),
        sa.Column("net", sa.BigInteger, nullable=False),
        sa.Column("lines", Json, nullable=False),
        sa.Column("posted", sa.Boolean, nullable=False),
        sa.Column("payout_id", sa.String(40)),
        sa.UniqueConstraint("cause", "seller_id"),
        sa.CheckConstraint("gross = taxable + tax", "entries_gross"),
        sa.CheckConstraint("net = gross - commission - commission_gst - tcs - tds", "entries_net"),
    )
    op.create_index("ix_entries_event_id", "entries", ["event_id"])
    op.create_index("ix_entries_order_id", "entries", ["order_id"])
    op.create_index("ix_entries_payout_id", "entries", ["payout_id"])
    still_open = sa.text("payout_id IS NULL")
    op.create_index(
        "entries_open", "entries", ["seller_id", "booked_on"], sqlite_where=still_open, postgresql_where=still_open
    )
    op.create_table(
        "payouts",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("seller_id", sa.String(40), nullable=False),
        sa.Column("settled_on", sa.Date, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("utr", sa.String(40)),
        sa.Column("reason", sa.Text),
        sa.Column("created", Instant, nullable=False),
        sa.Column("paid", Instant),
        sa.UniqueConstraint("seller_id", "settled_on"),
        sa.CheckConstraint("amount > 0", "payouts_amount"),
    )
    op.create_index("payouts_by_state", "payouts", ["state", "settled_on"])
    op.create_index("payouts_by_day", "payouts", ["settled_on"])
    op.create_table(
        "runs",
        sa.Column("settled_on", sa.Date, primary_key=True),
        sa.Column("started", Instant, nullable=False),
        sa.Column("finished", Instant),
    )
    op.create_table(
        "bank_accounts",
        sa.Column("seller_id", sa.String(40), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("account", sa.String(34), nullable=False),
        sa.Column("ifsc", sa.String(11), nullable=False),
    )
    events.create_tables(op.get_bind())
    idempotency.create_tables(op.get_bind())
