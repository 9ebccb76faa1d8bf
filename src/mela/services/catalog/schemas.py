"""What the catalogue's API takes and gives. Amounts are whole paise and include GST unless they say otherwise."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from mela.kernel.web.inputs import LINE, Lines, Strict
from mela.kernel.web.pages import Page
from mela.services.catalog.model import Promise, Review, StockBand
from mela.services.catalog.rules.delivery import Place

Amount = Annotated[int, Field(ge=0, le=10_00_00_000_00)]
SKU_PATTERN = r"^[A-Z0-9]+(-[A-Z0-9]+)*$"
SLUG_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Category(_Out):
    id: str = Field(description="Name it in `category=`", examples=["grocery"])
    name: str = Field(description="In the language of the answer", examples=["किराना"])


class CategoryPage(Page[Category]):
    """All categories, in the order of the shop."""


class Seller(_Out):
    id: str = Field(description="The seller's id", examples=["kaveri-traders"])
    name: str = Field(description="Who sells it", examples=["Kaveri Traders (sample)"])


class Stock(_Out):
    state: StockBand = Field(description="What there is at this moment", examples=[StockBand.FEW_LEFT])
    left: int | None = Field(
        description="How many, when there are few or none; null when there are plenty", examples=[3]
    )


class Variant(_Out):
    sku: str = Field(description="What a cart and an order name", examples=["RICE-SONA-5KG"])
    label: str | None = Field(description="What sets it apart from its sisters", examples=["5 किग्रा"])
    attributes: dict[str, str] = Field(description="Colour, size, weight and the like", examples=[{"weight": "5 kg"}])
    price_paise: Amount = Field(description="To pay for one, in the city asked for", examples=[38_900])
    mrp_paise: Amount = Field(description="The price printed on it", examples=[45_000])
    taxable_paise: Amount = Field(description="The price without its GST", examples=[37_048])
    tax_paise: Amount = Field(description="The GST in the price", examples=[1_852])
    gst_rate_bp: int = Field(description="Today's rate in basis points: 500 is 5 %", ge=0, le=10_000, examples=[500])
    stock: Stock


class Product(_Out):
    id: str = Field(description="The product's id", examples=["sona-masoori-rice"])
    name: str = Field(description="In the language of the answer", examples=["सोना मसूरी चावल"])
    description: str = Field(
        description="One sentence about it", examples=["रोज़ के भोजन के लिए हल्का, पुराना और खिला-खिला सोना मसूरी चावल।"]
    )
    category: Category
    seller: Seller
    hsn: str = Field(description="The goods' code in GST's tariff", examples=["100630"])
    unit: str = Field(description="GST unit quantity code", examples=["BAG"])
    variants: list[Variant] = Field(description="All that can be bought, in the seller's order")


class Card(_Out):
    id: str = Field(description="The product's id", examples=["sona-masoori-rice"])
    name: str = Field(description="In the language of the answer", examples=["सोना मसूरी चावल"])
    category: Category
    variant: Variant = Field(description="The cheapest variant within the price bounds")
    variants: int = Field(description="How many variants lie within the price bounds", ge=1, examples=[3])


class ProductPage(Page[Card]):
    """A page of products, best or first ones first."""


class OfferCard(_Out):
    id: str = Field(description="The product's id", examples=["sona-masoori-rice"])
    name: str = Field(description="In the language of the answer", examples=["सोना मसूरी चावल"])
    category: Category
    variant: Variant = Field(description="What has become cheaper")
    was_paise: Amount = Field(description="The lowest price of the 30 days before", examples=[44_500])
    since: date = Field(description="Since when it costs less (day in India)", examples=["2026-11-15"])
    off_bp: int = Field(
        description="How much less, in basis points of the price before: 1,250 is 12.5 %", examples=[1250]
    )


class OfferPage(Page[OfferCard]):
    """What has become cheaper in the last 30 days, most first; a price that anybody really paid, never the MRP."""


class ReviewIn(Strict):
    rating: int = Field(description="Stars", ge=1, le=5, examples=[4])
    text: Lines = Field(
        description="What you say, as plain text; up to 1,000 letters", examples=["Soft rotis, fresh atta."]
    )
    name: str | None = Field(
        default=None, description="How you are shown; left out: without a name", max_length=40, pattern=LINE,
        examples=["Meena"],
    )  # fmt: skip


class ReviewOut(_Out):
    id: str = Field(description="The review", examples=["rev_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    rating: int = Field(description="Stars, 1 to 5", examples=[4])
    text: str = Field(description="As it was written: text, never HTML", examples=["Soft rotis, fresh atta."])
    name: str | None = Field(description="Who says so; null without a name", examples=["Meena"])
    language: Literal["en", "hi", "ta", "te", "kn"] = Field(description="What it is written in", examples=["en"])
    verified: bool = Field(description="Whether the author bought it here", examples=[True])
    written: datetime = Field(description="When", examples=["2026-11-23T12:30:00Z"])

    @classmethod
    def of(cls, review: Review) -> "ReviewOut":
        """As everybody sees it: without who wrote it."""
        shown = {name: getattr(review, name) for name in ("id", "rating", "text", "language", "verified", "written")}
        return cls(**shown, name=review.name or None)


class ReviewPage(Page[ReviewOut]):
    """A page of a product's reviews, newest first, and what all of them say together."""

    count: int = Field(description="How many there are", examples=[12])
    average: float | None = Field(description="Their stars, to one decimal; null without any", examples=[4.3])
    stars: dict[Literal["1", "2", "3", "4", "5"], int] = Field(
        description="How many gave so many stars", examples=[{"1": 0, "2": 1, "3": 1, "4": 3, "5": 7}]
    )


class Delivery(_Out):
    pin: str = Field(description="For this PIN code", examples=["625001"])
    tier: Literal["metro", "city", "town", "remote"] = Field(description="How far it is", examples=["city"])
    earliest: date = Field(description="The first day on which it may come, ordered today", examples=["2026-11-25"])
    latest: date = Field(description="The last day on which it should be there", examples=["2026-11-27"])
    cash_on_delivery: bool = Field(description="Whether cash is taken at the door", examples=[True])
    mark: str = Field(
        description="How sure these numbers are: an assumption of this sample shop", examples=["assumption"]
    )
    effective_from: date = Field(description="Since when this is promised", examples=["2026-11-26"])

    @classmethod
    def of(cls, promise: Promise) -> "Delivery":
        """From the rules' promise."""
        return cls.model_validate(vars(promise))


class DeliveryPlace(_Out):
    id: str = Field(description="Name it in `city=`", examples=["madurai"])
    name: str = Field(description="In the language of the answer", examples=["மதுரை"])
    pin: str = Field(description="One of its PIN codes", examples=["625001"])
    state_code: str = Field(description="GST State code, for an address", examples=["33"])

    @classmethod
    def of(cls, place: Place, lang: str) -> "DeliveryPlace":
        """In one language."""
        return cls(id=place.id, name=place.names[lang], pin=place.pin, state_code=place.state_code)


class DeliveryPlacePage(Page[DeliveryPlace]):
    """Cities that are known by name, in the order of their English names."""


class Suggestion(_Out):
    product_id: str = Field(description="Where it leads", examples=["sona-masoori-rice"])
    text: str = Field(description="A product's name in the language that was typed", examples=["சோனா மசூரி அரிசி"])


class SuggestionPage(Page[Suggestion]):
    """At most 8, best first."""


class NewPrice(Strict):
    price_paise: int = Field(
        description="The new price of one piece, GST included", gt=0, le=10_00_00_000_00, examples=[37_900]
    )
    mrp_paise: int | None = Field(
        default=None, description="A new MRP; left out, it stays", gt=0, le=10_00_00_000_00, examples=[45_000]
    )
    city: str | None = Field(
        default=None,
        description="Only for this city; left out, for elsewhere",
        max_length=40,
        pattern=SLUG_PATTERN,
        examples=["mumbai"],
    )


class Price(_Out):
    sku: str = Field(description="The variant", examples=["RICE-SONA-5KG"])
    city: str | None = Field(description="The city, null for elsewhere", examples=["mumbai"])
    price_paise: Amount = Field(description="Its price now, GST included", examples=[37_900])
    mrp_paise: Amount = Field(description="Its MRP now", examples=[45_000])


class Received(Strict):
    quantity: int = Field(description="Pieces that came in", ge=1, le=10_00_000, examples=[40])


class StockLevel(_Out):
    sku: str = Field(description="The variant", examples=["RICE-SONA-5KG"])
    on_hand: int = Field(description="Pieces in the warehouse", ge=0, examples=[260])
    reserved: int = Field(description="Of these, promised to orders that are being paid", ge=0, examples=[4])
    free: int = Field(description="Of these, free to sell", ge=0, examples=[256])


ProductId = Annotated[
    str, Path(description="A product's id", max_length=80, pattern=SLUG_PATTERN, examples=["sona-masoori-rice"])
]
Sku = Annotated[
    str, Path(description="A variant's sku", max_length=60, pattern=SKU_PATTERN, examples=["RICE-SONA-5KG"])
]
City = Annotated[
    str | None,
    Query(
        description="Prices of this city; elsewhere is one price",
        max_length=40,
        pattern=SLUG_PATTERN,
        examples=["chennai"],
    ),
]
CategoryId = Annotated[
    str | None, Query(description="Only this category", max_length=40, pattern=SLUG_PATTERN, examples=["grocery"])
]
Text = Annotated[
    str | None,
    Query(description="Words in any of the languages or in Latin letters; spelling is forgiven", min_length=1, max_length=100,
          examples=["basmati chaval", "घी"]),
]  # fmt: skip
Typed = Annotated[
    str, Query(description="What has been typed so far", min_length=1, max_length=100, examples=["smartph"])
]
AtLeast = Annotated[
    int | None, Query(description="Cheaper variants are left out", ge=0, le=10_00_00_000_00, examples=[10_000])
]
AtMost = Annotated[
    int | None, Query(description="Dearer variants are left out", ge=0, le=10_00_00_000_00, examples=[50_000])
]
Limit = Annotated[int, Query(description="Products on a page", ge=1, le=100, examples=[24])]
Language = Annotated[
    str | None, Query(description="Wins over Accept-Language", pattern="^(en|hi|ta|te|kn)$", examples=["hi"])
]
