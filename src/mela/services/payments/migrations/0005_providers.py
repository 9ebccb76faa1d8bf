"""Which provider has a payment, and why it was chosen."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Json

revision = "0005_providers"
down_revision = "0004_closings"


def upgrade() -> None:
    op.add_column("payments", sa.Column("provider", sa.String(16), server_default="gateway"))
    op.add_column("payments", sa.Column("route", Json))
