"""What is paid with, and the mark of a browser, are sealed; the mark is found by keyed hash. The job seals what is there."""

import sqlalchemy as sa
from alembic import op

from mela.kernel import sealed

revision = "0017_sealed"
down_revision = "0016_payouts"


def upgrade() -> None:
    sealed.create_tables(op.get_bind())
    sealed.create_reads(op.get_bind())
    op.add_column("attempts", sa.Column("device_index", sa.String(64)))
    op.drop_index("attempts_device", "attempts")
    op.create_index("attempts_device", "attempts", ["device_index", "at"])
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps a text of any length in any column
        op.alter_column("attempts", "device", type_=sa.Text)
