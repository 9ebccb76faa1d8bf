"""What providers have settled to our bank, and which movements each settlement paid."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant, Json

revision = "0012_arrivals"
down_revision = "0011_partitions"


def upgrade() -> None:
    op.create_table(
        "arrivals",
        sa.Column("provider", sa.String(16), primary_key=True),
        sa.Column("utr", sa.String(40), primary_key=True),
        sa.Column("settlement", sa.String(40), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("items", sa.BigInteger, nullable=False),
        sa.Column("net", sa.BigInteger, nullable=False),
        sa.Column("held", sa.BigInteger, nullable=False),
        sa.Column("fee", sa.BigInteger, nullable=False),
        sa.Column("tax", sa.BigInteger, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_table(
        "settled",
        sa.Column("key", sa.String(140), primary_key=True),
        sa.Column("utr", sa.String(40), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
    )
    op.add_column("reconciliations", sa.Column("settled", Json))
