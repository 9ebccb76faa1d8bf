"""Days that were held against the provider's file."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant, Json

revision = "0003_reconciliations"
down_revision = "0002_seals"


def upgrade() -> None:
    op.create_table(
        "reconciliations",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("outcomes", Json, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
