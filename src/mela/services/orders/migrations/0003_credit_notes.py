"""Credit notes, with serials of their own."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Json

revision = "0003_credit_notes"
down_revision = "0002_versions"


def upgrade() -> None:
    op.create_table(
        "credit_note_serials",
        sa.Column("gstin", sa.String(15), primary_key=True),
        sa.Column("financial_year", sa.String(7), primary_key=True),
        sa.Column("last", sa.Integer, nullable=False),
    )
    op.create_table(
        "credit_notes",
        sa.Column("gstin", sa.String(15), primary_key=True),
        sa.Column("financial_year", sa.String(7), primary_key=True),
        sa.Column("serial", sa.Integer, primary_key=True),
        sa.Column("order_id", sa.String(40), nullable=False),
        sa.Column("seller_id", sa.String(40), nullable=False),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.UniqueConstraint("cause", "seller_id"),
    )
    op.create_index("ix_credit_notes_order_id", "credit_notes", ["order_id"])
