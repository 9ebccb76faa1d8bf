"""What an order is paid with, beside the method: a card's token, a bank, a wallet."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Json

revision = "0005_instrument"
down_revision = "0004_device"


def upgrade() -> None:
    op.add_column("orders", sa.Column("instrument", Json, nullable=False, server_default="{}"))
