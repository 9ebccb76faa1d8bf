"""Quantities such as `500m`, `1.5Gi` or `12e6`, with the arithmetic, rounding and spelling that Kubernetes gives them.

Numbers are exact: an integer times a power of ten. Upstream keeps small values as int64 and the rest as big decimals,
and the two differ where a result leaves int64; `small` says which one a value is, so that `value` and `milli_value`
return the same odd number that the API server computes with.

Source: https://pkg.go.dev/k8s.io/apimachinery@v0.36.3/pkg/api/resource (read 2026-11-23).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, total_ordering
from typing import Literal

Format = Literal["DecimalSI", "BinarySI", "DecimalExponent"]

DECIMAL_SUFFIXES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
BINARY_SUFFIXES = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
SUFFIX_OF_POWER_OF_TEN = {power: suffix for suffix, power in DECIMAL_SUFFIXES.items()}
SUFFIX_OF_POWER_OF_1024 = {0: "", **{bits // 10: suffix for suffix, bits in BINARY_SUFFIXES.items()}}

NANO = -9
MILLI = -3
INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)
INT64_DIGITS = 18
WRAPPING_SHIFTS = (0, 1, 2, 3, 6, 9)
"""Where upstream multiplies in one step and keeps what is left after an overflow; elsewhere an overflow gives 0."""
LONGEST_TEXT = 4000
"""Python refuses to convert longer integers; upstream has no bound. No real quantity has a hundred digits."""

SHAPE = re.compile(r"([+-]?)(0*+)([0-9]*+)(?:\.([0-9]*+))?([eEinumkKMGTP]*+[-+]?[0-9]*+)")
EXPONENT = re.compile(r"[eE]([+-]?[0-9]+)")
JSON_SPACE = " \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
"""What may surround a quantity inside a JSON string; control characters are escaped there and so are refused."""


class InvalidQuantity(ValueError):
    """A text that the API server refuses as a quantity."""


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """`unscaled * 10**exponent`, compared and hashed by value; `+`, `-` and unary `-` are exact."""

    unscaled: int
    exponent: int = 0
    format: Format = "DecimalSI"
    small: bool = True
    """Upstream holds it as an int64 (else as a big decimal)."""
    text: str = ""
    """How it was written, where that is already canonical by upstream's fast path; else empty."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and _decimal(self) == _decimal(other)

    def __lt__(self, other: Quantity) -> bool:
        return _decimal(self) < _decimal(other)

    def __hash__(self) -> int:
        return hash(_decimal(self))

    def __bool__(self) -> bool:
        return self.unscaled != 0

    def __neg__(self) -> Quantity:
        return Quantity(-self.unscaled, self.exponent, self.format, self.small)

    def __add__(self, other: Quantity) -> Quantity:
        format_ = self.format if self else other.format
        if self.small and other.small and not (self and other):
            chosen = other or self
            return Quantity(chosen.unscaled, chosen.exponent, format_)
        exponent = min(self.exponent, other.exponent)
        mine = self.unscaled * 10 ** (self.exponent - exponent)
        theirs = other.unscaled * 10 ** (other.exponent - exponent)
        small = self.small and other.small and all(is_int64(n) for n in (mine, theirs, mine + theirs))
        return Quantity(mine + theirs, exponent, format_, small)

    def __sub__(self, other: Quantity) -> Quantity:
        return self + -other

    def __str__(self) -> str:
        return canonical(self)


ZERO = Quantity(0)


def from_int(number: int, shown_as: Format = "DecimalSI") -> Quantity:
    """The quantity of a whole number in int64."""
    return Quantity(number, 0, shown_as)


def from_milli(thousandths: int, shown_as: Format = "DecimalSI") -> Quantity:
    """The quantity of a number of thousandths in int64."""
    return Quantity(thousandths, MILLI, shown_as)


def parse(written: str | float | Quantity | None) -> Quantity:
    """The quantity that a JSON value stands for; `None` (JSON null) is zero.

    More than nine decimal places are rounded away from zero; binary suffixes are capped at 2^63-1.

    Raises: InvalidQuantity.
    """
    if isinstance(written, Quantity):
        return written
    return _parse_text(_as_text(written))


def value(quantity: Quantity) -> int:
    """Whole units, rounded up (away from zero where upstream does), as int64 with upstream's overflow."""
    return _scaled(quantity, 0)


def milli_value(quantity: Quantity) -> int:
    """Thousandths, rounded as `value` does. Over about 9.2e15 the result is upstream's overflow, not the number."""
    return _scaled(quantity, MILLI)


def round_up(quantity: Quantity, exponent: int) -> Quantity:
    """The quantity in whole multiples of `10**exponent`, rounded away from zero; unchanged if it already is."""
    if quantity.small and quantity.exponent >= exponent:
        return quantity
    up = _rescaled(abs(quantity.unscaled), quantity.exponent - exponent)
    return Quantity(up if quantity.unscaled > 0 else -up, exponent, quantity.format, quantity.small)


def canonical(quantity: Quantity) -> str:
    """The text in which the API server stores and prints it: no fraction, the largest exact suffix.

    >>> canonical(parse("1.5Gi")), canonical(parse("0.5"))
    ('1536Mi', '500m')
    """
    if quantity.text:
        return quantity.text
    if not quantity:
        return "0"
    if quantity.format == "BinarySI" and (binary := _canonical_binary(quantity)):
        return binary
    mantissa, power = _without_factors(quantity.unscaled, 10)
    power += quantity.exponent
    mantissa, power = mantissa * 10 ** (power % 3), power - power % 3
    if quantity.format == "DecimalExponent":
        return f"{mantissa}e{power}" if power else str(mantissa)
    # Upstream drops the factor when no suffix is large enough: 1000E is printed as 1.
    return f"{mantissa}{SUFFIX_OF_POWER_OF_TEN.get(power, '')}"


def _canonical_binary(quantity: Quantity) -> str | None:
    """None where a binary suffix is not used: for fractions and between -1024 and 1024."""
    whole, remainder = divmod(quantity.unscaled * 10 ** max(quantity.exponent, 0), 10 ** max(-quantity.exponent, 0))
    if remainder or -1024 < whole < 1024:
        return None
    mantissa, power = _without_factors(whole, 1024)
    return f"{mantissa}{SUFFIX_OF_POWER_OF_1024.get(power, '')}"


def _as_text(written: str | float | None) -> str:
    if written is None:
        return "0"
    if isinstance(written, str):
        return written.strip(JSON_SPACE)
    if isinstance(written, int) and not isinstance(written, bool):
        return str(written)
    if isinstance(written, bool) or not math.isfinite(written):
        raise InvalidQuantity(f"{written!r} is not a quantity; write a number or a text such as '500m'")
    plain = 1e-6 <= abs(written) < 1e21 or written == 0
    return f"{Decimal(repr(written)):f}".removesuffix(".0") if plain else repr(written).replace("e-0", "e-")


@lru_cache(maxsize=4096)
def _parse_text(text: str) -> Quantity:
    parts = SHAPE.fullmatch(text) if 0 < len(text) <= LONGEST_TEXT else None
    if parts is None:
        raise InvalidQuantity(f"{text!r} is not a quantity: write digits and a suffix such as m, k, Mi, Gi or e3")
    sign, zeros, digits, fraction, suffix = parts.groups(default="")
    power, format_ = _suffix(suffix, text)
    fast = _parse_small(text, sign == "-", digits or "0", fraction, power, format_)
    if fast is not None:
        return fast
    if not zeros + digits + fraction:
        raise InvalidQuantity(f"{text!r} has a suffix but no digits")
    if len(digits) + power > LONGEST_TEXT:
        raise InvalidQuantity(f"a quantity of {len(digits) + power} digits is too large")
    return _parse_big(sign == "-", int(digits + fraction or "0"), len(fraction), power, format_)


def _suffix(suffix: str, text: str) -> tuple[int, Format]:
    """The power (of two for BinarySI, else of ten) and the format of a suffix."""
    if suffix in DECIMAL_SUFFIXES:
        return DECIMAL_SUFFIXES[suffix], "DecimalSI"
    if suffix in BINARY_SUFFIXES:
        return BINARY_SUFFIXES[suffix], "BinarySI"
    exponent = EXPONENT.fullmatch(suffix)
    if exponent is None or not is_int64(int(exponent[1])):
        raise InvalidQuantity(
            f"{text!r} has the unknown suffix {suffix!r}; m, k, M, G, Ki, Mi, Gi and e3 are among those known"
        )
    return (int(exponent[1]) + 2**31) % 2**32 - 2**31, "DecimalExponent"


def _parse_small(text: str, negative: bool, digits: str, fraction: str, power: int, format_: Format) -> Quantity | None:
    """The int64 form, when the digits certainly fit; upstream estimates, and so does this."""
    shifted = digits + fraction
    if format_ == "BinarySI":
        room, exponent, factor = 14 - len(digits) - power * 3 // 10, 0, 1 << power
        fits = not fraction and room >= 0
        as_written = int(shifted) & 7 != 0
    else:
        exponent, factor = power - len(fraction), 1
        fits = len(shifted) <= INT64_DIGITS and exponent >= NANO
        as_written = exponent % 3 == 0 and not shifted.endswith("000") and shifted[0] != "0"
    if not fits:
        return None
    number = int(shifted) * factor
    return Quantity(-number if negative else number, exponent, format_, True, text if as_written else "")


def _parse_big(negative: bool, number: int, places: int, power: int, format_: Format) -> Quantity:
    exponent = -places
    if format_ == "BinarySI":
        number <<= power
    else:
        exponent += power
    if not number:
        return Quantity(0, exponent, format_, small=False)
    number, exponent, one = _rescaled(number, exponent - NANO), NANO, 10**-NANO
    if format_ == "BinarySI" and number > INT64_MAX * one:
        number, exponent = INT64_MAX, 0
    elif format_ == "BinarySI" and 0 < number < one:
        format_ = "DecimalSI"
    return Quantity(-number if negative else number, exponent, format_, small=False)


def _rescaled(number: int, places: int) -> int:
    """`number * 10**places` for a number that is not negative, rounded up."""
    if places < -LONGEST_TEXT:
        return min(number, 1)
    rescaled: int = number * 10**places if places >= 0 else -(-number // 10**-places)
    return rescaled


def _scaled(quantity: Quantity, exponent: int) -> int:
    """The quantity in units of `10**exponent` as upstream's int64, overflow included."""
    shift = quantity.exponent - exponent
    if quantity.small:
        if shift < 0:
            up = _rescaled(abs(quantity.unscaled), shift)
            return up if quantity.unscaled > 0 else -up
        grown: int = quantity.unscaled * 10 ** min(shift, INT64_DIGITS + 1)
        return int64(grown) if shift in WRAPPING_SHIFTS else grown * is_int64(grown)
    if shift >= 0:
        return int64(int64(quantity.unscaled) * (10**shift if shift <= INT64_DIGITS else INT64_MIN))
    return _scale_down_big(quantity.unscaled, -shift)


def _scale_down_big(unscaled: int, places: int) -> int:
    """Rounds up, except that small negative values with a fraction come out one too high; upstream does the same."""
    divisor: int = 10**places
    if unscaled < INT64_MAX and places <= INT64_DIGITS:
        unscaled = int64(unscaled)
        towards_zero = abs(unscaled) // divisor * (1 if unscaled >= 0 else -1)
        return towards_zero + (unscaled % divisor != 0)
    return int64(-(-unscaled // divisor))


def _without_factors(number: int, factor: int) -> tuple[int, int]:
    times = 0
    while number and number % factor == 0:
        number, times = number // factor, times + 1
    return number, times


def _decimal(quantity: Quantity) -> Decimal:
    return Decimal(f"{quantity.unscaled}e{quantity.exponent}")


def is_int64(number: int) -> bool:
    return INT64_MIN <= number <= INT64_MAX


def int64(number: int) -> int:
    """The number as a 64-bit sum would hold it: beyond the range it wraps around, as upstream's do."""
    return (number - INT64_MIN) % 2**64 + INT64_MIN
