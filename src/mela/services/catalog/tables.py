"""The catalogue's tables. `search_index` is a full-text index of the database's own kind: see `store.search`."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from mela.kernel.db import Instant, Json

metadata = MetaData()

catalogue = Table(
    "catalogue", metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # one row, 1
    Column("version", BigInteger, nullable=False),
    Column("samples", String(64), nullable=False),
)  # fmt: skip

categories = Table(
    "categories", metadata,
    Column("id", String(40), primary_key=True),
    Column("names", Json, nullable=False),
    Column("position", Integer, nullable=False),
)  # fmt: skip

sellers = Table(
    "sellers", metadata,
    Column("id", String(60), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("legal_name", String(120), nullable=False),
    Column("gstin", String(15), nullable=False),
    Column("state_code", String(2), nullable=False),
    Column("address", String(300), nullable=False),
    Column("city", String(60), nullable=False),
    Column("pin", String(6), nullable=False),
)  # fmt: skip

gst_rates = Table(
    "gst_rates", metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", String(60), nullable=False),
    Column("hsn", String(8), nullable=False),
    Column("description", Text, nullable=False),
    Column("rate_bp", Integer, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("effective_to", Date),
    Column("min_unit_value", BigInteger),
    Column("max_unit_value", BigInteger),
    Column("named", Boolean, nullable=False),
    Column("conditions", Text),
    Column("source", Text, nullable=False),
    Column("mark", String(10), nullable=False),
)  # fmt: skip

products = Table(
    "products", metadata,
    Column("id", String(80), primary_key=True),
    Column("category_id", ForeignKey("categories.id"), nullable=False),
    Column("seller_id", ForeignKey("sellers.id"), nullable=False),
    Column("position", Integer, nullable=False, index=True),
    Column("names", Json, nullable=False),
    Column("descriptions", Json, nullable=False),
    Column("hsn", String(8), nullable=False),
    Column("unit", String(3), nullable=False),
    Column("gst", String(60)),
    Index("products_of_category", "category_id", "position"),
)  # fmt: skip

variants = Table(
    "variants", metadata,
    Column("sku", String(60), primary_key=True),
    Column("product_id", ForeignKey("products.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("label", Json),
    Column("attributes", Json, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("mrp", BigInteger, nullable=False),
    CheckConstraint("price > 0 and price <= mrp", name="price_within_mrp"),
)  # fmt: skip

city_prices = Table(
    "city_prices", metadata,
    Column("sku", ForeignKey("variants.sku"), primary_key=True),
    Column("city", String(40), primary_key=True),
    Column("price", BigInteger, nullable=False),
    CheckConstraint("price > 0", name="city_price_above_zero"),
)  # fmt: skip

stock = Table(
    "stock", metadata,
    Column("sku", ForeignKey("variants.sku"), primary_key=True),
    Column("on_hand", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    CheckConstraint("reserved >= 0 and on_hand >= reserved", name="never_oversold"),
)  # fmt: skip

reservations = Table(
    "reservations", metadata,
    Column("key", String(120), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("expires", Instant, nullable=False),
    Column("buyer", String(40)),
    Index("reservations_by_expiry", "state", "expires"),
    Index("reservations_of_buyer", "buyer", "state"),
)  # fmt: skip

reservation_lines = Table(
    "reservation_lines", metadata,
    Column("key", ForeignKey("reservations.key"), primary_key=True),
    Column("sku", ForeignKey("stock.sku"), primary_key=True, index=True),
    Column("quantity", BigInteger, nullable=False),
    CheckConstraint("quantity > 0", name="reserved_pieces_above_zero"),
)  # fmt: skip

reviews = Table(
    "reviews", metadata,
    Column("id", String(40), primary_key=True),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("customer_id", String(40), nullable=False),
    Column("rating", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("name", String(40), nullable=False),
    Column("language", String(2), nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("written", Instant, nullable=False),
    UniqueConstraint("customer_id", "product_id", name="reviewed_once"),
    CheckConstraint("rating between 1 and 5", name="one_to_five"),
    Index("reviews_of_product", "product_id", "written"),
)  # fmt: skip

price_changes = Table(
    "price_changes", metadata,
    Column("id", String(80), primary_key=True),
    Column("sku", ForeignKey("variants.sku"), nullable=False),
    Column("city", String(40), nullable=False),  # empty for elsewhere
    Column("before", BigInteger, nullable=False),
    Column("after", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Index("price_changes_of_sku", "sku", "at"),
    Index("price_changes_by_moment", "at"),
)  # fmt: skip

restocks = Table(
    "restocks", metadata,
    Column("key", String(120), primary_key=True),
    Column("at", Instant, nullable=False),
)  # fmt: skip

search_documents = Table(
    "search_documents", metadata,
    Column("product_id", ForeignKey("products.id"), primary_key=True),
    Column("position", Integer, nullable=False, index=True),
    Column("weights", Json, nullable=False),
    Column("names", Json, nullable=False),
)  # fmt: skip

search_words = Table(
    "search_words", metadata,
    Column("word", String(200), primary_key=True),
    Column("latin", Text, nullable=False),
    Column("documents", Integer, nullable=False),
    Column("weight", Integer, nullable=False),
)  # fmt: skip
