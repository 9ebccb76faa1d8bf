"""A sign of life changes no index; what was counted is kept for all pods."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant

revision = "0002_many_databases"
down_revision = "0001_initial"


def upgrade() -> None:
    op.drop_index("sessions_of_match", "sessions")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("alter table sessions set (fillfactor = 50)")
    op.create_table(
        "counts",
        sa.Column("match_id", sa.String(40), primary_key=True),
        sa.Column("viewers", sa.Integer, nullable=False),
        sa.Column("kbps", sa.BigInteger, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("claimed", Instant, nullable=False),
    )
