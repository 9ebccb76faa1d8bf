"""Amounts in digits: written as `₹1,23,45,678.90` and read from what people type.

Digits are grouped by three, then by twos, in all five languages: CLDR's Western grouping for Kannada and its millions
for Tamil, Telugu and Kannada are not what people there use, so nothing here asks CLDR.
"""

from __future__ import annotations

import re

from mela.kernel.money import vocabulary
from mela.kernel.money.arithmetic import PAISE_PER_RUPEE, Paise, half_up

RUPEE = "₹"
LARGEST = Paise(99_99_99_99_999_99)
"""The largest amount read from text and said in words: just under ten thousand crore rupees."""

LAKH = 1_00_000
CRORE = 1_00_00_000

INDIC_DIGITS = {ord(zero) + value: str(value) for zero in "\u0966\u0be6\u0c66\u0ce6" for value in range(10)}
AMOUNT = re.compile(
    r"(?P<sign>[-+]?) ?(?:₹ ?)?(?P<whole>0|[1-9][0-9]*|[1-9][0-9]?(?:,[0-9]{2})*,[0-9]{3})(?:\.(?P<part>[0-9]{1,2}))?",
    re.ASCII,
)
PAIRS = re.compile(r"(?<=\d)(?=(?:\d\d)+$)")
LONGEST_TEXT = 40


class InvalidAmount(ValueError):
    """A text that is not an amount of rupees."""


def rupees(amount: Paise, lang: str = "en", *, trim: bool = False) -> str:  # noqa: ARG001 (called like compact and words)
    """`₹1,23,45,678.90`, the minus first; `trim` drops `.00`. The same in every language, so `lang` changes nothing."""
    whole, part = divmod(abs(amount), PAISE_PER_RUPEE)
    sign = "-" if amount < 0 else ""
    return f"{sign}{RUPEE}{group(whole)}" + ("" if trim and not part else f".{part:02}")


def compact(amount: Paise, lang: str = "en") -> str:
    """An amount for a small place: `₹2.5 crore`, `₹99.99 lakh`, below one lakh the whole rupees.

    At most two decimals, halves away from zero; what rounds up to the next unit is written in it.
    """
    sign = "-" if amount < 0 else ""
    whole = half_up(abs(amount), PAISE_PER_RUPEE)
    if whole < LAKH:
        return f"{sign if whole else ''}{RUPEE}{group(whole)}"
    # A hundredth of a lakh of rupees is a lakh of paise; of a crore likewise.
    unit, size = ("lakh", LAKH) if half_up(abs(amount), LAKH) < 100_00 else ("crore", CRORE)
    hundredths = half_up(abs(amount), size)
    word = vocabulary.of(lang).short[unit]["one" if hundredths == 100 else "many"]
    return f"{sign}{RUPEE}{_trimmed(hundredths)} {word}"


def group(number: int) -> str:
    """A whole number, zero or more, in the Indian grouping: 12345678 is `1,23,45,678`."""
    digits = str(number)
    head, tail = digits[:-3], digits[-3:]
    return f"{PAIRS.sub(',', head)},{tail}" if head else tail


def parse_rupees(text: str, *, signed: bool = False) -> Paise:
    """The amount that a person typed: `1,23,456.50`, `₹ 99`, `99.5`.

    Digits may be those of Devanagari, Tamil, Telugu or Kannada; no other script's. Commas must group as in India.
    A sign is read only with `signed`. At most two decimals and `LARGEST`.

    Raises: InvalidAmount; TypeError for anything but a text, a float above all.
    """
    if not isinstance(text, str):
        raise TypeError(f"an amount is read from a text, not from {type(text).__name__}")
    found = AMOUNT.fullmatch(text.strip().translate(INDIC_DIGITS)) if len(text) <= LONGEST_TEXT else None
    if found is None:
        raise InvalidAmount(f"{text[:LONGEST_TEXT]!r} is not an amount; write rupees such as 1,23,456.50 or 99")
    if found["sign"] and not signed:
        raise InvalidAmount(f"{text!r} has a sign; an amount here is written without one")
    magnitude = int(found["whole"].replace(",", "")) * PAISE_PER_RUPEE + int((found["part"] or "").ljust(2, "0"))
    if magnitude > LARGEST:
        raise InvalidAmount(f"{text!r} is more than {rupees(LARGEST)}")
    return Paise(-magnitude if found["sign"] == "-" else magnitude)


def _trimmed(hundredths: int) -> str:
    whole, part = divmod(hundredths, 100)
    return group(whole) + (f".{part:02}".rstrip("0") if part else "")
