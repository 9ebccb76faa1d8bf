"""Sessions."""

import sqlalchemy as sa
from alembic import op

from mela.kernel import idempotency
from mela.kernel.db import Instant

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("match_id", sa.String(40), nullable=False),
        sa.Column("kbps", sa.Integer, nullable=False),
        sa.Column("started", Instant, nullable=False),
        sa.Column("silent", Instant, nullable=False),
    )
    op.create_index("sessions_of_match", "sessions", ["match_id", "silent", "kbps"])
    idempotency.create_tables(op.get_bind())
