"""Words that upstream's messages are made of: quoted names, lists, singular and plural.

Go writes strings into messages with `%q`. Names, values and annotations in reasons must agree to the letter, so
the escapes follow Go's. Source: https://pkg.go.dev/strconv#Quote (2026-11)
"""

import unicodedata
from collections.abc import Iterable

_ESCAPES = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    '"': r"\"",
    "\\": r"\\",
}
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}


def quote(text: str) -> str:
    """Put `text` in double quotes as Go's `%q` does."""
    return '"' + "".join(map(_escape, text)) + '"'


def join_quoted(items: Iterable[str]) -> str:
    """`"a", "b"`, without escapes inside; empty for no items."""
    return ", ".join(f'"{item}"' for item in items)


def plural(singular: str, count: int, many: str = "") -> str:
    """`singular` for exactly one, else `many` (by default with an s)."""
    return singular if count == 1 else many or singular + "s"


def _escape(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    code = ord(char)
    if char == " " or unicodedata.category(char) not in _UNPRINTABLE:
        return char
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
