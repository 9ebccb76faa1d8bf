"""Disputes that payers raise at their banks."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant

revision = "0005_disputes"
down_revision = "0004_banks"


def upgrade() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("payment_id", sa.String(40), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("respond_by", Instant, nullable=False),
        sa.Column("created", Instant, nullable=False),
    )
