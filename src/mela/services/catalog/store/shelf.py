"""What is shown: products with prices, lists of them, stock, and the small tables that everybody needs.

`catalogue.version` grows in every unit that changes something shown, stock apart. Whoever keeps something in memory keeps it
under the version that he read first, so a change is seen by the next request of every process.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, and_, bindparam, func, select, update

from mela.contracts.catalog import Seller
from mela.services.catalog.model import Category, GstRow, PriceChange, SellerName, Texts, Variant
from mela.services.catalog.rules.gst import Rates
from mela.services.catalog.rules.reference import Reference
from mela.services.catalog.tables import (
    catalogue,
    categories,
    city_prices,
    gst_rates,
    price_changes,
    products,
    sellers,
    stock,
    variants,
)

_FREE = (stock.c.on_hand - stock.c.reserved).label("free")


def price_in(city: object) -> ColumnElement[int]:
    """The price of a variant in a city, None for elsewhere; needs `with_city_prices`."""
    return variants.c.price if city is None else func.coalesce(city_prices.c.price, variants.c.price)


def with_city_prices(joined: Any, city: object) -> Any:
    """The join, with the city's prices where there are any."""
    if city is None:
        return joined
    return joined.outerjoin(city_prices, and_(city_prices.c.sku == variants.c.sku, city_prices.c.city == city))


def _variants(*, in_city: bool) -> Select[Any]:
    """Variants as `Variant` has its fields; with `in_city` at the prices of the parameter `city`."""
    city: BindParameter[str] | None = bindparam("city") if in_city else None
    of_product = ("names", "descriptions", "category_id", "seller_id", "hsn", "unit", "gst")
    columns: list[Any] = [
        variants.c.sku, variants.c.product_id, *(products.c[name] for name in of_product), variants.c.label, variants.c.attributes,
        price_in(city).label("price"), variants.c.mrp,
    ]  # fmt: skip
    return select(*columns).select_from(
        with_city_prices(variants.join(products, products.c.id == variants.c.product_id), city)
    )


# Statements of every request are built once: building one takes longer than running it.
_VERSION = select(catalogue.c.version)
_STOCK_OF_PRODUCT = (
    select(catalogue.c.version, variants.c.sku, _FREE)
    .select_from(
        catalogue.outerjoin(
            variants.join(stock, stock.c.sku == variants.c.sku), variants.c.product_id == bindparam("product_id")
        )
    )
    .order_by(variants.c.position)
)
_STOCK = select(stock.c.sku, _FREE).where(stock.c.sku.in_(bindparam("skus", expanding=True)))
_OF_PRODUCT = [
    _variants(in_city=in_city).where(variants.c.product_id == bindparam("product_id")).order_by(variants.c.position)
    for in_city in (False, True)
]
_BY_SKU = [
    _variants(in_city=in_city).where(variants.c.sku.in_(bindparam("skus", expanding=True))) for in_city in (False, True)
]
_CHANGED = select(price_changes.c.sku).where(price_changes.c.at >= bindparam("since"))
_CHANGES = (
    select(price_changes)
    .where(price_changes.c.sku.in_(_CHANGED), price_changes.c.city.in_(bindparam("cities", expanding=True)))
    .order_by(price_changes.c.at, price_changes.c.id)
)
_NAMES = select(products.c.id, products.c.names).where(products.c.id.in_(bindparam("ids", expanding=True)))
_SELLERS = select(sellers).where(sellers.c.id.in_(bindparam("ids", expanding=True)))


def version(conn: Connection) -> int:
    """The number of this state of the catalogue."""
    number: int = conn.execute(_VERSION).scalar_one()
    return number


def bump(conn: Connection) -> None:
    """Something shown changes in this unit."""
    conn.execute(update(catalogue).values(version=catalogue.c.version + 1))


def version_and_stock(conn: Connection, product_id: str) -> tuple[int, dict[str, int]]:
    """The version, and the free pieces of a product's variants in their order; none when there is no such product."""
    rows = conn.execute(_STOCK_OF_PRODUCT, {"product_id": product_id}).all()
    return rows[0][0], {sku: free for _, sku, free in rows if sku is not None}


def free(conn: Connection, skus: Sequence[str]) -> dict[str, int]:
    """Free pieces by sku."""
    return {row[0]: row[1] for row in conn.execute(_STOCK, {"skus": skus})}


def variants_of(conn: Connection, product_id: str, city: str | None) -> list[Variant]:
    """A product's variants in their order; none when there is no such product."""
    return [
        Variant(*row) for row in conn.execute(_OF_PRODUCT[city is not None], {"product_id": product_id, "city": city})
    ]


def variants_by_sku(conn: Connection, skus: Iterable[str], city: str | None) -> dict[str, Variant]:
    """Variants by sku; unknown ones are left out."""
    rows = conn.execute(_BY_SKU[city is not None], {"skus": list(skus), "city": city})
    return {variant.sku: variant for variant in (Variant(*row) for row in rows)}


def version_and_variants(conn: Connection, skus: Iterable[str], city: str | None) -> tuple[int, dict[str, Variant]]:
    """The version, and variants by sku at that version."""
    return version(conn), variants_by_sku(conn, skus, city)


def price_changes_since(conn: Connection, since: datetime, city: str | None) -> dict[str, list[PriceChange]]:
    """All price changes of those skus that had one since a moment, in this city or general ones, oldest first."""
    found: dict[str, list[PriceChange]] = {}
    for row in conn.execute(_CHANGES, {"since": since, "cities": ["", city or ""]}):
        found.setdefault(row.sku, []).append(PriceChange(row.sku, row.city, row.before, row.after, row.at))
    return found


def product_names(conn: Connection, ids: Sequence[str]) -> dict[str, Texts]:
    """Names of products by id."""
    rows = conn.execute(_NAMES, {"ids": ids})
    return {row.id: row.names for row in rows}


def reference(conn: Connection) -> Reference:
    """The small tables and their version."""
    return Reference(version(conn), Rates(gst_rows(conn)), _categories(conn), _seller_names(conn), _cities(conn))


def _categories(conn: Connection) -> dict[str, Category]:
    """In the order of the shop."""
    return {
        row.id: Category(row.id, row.names) for row in conn.execute(select(categories).order_by(categories.c.position))
    }


def _seller_names(conn: Connection) -> dict[str, SellerName]:
    return {row.id: SellerName(row.id, row.name) for row in conn.execute(select(sellers.c.id, sellers.c.name))}


def sellers_by_id(conn: Connection, ids: Iterable[str]) -> dict[str, Seller]:
    """Sellers as invoices name them; unknown ones are left out."""
    rows = conn.execute(_SELLERS, {"ids": list(ids)})
    return {row.id: Seller(row.id, row.legal_name, row.gstin, row.state_code, row.address, row.pin) for row in rows}


def gst_rows(conn: Connection) -> tuple[GstRow, ...]:
    """Every dated rate."""
    columns = [gst_rates.c[name] for name in GstRow.__dataclass_fields__]
    return tuple(GstRow(*row) for row in conn.execute(select(*columns).order_by(gst_rates.c.number)))


def _cities(conn: Connection) -> frozenset[str]:
    return frozenset(conn.scalars(select(city_prices.c.city).distinct()))
