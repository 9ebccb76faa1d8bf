"""Cards that their networks know by a token."""

import hashlib
from base64 import b64encode
from typing import Any

from mela.kernel import cards, clock, ids
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import Rejected
from mela.simulators.gateway import entities
from mela.simulators.gateway.entities import fields
from mela.simulators.gateway.store import tokens


class BadCard(Rejected):
    """No card that a network knows. Params: field."""

    code = "gateway.bad_card"


class Tokens:
    """Gives tokens for cards, and cryptograms for payments with them."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    async def tokenize(self, number: str, expiry: str) -> dict[str, Any]:
        """A token for a card, whose number is not kept. Raises: BadCard."""
        today, network = clock.india_date(self._clock.now()), cards.network(number)
        if network is None or not cards.luhn(number):
            raise BadCard(field="number")
        if (2000 + int(expiry[2:]), int(expiry[:2])) < (today.year, today.month):
            raise BadCard(field="expiry")
        digits = "9" + "".join(str(ord(c) % 10) for c in ids.new_secret()[:14])
        row = {
            "id": entities.new_id("ctok"), "token": digits + next(d for d in "0123456789" if cards.luhn(digits + d)), "network": network,
            "expiry": expiry, "last4": number[-4:], "created": self._clock.now(),
        }  # fmt: skip
        await self._db.run(tokens.keep, row)
        return row

    async def get(self, token_id: str) -> dict[str, Any]:
        """A token by its name. Raises: NotFound."""
        return dict(fields(await self._db.read(tokens.get, token_id)))

    async def cryptogram(self, token_id: str, reference: str) -> dict[str, Any]:
        """A token's digits, and a cryptogram for one payment. Raises: NotFound."""
        found = await self.get(token_id)
        digest = hashlib.sha256(f"{found['token']}:{reference}".encode()).digest()
        shown = {name: found[name] for name in ("token", "expiry", "network", "last4")}
        return shown | {"cryptogram": b64encode(digest[:20]).decode()}
