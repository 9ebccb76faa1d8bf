"""Disputes of payers, and what became of them."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant

revision = "0014_disputes"
down_revision = "0013_holds"


def upgrade() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", sa.String(60), primary_key=True),
        sa.Column("payment_id", sa.String(40), nullable=False, index=True),
        sa.Column("provider", sa.String(16), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("borne_by", sa.String(162)),
        sa.Column("respond_by", Instant),
        sa.Column("opened", Instant, nullable=False),
        sa.Column("ended", Instant),
    )
