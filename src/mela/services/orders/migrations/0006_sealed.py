"""Addresses and papers are sealed. What is plain stays readable until the job has sealed it."""

import sqlalchemy as sa
from alembic import op

from mela.kernel import sealed

revision = "0006_sealed"
down_revision = "0005_instrument"


def upgrade() -> None:
    sealed.create_tables(op.get_bind())
    sealed.create_reads(op.get_bind())
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps a text of any length in any column
        op.alter_column("orders", "device", type_=sa.Text)
