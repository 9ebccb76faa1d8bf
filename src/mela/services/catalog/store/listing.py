"""Lists of products, page by page."""

from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, and_, bindparam, func, or_, select

from mela.services.catalog.model import Entry, Listing, Sort
from mela.services.catalog.store import shelf
from mela.services.catalog.tables import products, variants


def entries(conn: Connection, listing: Listing, *, after: tuple[int, ...], limit: int) -> list[Entry]:
    """Up to `limit` products of a list that stand behind the place `after`: (place,) or (key, place), () for the start."""
    given: dict[str, Any] = {
        "category": listing.category, "city": listing.city, "min_price": listing.min_price, "max_price": listing.max_price,
        "found": listing.found, "after": after[-1] if after else None, "after_key": after[0] if after else None,
    }  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    rows = conn.execute(_entries(frozenset(given), listing.sort), given | {"limit": limit}).all()
    prices = {product_id: price for product_id, _, price, _, _ in rows}
    skus = _skus(conn, prices, listing.city)
    return [
        Entry(product_id, skus[product_id], price, place, number, key) for product_id, place, price, number, key in rows
    ]


def _skus(conn: Connection, prices: dict[str, int], city: str | None) -> dict[str, str]:
    """For each product the first variant that costs the given price."""
    rows = conn.execute(_prices(city is not None), {"found": list(prices), "city": city})
    return {product_id: sku for product_id, sku, price in rows if price == prices[product_id]}


@cache
def _entries(given: frozenset[str], sort: Sort) -> Select[Any]:
    """The statement of a list for which these parameters are given."""
    price = shelf.price_in(_city("city" in given))
    bounds: dict[str, ColumnElement[bool]] = {
        "category": products.c.category_id == bindparam("category"),
        "min_price": price >= bindparam("min_price"),
        "max_price": price <= bindparam("max_price"),
        "found": products.c.id.in_(bindparam("found", expanding=True)),
    }
    key = func.min((variants.c.mrp - price) * 100 // variants.c.mrp) if sort is Sort.DISCOUNT else func.min(price)
    joined = products.join(variants, variants.c.product_id == products.c.id)
    query = (
        select(products.c.id, products.c.position, func.min(price), func.count(), key)
        .select_from(shelf.with_city_prices(joined, _city("city" in given)))
        .where(*(bound for name, bound in bounds.items() if name in given))
        .group_by(products.c.id, products.c.position)
        .limit(bindparam("limit"))
    )
    return _ordered(query, key, sort, paged="after" in given)


def _ordered(query: Select[Any], key: ColumnElement[int], sort: Sort, *, paged: bool) -> Select[Any]:
    """The list in its order, from behind a place. A product that has gone leaves no gap: the next one follows."""
    place, behind = products.c.position, products.c.position > bindparam("after")
    if sort in (Sort.FEATURED, Sort.RELEVANCE):
        return query.order_by(place).where(behind) if paged else query.order_by(place)
    passed: BindParameter[int] = bindparam("after_key")
    beyond = key > passed if sort is Sort.PRICE_LOW else key < passed
    query = query.order_by(key if sort is Sort.PRICE_LOW else key.desc(), place)
    return query.having(or_(beyond, and_(key == passed, behind))) if paged else query


@cache
def _prices(in_city: bool) -> Select[Any]:
    price = shelf.price_in(_city(in_city)).label("price")
    query = select(variants.c.product_id, variants.c.sku, price).select_from(
        shelf.with_city_prices(variants, _city(in_city))
    )
    return query.where(variants.c.product_id.in_(bindparam("found", expanding=True))).order_by(
        variants.c.position.desc()
    )


def _city(given: bool) -> BindParameter[str] | None:
    return bindparam("city") if given else None
