"""Reviews, who bought what, and how prices changed."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant

revision = "0002_reviews"
down_revision = "0001_initial"


def upgrade() -> None:
    op.add_column("reservations", sa.Column("buyer", sa.String(40)))
    op.create_index("reservations_of_buyer", "reservations", ["buyer", "state"])
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("product_id", sa.String(80), sa.ForeignKey("products.id"), nullable=False),
        sa.Column("customer_id", sa.String(40), nullable=False),
        sa.Column("rating", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("verified", sa.Boolean, nullable=False),
        sa.Column("written", Instant, nullable=False),
        sa.UniqueConstraint("customer_id", "product_id", name="reviewed_once"),
        sa.CheckConstraint("rating between 1 and 5", name="one_to_five"),
    )
    op.create_index("reviews_of_product", "reviews", ["product_id", "written"])
    op.create_table(
        "price_changes",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("sku", sa.String(60), sa.ForeignKey("variants.sku"), nullable=False),
        sa.Column("city", sa.String(40), nullable=False),
        sa.Column("before", sa.BigInteger, nullable=False),
        sa.Column("after", sa.BigInteger, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("price_changes_of_sku", "price_changes", ["sku", "at"])
    op.create_index("price_changes_by_moment", "price_changes", ["at"])
