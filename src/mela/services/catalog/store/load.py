"""Puts the sample data into the database: texts, prices, rates and sellers as the files say, live stock as it is."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy import Connection, Table, delete, insert, select, update

from mela.kernel.db.statements import insert_new, upsert
from mela.services.catalog.rules.search.documents import Document, document, synonyms
from mela.services.catalog.store import samples as files
from mela.services.catalog.store import search, shelf
from mela.services.catalog.tables import (
    catalogue,
    categories,
    city_prices,
    gst_rates,
    price_changes,
    products,
    reviews,
    sellers,
    stock,
    variants,
)

_LOADED = select(catalogue.c.samples)
_PRODUCTS = 40
"""Products in a unit: a unit has seconds, on a slow machine too."""
_Placed: TypeAlias = tuple[int, files.SampleCategory, files.SampleProduct]


def loaded(conn: Connection) -> str:
    """The fingerprint of the sample data that was loaded last."""
    fingerprint: str = conn.execute(_LOADED).scalar_one()
    return fingerprint


def units(samples: files.Samples, fingerprint: str, now: datetime) -> Iterator[Callable[[Connection], None]]:
    """Units that bring every row of the samples to what the files say, each of them short; all of it counts with the last.

    Stock is only given to skus that have none yet. Reviews and price changes of the samples lie so many days before
    `now`; loaded once, they stay where they are. What the files do not name stays: an operator's own products, and
    products that orders may still speak of.
    """
    yield partial(_put_shops, samples=samples)
    placed = list(_in_order(samples))
    for first in range(0, len(placed), _PRODUCTS):
        yield partial(_put_products, placed=placed[first : first + _PRODUCTS])
    found = list(documents(samples))
    yield partial(_finish, samples=samples, found=found, fingerprint=fingerprint, now=now)


def _put_shops(conn: Connection, samples: files.Samples) -> None:
    for category in samples.categories:
        _put(conn, categories, category.model_dump())
    for seller in samples.sellers:
        _put(conn, sellers, seller.model_dump())
    _replace_gst(conn, samples)


def _put_products(conn: Connection, placed: Sequence[_Placed]) -> None:
    for place, category, product in placed:
        _put_product(conn, category.id, place, product)


def _finish(
    conn: Connection, samples: files.Samples, found: Sequence[Document], fingerprint: str, now: datetime
) -> None:
    _put_stock_and_city_prices(conn, [v for _, _, product in _in_order(samples) for v in product.variants])
    _put_price_changes(conn, samples, now)
    _put_reviews(conn, samples, now)
    search.rebuild(conn, found)
    conn.execute(update(catalogue).values(samples=fingerprint))
    shelf.bump(conn)


def documents(samples: files.Samples) -> Iterator[Document]:
    """Every product of the samples as search sees it."""
    meaning = synonyms(samples.synonyms)
    for place, category, product in _in_order(samples):
        labels = [text for v in product.variants if v.label for text in v.label.model_dump().values()]
        attributes = [value for v in product.variants for value in v.attributes.values()]
        yield document(
            product.id, place, names=product.names.model_dump(), search_words=product.words,
            labels=[*labels, *attributes], category=category.names.model_dump().values(),
            descriptions=product.descriptions.model_dump().values(), meaning=meaning,
        )  # fmt: skip


def _in_order(samples: files.Samples) -> Iterator[_Placed]:
    """Every product with its category and its place in the catalogue, from 1."""
    shelves = sorted(samples.categories, key=lambda category: category.position)
    whole = ((category, product) for category in shelves for product in samples.products.get(category.id, []))
    return ((place, category, product) for place, (category, product) in enumerate(whole, 1))


def _replace_gst(conn: Connection, samples: files.Samples) -> None:
    conn.execute(delete(gst_rates))
    named = {row.id for row in files.gst_rows(samples) if row.named}
    rows = [row.model_dump() | {"number": n, "named": row.id in named} for n, row in enumerate(samples.gst, 1)]
    if rows:
        conn.execute(insert(gst_rates), rows)


def _put_product(conn: Connection, category: str, place: int, product: files.SampleProduct) -> None:
    values = product.model_dump(include={"id", "names", "descriptions", "hsn", "unit", "gst"})
    _put(conn, products, values | {"category_id": category, "seller_id": product.seller, "position": place})
    for position, variant in enumerate(product.variants):
        values = variant.model_dump(include={"sku", "label", "attributes", "price", "mrp"})
        _put(conn, variants, values | {"product_id": product.id, "position": position})


def _put_stock_and_city_prices(conn: Connection, every: Sequence[files.SampleVariant]) -> None:
    insert_new(conn, stock, [{"sku": v.sku, "on_hand": v.stock, "reserved": 0} for v in every])
    conn.execute(delete(city_prices).where(city_prices.c.sku.in_([v.sku for v in every])))
    rows = [{"sku": v.sku, "city": city, "price": price} for v in every for city, price in v.city_prices.items()]
    if rows:
        conn.execute(insert(city_prices), rows)


def _put_price_changes(conn: Connection, samples: files.Samples, now: datetime) -> None:
    rows = [
        {"id": f"chg_{v.sku}", "sku": v.sku, "city": "", "before": v.was.price, "after": v.price,
         "at": now - timedelta(days=v.was.days)}
        for _, _, product in _in_order(samples) for v in product.variants if v.was
    ]  # fmt: skip
    insert_new(conn, price_changes, rows)


def _put_reviews(conn: Connection, samples: files.Samples, now: datetime) -> None:
    rows = [
        {"id": f"rev_{number:026}", "product_id": r.product, "customer_id": f"cus_{number:026}", "rating": r.rating,
         "text": r.text, "name": r.name, "language": r.lang, "verified": False, "written": now - timedelta(days=r.days)}
        for number, r in enumerate(samples.reviews, 1)
    ]  # fmt: skip
    insert_new(conn, reviews, rows)


def _put(conn: Connection, table: Table, row: dict[str, Any]) -> None:
    upsert(conn, table, row, key=table.primary_key.columns)
