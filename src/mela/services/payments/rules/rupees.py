"""Amounts as providers write them: decimal rupees, in text or as a JSON number, to and from whole paise, never rounded."""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator

from mela.kernel.money import Paise

_AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2})?", re.ASCII)


def text(amount: int) -> str:
    """`129.50`."""
    return f"{amount // 100}.{amount % 100:02}"


def paise(value: Any) -> Paise:
    """Of `"129.50"`, 129.5 or 130. Raises: ValueError for less than a paisa, a sign, an exponent or no number."""
    if isinstance(value, float):
        value = format(Decimal(repr(value)), "f").removesuffix(".0")
    if isinstance(value, bool) or not _AMOUNT.fullmatch(str(value)):
        raise ValueError("not an amount in rupees")
    whole, _, part = str(value).partition(".")
    return Paise(int(whole) * 100 + int(part.ljust(2, "0") or 0))


def signed(value: Any) -> Paise:
    """The same, of an amount that may have a minus in front. Raises: ValueError."""
    below = str(value).startswith("-")
    return Paise(-paise(str(value)[1:])) if below else paise(value)


SignedRupees = Annotated[Paise, BeforeValidator(signed)]
"""A field that has rupees with a sign outside and paise here."""
Rupees = Annotated[Paise, BeforeValidator(paise)]
"""A field that has rupees outside and paise here."""
