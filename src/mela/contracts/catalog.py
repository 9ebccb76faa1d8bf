"""Catalog: products, prices, tax rates, sellers and stock."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from mela.kernel.errors import Conflict, NotFound
from mela.kernel.money import Paise


@dataclass(frozen=True)
class Line:
    """So many pieces of one variant; quantity is 1 or more."""

    sku: str
    quantity: int


@dataclass(frozen=True)
class PricedLine:
    """A line with all that an order and an invoice need. `unit_price` includes GST; `names` by language.

    `gst_rate_bp` is the rate on the day and, where the law says so, for this price: 500 is 5 %. `unit` is a GST quantity code.
    """

    sku: str
    product_id: str
    names: dict[str, str]
    category: str
    seller_id: str
    hsn: str
    unit: str
    gst_rate_bp: int
    unit_price: Paise
    quantity: int


@dataclass(frozen=True)
class Seller:
    """A marketplace seller as an invoice names it."""

    id: str
    name: str
    gstin: str
    state_code: str
    address: str
    pin: str


class UnknownSku(NotFound):
    """No variant has this sku. Params: sku."""

    code = "catalog.unknown_sku"


class UnknownProduct(NotFound):
    """No product has this id. Params: product_id."""

    code = "catalog.unknown_product"


class OutOfStock(Conflict):
    """Fewer pieces are free than asked for. Params: sku, left."""

    code = "catalog.out_of_stock"


class ReservationLost(Conflict):
    """The reservation was given up, or ran out and the stock has gone to others. Params: key."""

    code = "catalog.reservation_lost"


class Catalog(Protocol):
    """Prices lines and keeps stock; a piece is promised to one order only."""

    async def price(self, *, lines: list[Line], city: str | None, on: date) -> list[PricedLine]:
        """The lines with today's prices for a city (slug, None for elsewhere), in the order asked. Raises: UnknownSku."""
        ...

    async def reserve(self, *, key: str, lines: list[Line], seconds: int) -> datetime:
        """Hold all of the lines or none until the returned moment. The same key again changes nothing.

        Raises: UnknownSku, OutOfStock, ReservationLost for a key that was released.
        """
        ...

    async def commit(self, *, key: str, buyer: str | None = None) -> None:
        """The reserved pieces are sold, to `buyer` (a customer's id), who may then say that it was bought here. A reservation that ran out is taken up again if the stock is still there.

        Done before: nothing happens. Raises: ReservationLost.
        """
        ...

    async def release(self, *, key: str) -> None:
        """Give back all that the key holds or has bought, and let it never hold or buy again. Done before: nothing happens.

        A cancellation that overtakes the reservation itself also wins: `reserve` and `commit` then raise ReservationLost.
        """
        ...

    async def restock(self, *, key: str, lines: list[Line]) -> None:
        """Returned or cancelled pieces are for sale again, once per key."""
        ...

    async def sellers(self, *, ids: list[str]) -> list[Seller]:
        """The sellers of these ids, in that order. Raises: NotFound."""
        ...
