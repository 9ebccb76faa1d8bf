"""Customers who are known no more."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant

revision = "0005_erasures"
down_revision = "0004_reads"


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("customer_id", sa.String(40), nullable=False, unique=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sqlite_autoincrement=True,
    )
