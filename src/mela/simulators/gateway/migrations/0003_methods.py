"""Cards beside UPI, authorised before they are captured; orders before anybody pays; callbacks that are signed wrongly."""

import sqlalchemy as sa
from alembic import op

revision = "0003_methods"
down_revision = "0002_pins"


def upgrade() -> None:
    op.add_column("payments", sa.Column("captured", sa.BigInteger, nullable=False, server_default="0"))
    op.execute("update payments set captured = amount where status = 'captured'")
    op.add_column("payments", sa.Column("method", sa.String(12), server_default="upi"))
    op.add_column("payments", sa.Column("manual", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("payments", sa.Column("card", sa.String(30)))
    op.add_column("callbacks", sa.Column("bad", sa.Boolean, nullable=False, server_default=sa.false()))
