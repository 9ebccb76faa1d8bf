"""What the person on duty changes: prices and goods received, once per Idempotency-Key."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from mela.contracts.catalog import UnknownSku
from mela.kernel import idempotency, ids
from mela.kernel.clock import india_date
from mela.kernel.db.statements import upsert
from mela.kernel.errors import Rejected
from mela.kernel.money import Paise
from mela.services.catalog.model import StockLevel
from mela.services.catalog.rules import gst
from mela.services.catalog.store import shelf, stock
from mela.services.catalog.tables import city_prices, price_changes, variants


class PriceAboveMrp(Rejected):
    """Packaged goods may not be sold above the price printed on them. Params: sku, mrp_paise.

    Source: Legal Metrology (Packaged Commodities) Rules 2011, rule 18(2) (recalled).
    """

    code = "catalog.price_above_mrp"


def set_price(
    conn: Connection,
    *,
    operator: str,
    key: str,
    sku: str,
    city: str | None,
    price: Paise,
    mrp: Paise | None,
    now: datetime,
) -> None:
    """Set the price of a variant, for one city or for elsewhere, and its MRP if given. A key that came before changes nothing.

    Raises: UnknownSku, GstRateUnknown for a price in no slab, KeyReused, PriceAboveMrp, also when a new MRP would lie below
    another price of the variant.
    """
    if not _is_new(conn, operator, key, ["price", sku, city, price, mrp], now):
        return
    known = shelf.variants_by_sku(conn, [sku], None).get(sku)
    if known is None:
        raise UnknownSku(sku=sku)
    gst.Rates(shelf.gst_rows(conn)).tax_in(price, hsn=known.hsn, on=india_date(now), entry=known.gst)
    ceiling = known.mrp if mrp is None else mrp
    if max(price, _highest_other(conn, sku, city, known.price)) > ceiling:
        raise PriceAboveMrp(sku=sku, mrp_paise=ceiling)
    _note_change(conn, sku, city, price, now)
    if city:
        upsert(
            conn, city_prices, {"sku": sku, "city": city, "price": price}, key=[city_prices.c.sku, city_prices.c.city]
        )
    values = {"mrp": ceiling} if city else {"mrp": ceiling, "price": price}
    conn.execute(update(variants).where(variants.c.sku == sku).values(values))
    shelf.bump(conn)


def receive(conn: Connection, *, operator: str, key: str, sku: str, quantity: int, now: datetime) -> StockLevel:
    """Goods have come in; the stock as it is now. A key that came before changes nothing. Raises: UnknownSku, KeyReused."""
    if _is_new(conn, operator, key, ["stock", sku, quantity], now):
        stock.receive(conn, sku=sku, quantity=quantity)
    return stock.level(conn, sku)


def _note_change(conn: Connection, sku: str, city: str | None, price: Paise, now: datetime) -> None:
    """Remember what the price was: an offer names it."""
    before = shelf.variants_by_sku(conn, [sku], city)[sku].price
    if before != price:
        row = {"id": ids.new_id("chg"), "sku": sku, "city": city or "", "before": before, "after": price, "at": now}
        conn.execute(price_changes.insert(), row)


def _highest_other(conn: Connection, sku: str, city: str | None, elsewhere: Paise) -> int:
    """The highest of the prices that stay as they are."""
    others = select(func.max(city_prices.c.price)).where(city_prices.c.sku == sku, city_prices.c.city != (city or ""))
    return max(conn.execute(others).scalar() or 0, elsewhere if city else 0)


def _is_new(conn: Connection, operator: str, key: str, request: Sequence[object], now: datetime) -> bool:
    result = ids.new_id("change")
    return idempotency.claim(conn, owner=operator, key=key, request=request, result=result, now=now) == result
