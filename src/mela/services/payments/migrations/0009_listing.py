"""Payments found by when they began, by order and by the bank's reference; callbacks by what they are about."""

import sqlalchemy as sa
from alembic import op

revision = "0009_listing"
down_revision = "0008_cash"


def upgrade() -> None:
    op.add_column("callbacks", sa.Column("about", sa.String(40)))
    op.create_index("callbacks_about", "callbacks", ["about"])
    op.create_index("payments_created", "payments", ["created", "id"])
    op.create_index("payments_order", "payments", ["order_id"])
    op.create_index("payments_rrn", "payments", ["rrn"])
