"""Deliveries found by the payment that they tell of."""

import sqlalchemy as sa
from alembic import op

revision = "0002_about"
down_revision = "0001_initial"


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("payment_id", sa.String(40)))
    op.create_index("deliveries_of_payment", "deliveries", ["payment_id"])
