"""Sharing, taxing and rounding amounts so that no paisa is lost.

Rates are basis points: 1800 is 18 %. Halves are rounded away from zero, so that a refund mirrors its charge.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NewType

Paise = NewType("Paise", int)

WHOLE_BP = 10_000
PAISE_PER_RUPEE = 100


def half_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator` to the nearest whole, a half away from zero; the denominator is positive."""
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return magnitude if numerator >= 0 else -magnitude


def percent(amount: Paise, bp: int) -> Paise:
    """`bp` basis points of an amount."""
    return Paise(half_up(amount * bp, WHOLE_BP))


def tax_on_exclusive(taxable: Paise, rate_bp: int, heads: int = 1) -> Paise:
    """The tax to add to a price that does not contain it; `heads` as for `tax_from_inclusive`."""
    return Paise(heads * half_up(taxable * _rate(rate_bp), heads * WHOLE_BP))


def tax_from_inclusive(gross: Paise, rate_bp: int, heads: int = 1) -> tuple[Paise, Paise]:
    """The taxable value and the tax inside a price that contains it, as MRPs do; their sum is the price.

    `heads` is 1 for IGST and 2 for CGST with SGST: the rule gives each its own amount, so each is rounded by itself
    and both are alike, and the tax is even.

    Source: CGST Rules 2017, rule 35, https://lawcrux.com/data5t/gt/gtstrl/cgst_rule_35.htm (read 2026-11-23).
    """
    tax = Paise(heads * half_up(gross * _rate(rate_bp), heads * (WHOLE_BP + rate_bp)))
    return Paise(gross - tax), tax


def split_cgst_sgst(tax: Paise) -> tuple[Paise, Paise]:
    """The central and the state half of a tax within one state.

    They are equal for a tax computed with two heads; of an odd one, the central half has the last paisa.
    """
    state = Paise(abs(tax) // 2 * (1 if tax >= 0 else -1))
    return Paise(tax - state), state


def round_to_rupee(amount: Paise) -> tuple[Paise, Paise]:
    """The amount in whole rupees, fifty paise counting as one, and what the rounding added.

    Source: CGST Act 2017, s. 170, https://www.knowyourgst.com/gstlaw/cgst-act/170-rounding-off-of-tax-etc-170/
    (read 2026-11-23).
    """
    rounded = Paise(half_up(amount, PAISE_PER_RUPEE) * PAISE_PER_RUPEE)
    return rounded, Paise(rounded - amount)


def allocate(total: Paise, weights: Sequence[int]) -> list[Paise]:
    """Shares of a total in proportion to weights, by largest remainder: they add up to it to the paisa.

    Each share is its exact proportion rounded down or up; of equal remainders the earlier gets the paisa. A weight
    of zero gets nothing; a negative total is shared as its positive mirror.

    Raises: ValueError for a negative weight, and when no weight is above zero.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError(f"cannot share by {list(weights)!r}: weights are zero or more, at least one above zero")
    sign = 1 if total >= 0 else -1
    shares, remainders = zip(*(divmod(abs(total) * weight, whole) for weight in weights), strict=True)
    order = sorted(range(len(weights)), key=lambda place: (-remainders[place], place))
    lucky = set(order[: abs(total) - sum(shares)])
    return [Paise(sign * (share + (place in lucky))) for place, share in enumerate(shares)]


def _rate(rate_bp: int) -> int:
    if rate_bp < 0:
        raise ValueError(f"a tax rate of {rate_bp} basis points is below zero")
    return rate_bp
