"""The mark of the browser that bought, for the fraud rules of payments."""

import sqlalchemy as sa
from alembic import op

revision = "0004_device"
down_revision = "0003_credit_notes"


def upgrade() -> None:
    op.add_column("orders", sa.Column("device", sa.String(64)))
