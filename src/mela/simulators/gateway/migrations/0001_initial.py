"""Payments, refunds, payouts, the books, callbacks and the plan."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant, Json

revision = "0001_initial"
down_revision = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "payments",
        sa.Column("number", SERIAL, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(40), nullable=False, unique=True),
        sa.Column("reference", sa.String(60), nullable=False, unique=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("refunded", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("description", sa.String(80), nullable=False),
        sa.Column("callback_url", sa.String(500), nullable=False),
        sa.Column("vpa", sa.String(321)),
        sa.Column("rrn", sa.String(12)),
        sa.Column("error_code", sa.String(4)),
        sa.Column("created", Instant, nullable=False),
        sa.Column("expires", Instant, nullable=False),
    )
    op.create_index("payments_open", "payments", ["status", "expires"])
    op.create_table(
        "refunds",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("reference", sa.String(60), nullable=False, unique=True),
        sa.Column("payment_id", sa.String(40), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("created", Instant, nullable=False),
        sa.Column("due", Instant, nullable=False),
    )
    op.create_index("refunds_open", "refunds", ["status", "due"])
    op.create_table(
        "payouts",
        sa.Column("number", SERIAL, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(40), nullable=False, unique=True),
        sa.Column("reference", sa.String(60), nullable=False, unique=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("account", sa.String(34), nullable=False),
        sa.Column("ifsc", sa.String(11), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("utr", sa.String(22), nullable=False),
        sa.Column("created", Instant, nullable=False),
    )
    op.create_table(
        "entries",
        sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("reference", sa.String(60), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.UniqueConstraint("kind", "reference", name="entries_once"),
    )
    op.create_table(
        "callbacks",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("sends", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created", Instant, nullable=False),
        sa.Column("due", Instant, nullable=False),
    )
    op.create_index("callbacks_open", "callbacks", ["state", "due"])
    op.create_table("plans", sa.Column("id", sa.Integer, primary_key=True), sa.Column("plan", Json, nullable=False))
