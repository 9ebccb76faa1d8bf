"""Amounts as people type them for a budget: `50000`, `1,20,000`, `5L`, `2.5 lakh`, `2Cr`."""

import re
from decimal import Decimal

from mela.kernel.money import Paise, rupees
from mela.kernel.money.figures import LARGEST

UNITS = {"": 1, "k": 1_000, "l": 1_00_000, "lakh": 1_00_000, "lac": 1_00_000, "cr": 1_00_00_000, "crore": 1_00_00_000}
AMOUNT = re.compile(r"₹?\s*([0-9][0-9,]*(?:\.[0-9]+)?)\s*([a-z]*)", re.ASCII)


def read(text: str) -> Paise:
    """Paise. Raises: ValueError that says how an amount is written."""
    found = AMOUNT.fullmatch(text.strip().lower())
    unit = UNITS.get(found[2].removesuffix("s") if len(found[2]) > 2 else found[2]) if found else None
    if found is None or unit is None:
        raise ValueError(f"{text[:40]!r} is no amount; write 50000, 5L or 2Cr")
    paise = Decimal(found[1].replace(",", "")) * unit * 100
    if paise > LARGEST:
        raise ValueError(f"{text[:40]!r} is more than {rupees(LARGEST)}")
    return Paise(int(paise))
