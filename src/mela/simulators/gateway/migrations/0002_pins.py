"""How often the payer has entered a wrong PIN."""

import sqlalchemy as sa
from alembic import op

revision = "0002_pins"
down_revision = "0001_initial"


def upgrade() -> None:
    op.add_column("payments", sa.Column("wrong_pins", sa.Integer, nullable=False, server_default="0"))
