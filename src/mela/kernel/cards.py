"""Card numbers: whose they are, whether they can be one, and how to find one where none may be.

Mela never takes a card's number, only tokens of it. A number that comes all the same is refused at the edge, before
anything keeps or logs it.

हिन्दी: कार्ड का असली नंबर कभी नहीं लिया जाता, केवल उसका टोकन।
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

from mela.kernel import tables
from mela.kernel.errors import Rejected

_RANGES = Path(__file__).parent / "data" / "card-ranges.yaml"
_RUN = re.compile(rb"(?<![0-9A-Za-z_.])[0-9](?:[ -]?[0-9]){14,18}(?![0-9A-Za-z_])")
"""Digits as people write them, in groups or not. 13 digits are not looked at: so long are barcodes, and Visa's have gone."""


class CardNumber(Rejected):
    """A request that holds a card's number."""

    code = "kernel.card_number"


def luhn(number: str) -> bool:
    """Whether the last digit is the one that the others call for. Source: ISO/IEC 7812-1, annex B (recalled)."""
    total = 0
    for place, digit in enumerate(map(int, reversed(number))):
        total += digit if place % 2 == 0 else 2 * digit - 9 * (digit > 4)
    return total % 10 == 0


def network(number: str) -> str | None:
    """Whose number it is by its first digits and its length; None for nobody's that we know."""
    for name, low, high, lengths in ranges():
        if len(number) in lengths and low <= number[: len(low)] <= high:
            return name
    return None


def is_number(digits: str) -> bool:
    """Whether these digits can be a card's number."""
    return network(digits) is not None and luhn(digits)


def refuse(content: bytes) -> None:
    """Raises: CardNumber for a request's body that holds one."""
    for found in _RUN.finditer(content):
        if is_number(re.sub(rb"[ -]", b"", found[0]).decode()):
            raise CardNumber


@cache
def ranges() -> tuple[tuple[str, str, str, frozenset[int]], ...]:
    """Network, first and last prefix, lengths; the first row that fits a number counts."""
    rows: list[dict[str, Any]] = tables.read(_RANGES)
    return tuple(
        (row["network"], *_ends(prefix), frozenset(row["lengths"])) for row in rows for prefix in row["prefixes"]
    )


def _ends(prefix: str) -> tuple[str, str]:
    low, _, high = prefix.partition("-")
    return low, high or low
