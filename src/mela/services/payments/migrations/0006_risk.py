"""Who attempts payments, what was decided of them, and how well payers are known."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant, Json

revision = "0006_risk"
down_revision = "0005_providers"


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("payment_id", sa.String(40), primary_key=True),
        sa.Column("payer", sa.String(64), nullable=False),
        sa.Column("likeness", sa.Float),
        sa.Column("device", sa.String(64)),
        sa.Column("place", sa.String(8)),
        sa.Column("payees", Json, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("verdict", sa.String(8)),
        sa.Column("reasons", Json, nullable=False),
        sa.Column("by", sa.String(64)),
        sa.Column("note", sa.String(500)),
        sa.Column("decided", Instant),
    )
    op.create_index("attempts_payer", "attempts", ["payer", "at"])
    op.create_index("attempts_device", "attempts", ["device", "at"])
    op.create_index("attempts_verdict", "attempts", ["verdict", "payment_id"])
    op.create_table(
        "payers",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("tier", sa.String(16), nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
    )
