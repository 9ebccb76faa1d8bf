"""Money: whole paise, and how Indians compute, write and say them.

An amount is an integer number of paise, never a float, and functions work on it; there is no money class.
`arithmetic` shares and taxes amounts, `figures` writes and reads them in digits, `words` says them in five languages.
"""

from mela.kernel.money.arithmetic import (
    Paise,
    allocate,
    percent,
    round_to_rupee,
    split_cgst_sgst,
    tax_from_inclusive,
    tax_on_exclusive,
)
from mela.kernel.money.figures import InvalidAmount, compact, parse_rupees, rupees
from mela.kernel.money.words import words

__all__ = [
    "InvalidAmount",
    "Paise",
    "allocate",
    "compact",
    "parse_rupees",
    "percent",
    "round_to_rupee",
    "rupees",
    "split_cgst_sgst",
    "tax_from_inclusive",
    "tax_on_exclusive",
    "words",
]
