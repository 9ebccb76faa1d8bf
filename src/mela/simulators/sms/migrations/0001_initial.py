"""The inbox."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("reference", sa.String(60), nullable=False, unique=True),
        sa.Column("to", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("received", Instant, nullable=False, index=True),
    )
    op.create_index("messages_of_phone", "messages", ["to", "position"])
