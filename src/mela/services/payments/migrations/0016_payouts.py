"""Payouts of merchants, as settlement tells them."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant

revision = "0016_payouts"
down_revision = "0014_disputes"


def upgrade() -> None:
    op.create_table(
        "payouts",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("merchant_id", sa.String(40), nullable=False),
        sa.Column("settled_on", sa.Date, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("opened", Instant, nullable=False),
        sa.Column("utr", sa.String(40)),
        sa.Column("paid", Instant),
    )
    op.create_index("payouts_of_merchant", "payouts", ["merchant_id", "id"])
