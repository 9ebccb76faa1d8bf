"""Card numbers: whose they are, whether they can be one, and how to find one where none may be.

Mela never takes a card's number, only tokens of it. A number that comes all the same is refused at the edge, before
anything keeps or logs it.

हिन्दी: कार्ड का असली नंबर कभी नहीं लिया जाता, केवल उसका टोकन।
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from mela.kernel import tables
from mela.kernel.errors import Rejected

_RANGES = Path(__file__).parent / "data" / "card-ranges.yaml"
_RUN = re.compile(rb"[0-9](?<![0-9A-Za-z_.].)(?:[ -]?[0-9]){14,18}(?![0-9A-Za-z_])")
"""Digits as people write them, in groups or not. 13 digits are not looked at: so long are barcodes, and Visa's have gone."""
_GROUPS = re.compile(
    rb"[0-9](?<![0-9A-Za-z].)[0-9]{3}([^0-9A-Za-z,:;\"\\[\]{}]{1,3})(?:[0-9]{4}\1[0-9]{4}\1[0-9]{4}|[0-9]{6}\1[0-9]{5})(?![0-9A-Za-z])"
)
"""The groups that stand on a card, with the same thing between them: dots, slashes, two spaces. A number with a fraction has
one dot, a list of numbers has commas.
"""
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_FOREIGN = re.compile(r"[^\x00-\x7f]")


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
    if any(map(is_number, _written(content if content.isascii() and b"\\u" not in content else _plain(content)))):
        raise CardNumber


def _written(content: bytes) -> Iterator[str]:
    """What could be a card's number, its digits alone."""
    for form in (_RUN, _GROUPS):
        for found in form.finditer(content):
            yield re.sub(rb"[^0-9]", b"", found[0]).decode()


def _plain(content: bytes) -> bytes:
    """The same with the digits of every script, and those that JSON has escaped, as 0 to 9, and odd spaces as spaces."""
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), content.decode(errors="replace"))
    return _FOREIGN.sub(lambda found: _ascii(found[0]), text).encode()


@cache
def _ascii(char: str) -> str:
    value = unicodedata.decimal(char, None)
    if value is not None:
        return str(value)
    return " " if unicodedata.category(char) in ("Zs", "Cf") else "|"


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
