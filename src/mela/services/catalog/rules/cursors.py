"""Cursors of lists: opaque, short, and good only for the list they were given with.

A cursor holds the place of the last product shown and a digest of the place and the list's own parameters. Whoever changes
one, or uses it with another list, is told so. It guards no secret: every place of a public list may be asked for.
"""

import base64
import binascii
import hashlib
import re

from mela.kernel.errors import Rejected

_DIGEST_BYTES = 6
_PLACE = re.compile(r"-?[0-9]{1,15}(?:,-?[0-9]{1,15}){0,2}", re.ASCII)
LONGEST = 120


class BadCursor(Rejected):
    """A cursor that this list did not give out."""

    code = "kernel.bad_cursor"


def write(place: tuple[int, ...], listing: str) -> str:
    """The cursor of a place in the list that `listing` names in full."""
    text = ",".join(map(str, place))
    return base64.urlsafe_b64encode(_digest(text, listing) + text.encode()).decode().rstrip("=")


def read(cursor: str, listing: str, *, length: int) -> tuple[int, ...]:
    """The place, of `length` numbers, in a cursor of this very list. Raises: BadCursor."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        text = raw[_DIGEST_BYTES:].decode("ascii")
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise BadCursor from error
    if len(cursor) > LONGEST or not _PLACE.fullmatch(text):
        raise BadCursor
    place = tuple(map(int, text.split(",")))
    if len(place) != length or write(place, listing) != cursor:
        raise BadCursor
    return place


def _digest(text: str, listing: str) -> bytes:
    return hashlib.blake2b(f"{text}\n{listing}".encode(), digest_size=_DIGEST_BYTES).digest()
