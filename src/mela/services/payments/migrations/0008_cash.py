"""The cash that couriers collect, and what they have handed in of it."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant

revision = "0008_cash"
down_revision = "0007_methods"


def upgrade() -> None:
    op.create_table(
        "remittances",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("key", sa.String(120), nullable=False, unique=True),
        sa.Column("courier", sa.String(60), nullable=False),
        sa.Column("bank_reference", sa.String(40), nullable=False, unique=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("expected", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_table(
        "cash",
        sa.Column("payment_id", sa.String(40), primary_key=True),
        sa.Column("collected", Instant, nullable=False),
        sa.Column("remittance_id", sa.String(40), index=True),
    )
    op.execute(
        "insert into cash (payment_id, collected) select id, created from payments where method = 'cod' and state = 'captured'"
    )
