"""What a payer may choose from: methods, banks and wallets, and which of them no provider reaches well at present."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mela.contracts.payments import BadInstrument, BankDown, CollectNotAllowed, Instrument, Method
from mela.kernel.clock import Clock, india_date
from mela.services.payments.model import Downtime
from mela.services.payments.rules import methods
from mela.services.payments.service.desk import Desk

_NAMED: tuple[Method, ...] = ("netbanking", "wallet")
_RECHECK = timedelta(seconds=60)
"""Where nobody says when it ends, it is asked again after so long."""


@dataclass(frozen=True)
class Choice:
    """A bank or a wallet. `down`: nobody reaches it now; asked again at `until`, or up by then."""

    code: str
    name: str
    down: bool
    until: datetime | None


class Offers:
    """The methods of today, and what providers say of banks that are down. What they say is asked for, not guessed."""

    def __init__(self, desk: Desk, clock: Clock, document: Mapping[str, Any], merchant_category: str) -> None:
        self._desk, self._clock, self._document, self._category = desk, clock, document, merchant_category
        self._down: dict[str, list[Downtime]] = {}

    async def learn(self) -> None:
        """Ask all providers who can tell. Who does not answer is believed as before."""
        tellers = [provider for provider in self._desk.all if "downtimes" in provider.can]
        told = await asyncio.gather(*(provider.downtimes() for provider in tellers))
        for provider, found in zip(tellers, told, strict=True):
            if isinstance(found, list):
                self._down[provider.name] = found

    def check(self, method: Method, instrument: Instrument, *, test: bool = False) -> str | None:
        """What is paid with, as a payer knows it. Raises: BadInstrument, CollectNotAllowed, BankDown.

        In a `test` nobody is asked to pay and no bank is down.
        """
        today = self._today()
        if (what := methods.fault(today, method, instrument)) is not None:
            raise BadInstrument(what=what)
        if test:
            return methods.label(today, instrument) or instrument.vpa or instrument.card
        if instrument.vpa is not None and not today.collect:
            raise CollectNotAllowed(since=str(today.collect_ended))
        named = instrument.bank or instrument.wallet
        if named is not None and (ends := self._down_until(method, named)) is not None:
            raise BankDown(bank=named, seconds=max(1, int((ends - self._clock.now()).total_seconds())))
        return methods.label(today, instrument)

    def choices(self) -> dict[str, list[Choice]]:
        """Banks and wallets by method, by name."""
        today = self._today()
        return {
            method: sorted((self._choice(method, *each) for each in names.items()), key=lambda choice: choice.name)
            for method, names in zip(_NAMED, (today.banks, today.wallets), strict=True)
        }

    def _choice(self, method: Method, code: str, name: str) -> Choice:
        ends = self._down_until(method, code)
        return Choice(code, name, ends is not None, ends)

    def _down_until(self, method: Method, named: str) -> datetime | None:
        """Until when no provider reaches a bank or a wallet; None where one of them does."""
        now, ends = self._clock.now(), []
        for provider in self._desk.all:
            if method not in provider.can:
                continue
            known = [
                each for each in self._down.get(provider.name, []) if (each.method, each.instrument) == (method, named)
            ]
            holding = [each.ends for each in known if each.begins <= now and (each.ends is None or now < each.ends)]
            if not holding:
                return None
            ends.append(max(end or now + _RECHECK for end in holding))
        return min(ends) if ends else None

    def _today(self) -> methods.Methods:
        return methods.offered(self._document, india_date(self._clock.now()), self._category)
