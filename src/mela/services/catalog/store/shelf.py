"""What is shown: products with prices, lists of them, stock, and the small tables that everybody needs.

`catalogue.version` grows in every unit that changes something shown, stock apart. Whoever keeps something in memory keeps it
under the version that he read first, so a change is seen by the next request of every process.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select, update

from mela.contracts.catalog import Seller
from mela.services.catalog.model import Category, Entry, GstRow, Listing, Reference, SellerName, Sort, Texts, Variant
from mela.services.catalog.tables import (
    catalogue,
    categories,
    city_prices,
    gst_rates,
    products,
    sellers,
    stock,
    variants,
)

_FREE = (stock.c.on_hand - stock.c.reserved).label("free")


def version(conn: Connection) -> int:
    """The number of this state of the catalogue."""
    number: int = conn.execute(select(catalogue.c.version)).scalar_one()
    return number


def bump(conn: Connection) -> None:
    """Something shown changes in this unit."""
    conn.execute(update(catalogue).values(version=catalogue.c.version + 1))


def version_and_stock(conn: Connection, product_id: str) -> tuple[int, dict[str, int]]:
    """The version, and the free pieces of a product's variants in their order; none when there is no such product."""
    found = variants.join(stock, stock.c.sku == variants.c.sku)
    query = select(catalogue.c.version, variants.c.sku, _FREE).select_from(
        catalogue.outerjoin(found, variants.c.product_id == product_id)
    )
    rows = conn.execute(query.order_by(variants.c.position)).all()
    return rows[0].version, {row.sku: row.free for row in rows if row.sku is not None}


def free(conn: Connection, skus: Sequence[str]) -> dict[str, int]:
    """Free pieces by sku."""
    return {row.sku: row.free for row in conn.execute(select(stock.c.sku, _FREE).where(stock.c.sku.in_(skus)))}


def variants_of(conn: Connection, product_id: str, city: str | None) -> list[Variant]:
    """A product's variants in their order; none when there is no such product."""
    query = _variants(city).where(variants.c.product_id == product_id).order_by(variants.c.position)
    return [_variant(row) for row in conn.execute(query)]


def variants_by_sku(conn: Connection, skus: Iterable[str], city: str | None) -> dict[str, Variant]:
    """Variants by sku; unknown ones are left out."""
    return {row.sku: _variant(row) for row in conn.execute(_variants(city).where(variants.c.sku.in_(list(skus))))}


def entries(conn: Connection, listing: Listing, *, after: tuple[int, ...], limit: int) -> list[Entry]:
    """Up to `limit` products of a list that stand behind the place `after`: (place,) or (price, place), () for the start."""
    price = _price(listing.city)
    cheapest = func.min(price).label("price")
    bounds: list[ColumnElement[bool]] = []
    if listing.category:
        bounds.append(products.c.category_id == listing.category)
    if listing.min_price is not None:
        bounds.append(price >= listing.min_price)
    if listing.max_price is not None:
        bounds.append(price <= listing.max_price)
    if listing.found is not None:
        bounds.append(products.c.id.in_(listing.found))
    query = (
        select(products.c.id, products.c.position, cheapest, func.count().label("variants"))
        .select_from(_priced(products.join(variants, variants.c.product_id == products.c.id), listing.city))
        .where(*bounds)
        .group_by(products.c.id, products.c.position)
    )
    rows = conn.execute(_ordered(query, listing, cheapest=func.min(price), after=after).limit(limit)).all()
    shown = _cheapest_skus(conn, {row.id: row.price for row in rows}, listing.city)
    return [Entry(row.id, shown[row.id], row.price, row.position, row.variants) for row in rows]


def version_and_variants(conn: Connection, skus: Iterable[str], city: str | None) -> tuple[int, dict[str, Variant]]:
    """The version, and variants by sku at that version."""
    return version(conn), variants_by_sku(conn, skus, city)


def product_names(conn: Connection, ids: Sequence[str]) -> dict[str, Texts]:
    """Names of products by id."""
    rows = conn.execute(select(products.c.id, products.c.names).where(products.c.id.in_(ids)))
    return {row.id: row.names for row in rows}


def reference(conn: Connection) -> Reference:
    """The small tables and their version."""
    return Reference(version(conn), gst_rows(conn), _categories(conn), _seller_names(conn), _cities(conn))


def _categories(conn: Connection) -> dict[str, Category]:
    """In the order of the shop."""
    return {
        row.id: Category(row.id, row.names) for row in conn.execute(select(categories).order_by(categories.c.position))
    }


def _seller_names(conn: Connection) -> dict[str, SellerName]:
    return {row.id: SellerName(row.id, row.name) for row in conn.execute(select(sellers.c.id, sellers.c.name))}


def sellers_by_id(conn: Connection, ids: Iterable[str]) -> dict[str, Seller]:
    """Sellers as invoices name them; unknown ones are left out."""
    rows = conn.execute(select(sellers).where(sellers.c.id.in_(list(ids))))
    return {row.id: Seller(row.id, row.legal_name, row.gstin, row.state_code, row.address, row.pin) for row in rows}


def gst_rows(conn: Connection) -> tuple[GstRow, ...]:
    """Every dated rate."""
    columns = [gst_rates.c[name] for name in GstRow.__dataclass_fields__]
    return tuple(GstRow(*row) for row in conn.execute(select(*columns).order_by(gst_rates.c.number)))


def _cities(conn: Connection) -> frozenset[str]:
    return frozenset(conn.scalars(select(city_prices.c.city).distinct()))


def _price(city: str | None) -> ColumnElement[int]:
    return func.coalesce(city_prices.c.price, variants.c.price) if city else variants.c.price


def _priced(joined: Any, city: str | None) -> Any:
    """The join, with the city's prices where there are any."""
    if not city:
        return joined
    return joined.outerjoin(city_prices, and_(city_prices.c.sku == variants.c.sku, city_prices.c.city == city))


def _variants(city: str | None) -> Select[Any]:
    columns: list[Any] = [
        *variants.c,
        *(c for c in products.c if c.name not in ("id", "position")),
        _price(city).label("today"),
    ]
    return select(*columns).select_from(_priced(variants.join(products, products.c.id == variants.c.product_id), city))


def _variant(row: Row[Any]) -> Variant:
    return Variant(
        row.sku, row.product_id, row.names, row.descriptions, row.category_id, row.seller_id, row.hsn, row.unit, row.gst,
        row.label, row.attributes, row.today, row.mrp,
    )  # fmt: skip


def _ordered(query: Select[Any], listing: Listing, *, cheapest: Any, after: tuple[int, ...]) -> Select[Any]:
    """The list in its order, from behind a place. A place that has gone leaves no gap: the next one follows."""
    place = products.c.position
    if listing.sort is Sort.PRICE_LOW:
        behind = or_(cheapest > after[0], and_(cheapest == after[0], place > after[1])) if after else None
        query = query.order_by(cheapest, place)
    elif listing.sort is Sort.PRICE_HIGH:
        behind = or_(cheapest < after[0], and_(cheapest == after[0], place > after[1])) if after else None
        query = query.order_by(cheapest.desc(), place)
    else:
        return query.order_by(place).where(place > after[0]) if after else query.order_by(place)
    return query if behind is None else query.having(behind)


def _cheapest_skus(conn: Connection, prices: dict[str, int], city: str | None) -> dict[str, str]:
    """For each product the first variant that costs the given price."""
    query = select(variants.c.product_id, variants.c.sku, _price(city).label("price"))
    found = query.select_from(_priced(variants, city)).where(variants.c.product_id.in_(list(prices)))
    rows = conn.execute(found.order_by(variants.c.position.desc()))
    return {row.product_id: row.sku for row in rows if row.price == prices[row.product_id]}
