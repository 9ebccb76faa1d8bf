"""What nearly every answer needs and seldom changes."""

from dataclasses import dataclass
from datetime import date

from mela.services.catalog.model import Category, SellerName, Tax, Variant
from mela.services.catalog.rules.gst import Rates


@dataclass(frozen=True)
class Reference:
    """One version's small tables."""

    version: int
    rates: Rates
    categories: dict[str, Category]
    sellers: dict[str, SellerName]
    cities: frozenset[str]

    def city(self, slug: str | None) -> str | None:
        """The city if it has prices of its own, None for elsewhere."""
        return slug if slug in self.cities else None

    def tax(self, of: Variant, on: date) -> Tax:
        """The GST in a variant's price. Raises: GstRateUnknown."""
        return self.rates.tax_in(of.price, hsn=of.hsn, on=on, entry=of.gst)
