"""Payments that merchants begin by the API: whose they are, answers that are kept, and the bank of test mode."""

import sqlalchemy as sa
from alembic import op

from mela.kernel import idempotency
from mela.kernel.db import Instant, Json

revision = "0010_merchants"
down_revision = "0009_listing"
OURS = sa.text("merchant_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("payments", sa.Column("merchant_id", sa.String(40)))
    op.add_column("payments", sa.Column("reference", sa.String(80)))
    op.create_index(
        "payments_of_merchant", "payments", ["merchant_id", "created", "id"], sqlite_where=OURS, postgresql_where=OURS
    )
    op.create_table(
        "test_bank",
        sa.Column("reference", sa.String(40), primary_key=True),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("capture", sa.Boolean, nullable=False),
        sa.Column("taken", Json, nullable=False),
        sa.Column("ended", sa.String(10)),
        sa.Column("begun", Instant, nullable=False),
        sa.Column("expires", Instant, nullable=False),
        sa.Column("rings", Instant, index=True),
    )
    idempotency.create_tables(op.get_bind())
    idempotency.create_answers(op.get_bind())
