"""Everything the catalogue begins with."""

import sqlalchemy as sa
from alembic import op

from mela.kernel import events, idempotency
from mela.kernel.db import Instant, Json

revision = "0001_initial"
down_revision = None
branch_labels = None
depends_on = None

_INDEX_SQLITE = """
create virtual table search_index using fts5(
    product_id unindexed, body, tokenize = "unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'"
)
"""
"""The default tokenizer splits Indic words at vowel signs, which are marks, not letters.

Source: https://www.sqlite.org/fts5.html#unicode61_tokenizer (2026-11-23).
"""
_INDEX_POSTGRESQL = (
    "create table search_index (product_id varchar(80) primary key, words tsvector not null)",
    "create index search_index_words on search_index using gin (words)",
)


def upgrade() -> None:
    op.create_table(
        "catalogue",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("samples", sa.String(64), nullable=False),
    )
    op.create_table(
        "categories",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("names", Json, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_table(
        "sellers",
        sa.Column("id", sa.String(60), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("legal_name", sa.String(120), nullable=False),
        sa.Column("gstin", sa.String(15), nullable=False),
        sa.Column("state_code", sa.String(2), nullable=False),
        sa.Column("address", sa.String(300), nullable=False),
        sa.Column("city", sa.String(60), nullable=False),
        sa.Column("pin", sa.String(6), nullable=False),
    )
    op.create_table(
        "gst_rates",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(60), nullable=False),
        sa.Column("hsn", sa.String(8), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("rate_bp", sa.Integer, nullable=False),
        sa.Column("effective_from", sa.Date, nullable=False),
        sa.Column("effective_to", sa.Date),
        sa.Column("min_unit_value", sa.BigInteger),
        sa.Column("max_unit_value", sa.BigInteger),
        sa.Column("named", sa.Boolean, nullable=False),
        sa.Column("conditions", sa.Text),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("mark", sa.String(10), nullable=False),
    )
    op.create_table(
        "products",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("category_id", sa.String(40), sa.ForeignKey("categories.id"), nullable=False),
        sa.Column("seller_id", sa.String(60), sa.ForeignKey("sellers.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("names", Json, nullable=False),
        sa.Column("descriptions", Json, nullable=False),
        sa.Column("hsn", sa.String(8), nullable=False),
        sa.Column("unit", sa.String(3), nullable=False),
        sa.Column("gst", sa.String(60)),
    )
    op.create_index("ix_products_position", "products", ["position"])
    op.create_index("products_of_category", "products", ["category_id", "position"])
    op.create_table(
        "variants",
        sa.Column("sku", sa.String(60), primary_key=True),
        sa.Column("product_id", sa.String(80), sa.ForeignKey("products.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("label", Json),
        sa.Column("attributes", Json, nullable=False),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("mrp", sa.BigInteger, nullable=False),
        sa.CheckConstraint("price > 0 and price <= mrp", name="price_within_mrp"),
    )
    op.create_index("ix_variants_product_id", "variants", ["product_id"])
    op.create_table(
        "city_prices",
        sa.Column("sku", sa.String(60), sa.ForeignKey("variants.sku"), primary_key=True),
        sa.Column("city", sa.String(40), primary_key=True),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.CheckConstraint("price > 0", name="city_price_above_zero"),
    )
    op.create_table(
        "stock",
        sa.Column("sku", sa.String(60), sa.ForeignKey("variants.sku"), primary_key=True),
        sa.Column("on_hand", sa.BigInteger, nullable=False),
        sa.Column("reserved", sa.BigInteger, nullable=False),
        sa.CheckConstraint("reserved >= 0 and on_hand >= reserved", name="never_oversold"),
    )
    op.create_table(
        "reservations",
        sa.Column("key", sa.String(120), primary_key=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("expires", Instant, nullable=False),
    )
    op.create_index("reservations_by_expiry", "reservations", ["state", "expires"])
    op.create_table(
        "reservation_lines",
        sa.Column("key", sa.String(120), sa.ForeignKey("reservations.key"), primary_key=True),
        sa.Column("sku", sa.String(60), sa.ForeignKey("stock.sku"), primary_key=True),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.CheckConstraint("quantity > 0", name="reserved_pieces_above_zero"),
    )
    op.create_index("ix_reservation_lines_sku", "reservation_lines", ["sku"])
    op.create_table(
        "restocks",
        sa.Column("key", sa.String(120), primary_key=True),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_table(
        "search_documents",
        sa.Column("product_id", sa.String(80), sa.ForeignKey("products.id"), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("weights", Json, nullable=False),
        sa.Column("names", Json, nullable=False),
    )
    op.create_index("ix_search_documents_position", "search_documents", ["position"])
    op.create_table(
        "search_words",
        sa.Column("word", sa.String(200), primary_key=True),
        sa.Column("latin", sa.Text, nullable=False),
        sa.Column("documents", sa.Integer, nullable=False),
        sa.Column("weight", sa.Integer, nullable=False),
    )
    op.execute("insert into catalogue (id, version, samples) values (1, 0, '')")
    for statement in _INDEX_POSTGRESQL if op.get_bind().dialect.name == "postgresql" else [_INDEX_SQLITE]:
        op.execute(statement)
    idempotency.create_tables(op.get_bind())
    events.create_tables(op.get_bind())
