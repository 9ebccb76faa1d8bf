"""Personal data that must not reach a log: told by its type, and caught by its shape where the type was lost.

log.info("code sent", phone=Personal("+919876543210"))      phone=+91••••••3210
"""

import re
from collections.abc import MutableMapping
from typing import Any


class Personal(str):
    """A string about a person (phone, name, address, VPA): whole in code and database, masked wherever it is logged."""

    __slots__ = ()


_DIGITS = re.compile(r"(?<![\w])(\+?\d[\d -]{8,22}\d)(?![\w])")
_VPA = re.compile(r"\b([\w.-]{2,256})@([a-z]{2,64})\b", re.IGNORECASE)
_SECRET = re.compile(r"\b(mela_[a-z]+_|whsec_|Bearer )[\w.~+/=-]{6,}")
_LONGEST = 4_000


def mask(value: str) -> str:
    """Keep what helps to recognise, hide what identifies: the last four digits, a handle, the first letter of a word."""
    if "@" in value:
        return _VPA.sub(lambda m: f"{m[1][0]}••••@{m[2]}", value)
    if sum(c.isdigit() for c in value) >= 8:
        return value[:3] + "•" * 6 + value[-4:] if value.startswith("+") else "•" * 6 + value[-4:]
    return " ".join(word[0] + "•••" for word in value.split()) or "•••"


def scrub(text: str) -> str:
    """A text with phone numbers, card numbers, VPAs and secrets masked, whatever they were called."""
    text = _SECRET.sub(lambda m: f"{m[1]}•••", text[:_LONGEST])
    text = _VPA.sub(lambda m: f"{m[1][0]}••••@{m[2]}", text)
    return _DIGITS.sub(lambda m: mask(m[1]) if _identifies(m[1]) else m[1], text)


def processor(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: every value of a log line, as deep as it goes."""
    return {key: _clean(value) for key, value in event.items()}


def _clean(value: Any) -> Any:
    if isinstance(value, Personal):
        return mask(value)
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    return value


def _identifies(digits: str) -> bool:
    """A phone (10 digits, or 12 with 91) or a card (13 to 19); amounts, times and serials of other lengths stay readable."""
    count = sum(c.isdigit() for c in digits)
    return count in (10, 12) or 13 <= count <= 19
