"""Personal data that must not reach a log: told by its type, and caught by its shape where the type was lost.

log.info("code sent", phone=Personal("+919876543210"))      phone=+91••••••3210
"""

import re
from collections.abc import Mapping, MutableMapping
from datetime import date, datetime
from typing import Any

from mela.kernel import cards


class Personal(str):
    """A string about a person (phone, name, address, VPA): whole in code and database, masked wherever it is shown.

    `str(value)` is the string itself; its `repr` is masked, and so is that of whatever holds it.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(mask(self))


_PHONE = r"(?:(?:\+|00)?91[ .\xa0-]?|0)?[6-9](?:\d{9}|\d{4}[ .\xa0-]\d{5}|\d{2}[ .\xa0-]\d{3}[ .\xa0-]\d{4})"
"""An Indian mobile number: ten digits from 6 to 9 on, in the groups people write. A date or an RRN looks otherwise."""
_ABROAD = r"\+[1-9](?:[ -]?\d){7,14}"
_CARD = r"\d{13,19}|\d{4}([ -])\d{4}\1\d{4}(?:\1\d{1,7})?|\d{4}[ -]\d{6}[ -]\d{5}"
"""A card or an account number, whole or in its groups; an Aadhaar in its groups."""
_NUMBER = re.compile(rf"(?<![^\W_])(?:{_CARD}|{_ABROAD}|{_PHONE})(?![^\W_])")
_DIGEST = re.compile(r"(?<![^\W_])([0-9a-f]{32}(?:[0-9a-f]{32})?)(?![^\W_])")
"""A trace id or a digest. It stays, and no digits before or after it are read together with its own."""
_RUN = re.compile(r"(?<!\d)\d(?:[ .\xa0_–-]?\d){12,18}(?!\d)")
"""So many digits that they may be a card's, whatever they are glued to."""
_CARD_BEGINS = re.compile(r"4|5[0-8]|2(?:2[2-9]|[3-6]|7[01]|720)|3[4-8]|6|8[12]")
"""Visa, Mastercard and Maestro, American Express, Diners and JCB, RuPay and Discover: wider than what is taken as payment.

Source: https://en.wikipedia.org/wiki/Payment_card_number#Issuer_identification_number_(IIN) (2026-11-27); RuPay UNVERIFIED.
"""
_VPA = re.compile(r"([\w.+-]{1,256})@([a-z][a-z0-9.-]{1,64})", re.IGNORECASE)
_SECRET = re.compile(r"(mela_[a-z]+_|mk_(?:test|live)_|whsec_|(?:Bearer|Basic) )[\w.~+/=-]{6,}", re.IGNORECASE)
_LONGEST, _CUT = 4_000, 40
"""Longer texts are cut, after they were masked that much further: half a number is not left at the end."""
_PLAIN = (bool, int, float, type(None), datetime, date)


def mask(value: str) -> str:
    """Keep what helps to recognise, hide what identifies: the last four digits, a handle, the first letter of a word."""
    if "@" in value:
        return f"{value[0]}••••@{value.rsplit('@', 1)[1]}"
    if sum(c.isdigit() for c in value) >= 8:
        return value[:3] + "•" * 6 + value[-4:] if value.startswith("+") else "•" * 6 + value[-4:]
    return " ".join(word[0] + "•••" for word in value.split()) or "•••"


def scrub(text: str) -> str:
    """A text with phone numbers, card numbers, VPAs and secrets masked, whatever they were called."""
    text = _SECRET.sub(lambda m: f"{m[1]}•••", text[: _LONGEST + _CUT])
    text = _VPA.sub(lambda m: f"{m[1][0]}••••@{m[2]}", text)
    text = _NUMBER.sub(lambda m: mask(m[0]), text)
    parts = _DIGEST.split(text)
    parts[::2] = [_RUN.sub(lambda m: mask(m[0]) if is_card(m[0]) else m[0], part) for part in parts[::2]]
    return "".join(parts)[:_LONGEST]


def is_card(text: str) -> bool:
    """Whether digits, in groups or not, can be a card's number (PAN): 13 to 19 of them, a known beginning, Luhn's check digit.

    Source: PCI DSS 4.0.1, 3.4.1: at most the BIN and the last four are shown, here the four.
    """
    digits = "".join(str(int(letter)) for letter in text if letter.isdecimal())
    return 13 <= len(digits) <= 19 and _CARD_BEGINS.match(digits) is not None and cards.luhn(digits)


def processor(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: every value of a log line, as deep as it goes."""
    return {key: value if key == "exc_info" else _clean(value) for key, value in event.items()}


def _clean(value: Any) -> Any:
    """The value as a log may have it. What is neither plain nor a collection is shown by its `repr`, scrubbed."""
    if isinstance(value, Personal):
        return mask(value)
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, _PLAIN):
        return mask(str(value)) if type(value) is int and value >= 10**12 and is_card(str(value)) else value
    if isinstance(value, Mapping):
        return {scrub(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(item) for item in value]
    return scrub(repr(value))
