"""What the catalogue is made of, as frozen records."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from mela.kernel.money import Paise

Texts = dict[str, str]
"""A text by language: en, hi, ta, te, kn."""


class Sort(StrEnum):
    """How a list of products is ordered; ties by the catalogue's own order."""

    FEATURED = "featured"
    RELEVANCE = "relevance"
    PRICE_LOW = "price_low"
    PRICE_HIGH = "price_high"
    DISCOUNT = "discount"


class ReservationState(StrEnum):
    """HELD pieces are promised until a moment; EXPIRED ones may be taken up again, RELEASED ones were given up."""

    HELD = "held"
    COMMITTED = "committed"
    RELEASED = "released"
    EXPIRED = "expired"


class StockBand(StrEnum):
    """What a shopper is told about stock."""

    IN_STOCK = "in_stock"
    FEW_LEFT = "few_left"
    OUT_OF_STOCK = "out_of_stock"


@dataclass(frozen=True)
class GstRow:
    """A GST rate for goods under an HSN prefix, from one day up to and including another.

    Rows of one `id` are one entry of the law over time and by unit value. The bounds are paise per unit without tax, both
    included. A row that `named` products only may use decides nothing by its HSN alone.
    """

    id: str
    hsn: str
    rate_bp: int
    effective_from: date
    effective_to: date | None
    min_unit_value: int | None = None
    max_unit_value: int | None = None
    named: bool = False


@dataclass(frozen=True)
class Tax:
    """A price that contains GST, taken apart: `taxable` + `tax` is the price."""

    rate_bp: int
    taxable: Paise
    tax: Paise


@dataclass(frozen=True)
class Category:
    """A shelf of the shop."""

    id: str
    names: Texts


@dataclass(frozen=True)
class SellerName:
    """A seller as a shopper sees it."""

    id: str
    name: str


@dataclass(frozen=True)
class Variant:
    """One thing to buy with all that a page shows; `price` is today's for the city asked, GST included."""

    sku: str
    product_id: str
    names: Texts
    descriptions: Texts
    category_id: str
    seller_id: str
    hsn: str
    unit: str
    gst: str | None
    label: Texts | None
    attributes: Texts
    price: Paise
    mrp: Paise


@dataclass(frozen=True)
class Review:
    """What a customer says of a product; `verified`: the author bought it here."""

    id: str
    product_id: str
    customer_id: str
    rating: int
    text: str
    name: str
    language: str
    verified: bool
    written: datetime


@dataclass(frozen=True)
class PriceChange:
    """A price that became another; `city` is empty for elsewhere."""

    sku: str
    city: str
    before: Paise
    after: Paise
    at: datetime


@dataclass(frozen=True)
class Offer:
    """A price that is lower than the lowest of the time before `since`."""

    sku: str
    before: Paise
    price: Paise
    since: datetime


@dataclass(frozen=True)
class Promise:
    """When a parcel arrives: between two days, both included. `mark` says how sure the numbers are."""

    pin: str
    tier: str
    earliest: date
    latest: date
    cash_on_delivery: bool
    mark: str
    effective_from: date


@dataclass(frozen=True)
class Reservation:
    """Pieces kept for a key until `expires`."""

    key: str
    state: ReservationState
    expires: datetime
    pieces: dict[str, int]


@dataclass(frozen=True)
class StockLevel:
    """Pieces in the warehouse, and how many of them are promised."""

    sku: str
    on_hand: int
    reserved: int

    @property
    def free(self) -> int:
        return self.on_hand - self.reserved


@dataclass(frozen=True)
class Listing:
    """Which products to list; `price` bounds include GST. `found`: product ids by relevance, None when nothing was searched."""

    category: str | None = None
    city: str | None = None
    sort: Sort = Sort.FEATURED
    min_price: int | None = None
    max_price: int | None = None
    found: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Entry:
    """One product in a list, shown by its cheapest variant within the bounds; `place` is where it stands in the order.

    `key` is what a list is sorted by before the place: the price, or by how many percent each variant is below its MRP.
    """

    product_id: str
    sku: str
    price: int
    place: int
    variants: int
    key: int

    def placed(self, place: int) -> "Entry":
        """The same at another place."""
        return replace(self, place=place)
