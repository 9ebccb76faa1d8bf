"""Net banking, wallets and UPI collect; several captures of a payment; payments that one bank has debited and the other not confirmed; card tokens."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant

revision = "0004_banks"
down_revision = "0003_methods"


def upgrade() -> None:
    op.add_column("payments", sa.Column("bank", sa.String(12)))
    op.add_column("payments", sa.Column("asked_vpa", sa.String(321)))
    op.add_column("payments", sa.Column("resolves", Instant))
    op.create_table(
        "captures",
        sa.Column("reference", sa.String(60), primary_key=True),
        sa.Column("payment_id", sa.String(40), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("final", sa.Boolean, nullable=False),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("token", sa.String(19), nullable=False, unique=True),
        sa.Column("network", sa.String(12), nullable=False),
        sa.Column("expiry", sa.String(4), nullable=False),
        sa.Column("last4", sa.String(4), nullable=False),
        sa.Column("created", Instant, nullable=False),
    )
