"""How committed transfers are sealed: blocks in a chain, each digest covering the block before it.

Whoever changes, adds or drops a sealed transfer changes the digest of its block and of every later one. A digest that
was written down elsewhere (a log, a mail to the auditor) then tells, whatever the database says by itself.

हर खंड पिछले खंड की मुहर पर टिका है: एक पंक्ति बदली तो उसके बाद की हर मुहर बदल जाती है।
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from mela.kernel.money import Paise

MOST = 1_000
"""Transfers in a block."""
GENESIS = "0" * 64
"""What the first block stands on."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A transfer as it stands in the ledger; `id` is its position."""

    id: int
    key: str
    line: int
    debit: str
    credit: str
    amount: Paise
    kind: str
    payment_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Seal:
    """A sealed block: the `size` transfers after the block before it, up to position `last_id`.

    `amount`: their sum. `day`: the latest UTC day of any transfer so far, so that it never goes back.
    """

    number: int
    last_id: int
    size: int
    amount: Paise
    day: date
    digest: str


BEFORE_ALL = Seal(0, 0, 0, Paise(0), date.min, GENESIS)
"""Where an empty ledger stands."""


def seal(before: Seal, block: list[Entered]) -> Seal:
    """The seal of the next block, in the order of its positions."""
    return Seal(
        number=before.number + 1,
        last_id=block[-1].id if block else before.last_id,
        size=len(block),
        amount=Paise(sum(each.amount for each in block)),
        day=max([before.day, *(each.at.date() for each in block)]),
        digest=digest(before.digest, block),
    )


def digest(before: str, block: Iterable[Entered]) -> str:
    """SHA-256 over the digest before and each transfer as a line of JSON, in hex."""
    hashed = hashlib.sha256(before.encode())
    for each in block:
        fields = [each.id, each.key, each.line, each.debit, each.credit, each.amount, each.kind, each.payment_id]
        line = json.dumps([*fields, each.at.isoformat(timespec="microseconds")], separators=(",", ":"))
        hashed.update(b"\n" + line.encode())
    return hashed.hexdigest()


def fault(kept: Seal, found: Seal) -> str | None:
    """What differs between the seal that was kept and the one that today's transfers give, None when nothing does."""
    for name in ("last_id", "size", "amount", "digest", "day"):
        if getattr(kept, name) != getattr(found, name):
            return name
    return None
