"""Which GST rate a price contains: by day, by HSN, and where the law says so by the value of one unit.

The slab of apparel, footwear and quilts looks at the value without tax. A price that contains tax belongs to the row whose
own rate, taken out of it, leaves a value within that row's bounds. Between 2,625 and 2,950 rupees no row fits: 5 % leaves
more than 2,500 rupees and 18 % leaves less, so such a price says nothing about its tax and is refused.

Source: Notification 9/2025-Central Tax (Rate), 17 Sep 2025; slab on the value of one piece or pair (recalled).
"""

from collections.abc import Iterable
from datetime import date

from mela.kernel.errors import Rejected
from mela.kernel.money import Paise, tax_from_inclusive
from mela.services.catalog.model import GstRow, Tax


class GstRateUnknown(Rejected):
    """No single dated row gives the rate of these goods at this price. Params: hsn, price_paise, on."""

    code = "catalog.gst_rate_unknown"


class Rates:
    """All dated rows, ordered for looking up."""

    def __init__(self, rows: Iterable[GstRow]) -> None:
        self._of_entry: dict[str, list[GstRow]] = {}
        self._of_prefix: dict[str, list[GstRow]] = {}
        for row in rows:
            self._of_entry.setdefault(row.id, []).append(row)
            if not row.named:
                self._of_prefix.setdefault(row.hsn, []).append(row)

    def tax_in(self, price: Paise, *, hsn: str, on: date, entry: str | None = None) -> Tax:
        """The GST inside the price of one unit. `entry` is the id of the product's own row, where its HSN does not decide.

        The longest HSN prefix that has a row on the day wins. Raises: GstRateUnknown; a rate is never guessed and never
        zero for want of a row.
        """
        of_goods = _in_force(self._of_entry.get(entry, ()), on) if entry else self._of_hsn(hsn, on)
        fitting = {row.rate_bp: tax for row in of_goods if (tax := _fits(row, price))}
        if len(fitting) != 1:
            raise GstRateUnknown(hsn=hsn, price_paise=price, on=on.isoformat())
        return next(iter(fitting.values()))

    def _of_hsn(self, hsn: str, on: date) -> list[GstRow]:
        for length in range(len(hsn), 0, -1):
            if found := _in_force(self._of_prefix.get(hsn[:length], ()), on):
                return found
        return []


def _in_force(rows: Iterable[GstRow], on: date) -> list[GstRow]:
    return [row for row in rows if row.effective_from <= on and (row.effective_to is None or on <= row.effective_to)]


def _fits(row: GstRow, price: Paise) -> Tax | None:
    """The tax by this row's rate, when the value it leaves is within the row's bounds."""
    taxable, tax = tax_from_inclusive(price, row.rate_bp)
    too_low = row.min_unit_value is not None and taxable < row.min_unit_value
    too_high = row.max_unit_value is not None and taxable > row.max_unit_value
    return None if too_low or too_high else Tax(row.rate_bp, taxable, tax)
