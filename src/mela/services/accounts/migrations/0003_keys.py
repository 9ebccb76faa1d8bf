"""API keys have a mode and networks from which they may be used."""

import sqlalchemy as sa
from alembic import op

revision = "0003_keys"
down_revision = "0002_sealed"


def upgrade() -> None:
    op.add_column("tokens", sa.Column("mode", sa.String(4), nullable=False, server_default="live"))
    op.add_column("tokens", sa.Column("networks", sa.Text, nullable=False, server_default="[]"))
