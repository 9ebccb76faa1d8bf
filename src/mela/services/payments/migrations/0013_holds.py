"""Money of sellers that somebody keeps back, and why."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant

revision = "0013_holds"
down_revision = "0012_arrivals"


def upgrade() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("key", sa.String(120), nullable=False, unique=True),
        sa.Column("seller_id", sa.String(40), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("released_by", sa.String(64)),
        sa.Column("released", Instant),
    )
