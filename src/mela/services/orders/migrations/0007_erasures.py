"""Who is known no more, and which orders have let go of their person."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant

revision = "0007_erasures"
down_revision = "0006_sealed"


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("customer_id", sa.String(40), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False, unique=True),
        sa.Column("at", Instant, nullable=False),
    )
    op.add_column("orders", sa.Column("erased", Instant))
    here = sa.text("erased IS NULL")
    op.create_index("orders_not_erased", "orders", ["updated"], sqlite_where=here, postgresql_where=here)
