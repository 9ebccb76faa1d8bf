"""The provider of test mode: lives in this service, moves no money, and says what the magic value stands for.

It keeps the contract of real providers, answers and calls back by the clock, and is asked like them. So a test payment goes
through the same code, and a restart changes nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from mela.contracts.payments import Instrument
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import NotFound
from mela.kernel.money import Paise
from mela.services.payments.model import (
    TEST,
    Charge,
    Downtime,
    Known,
    ProviderBooks,
    ProviderDispute,
    ProviderPayment,
    ProviderRefund,
    Word,
)
from mela.services.payments.providers import Absent, Can, Declined, News, Unknown
from mela.services.payments.rules import playing
from mela.services.payments.rules.playing import Play
from mela.services.payments.store import test_bank as store

AGAIN = timedelta(seconds=30)
BATCH = 50
Hear = Callable[[str, ProviderPayment, tuple[str, str]], Awaitable[object]]


class PlayBank:
    """Keeps the contract `Provider`."""

    name = TEST
    can: frozenset[Can] = frozenset({"card", "netbanking", "wallet", "collect", "capture", "captures", "void"})

    def __init__(self, db: Database, clock: Clock, plays: Mapping[str, Play]) -> None:
        self._db, self._clock, self._plays = db, clock, plays

    def knows(self, instrument: Instrument) -> bool:
        """Whether it is a magic value, or needs none."""
        return playing.chosen(self._plays, instrument) is not None

    async def create(self, new: Charge) -> ProviderPayment | Declined | Unknown:
        means = Instrument(card=new.card.token if new.card else None, bank=new.bank, wallet=new.wallet, vpa=new.vpa)
        play, now = playing.chosen(self._plays, means), self._clock.now()
        if play is None:
            return Declined("no_such_outcome")
        row = {
            "reference": new.reference, "outcome": play.name.lower(), "amount": new.amount, "capture": new.capture, "taken": {},
            "ended": None, "begun": now, "expires": new.expires, "rings": playing.rings(play, now, new.expires, now),
        }  # fmt: skip
        return self._told(await self._db.run(store.begin, row))

    async def status(self, known: Known) -> ProviderPayment | Absent | Unknown:
        row = await self._db.read(store.find, known.reference)
        return Absent() if row is None else self._told(row)

    async def capture(
        self, known: Known, amount: int, *, reference: str, final: bool
    ) -> ProviderPayment | Declined | Unknown:
        return self._told(await self._db.run(store.take, known.reference, reference, amount, final=final))

    async def void(self, known: Known) -> ProviderPayment | Declined | Unknown:
        return self._told(await self._db.run(store.let_go, known.reference))

    async def refund(self, known: Known, *, reference: str, amount: int) -> ProviderRefund | Declined | Unknown:
        row = await self._db.read(store.find, known.reference)
        if row is None or not self._plays[row.outcome].refunds:
            return Declined("refund_refused")
        return ProviderRefund(reference, Paise(amount), "processed")

    async def refund_status(self, known: Known, *, reference: str) -> ProviderRefund | Absent | Unknown:
        return Absent()

    def read_callback(self, headers: Mapping[str, str], body: bytes, now: datetime) -> News:
        raise NotFound("payments.unknown_provider", provider=TEST)

    async def dispute(self, dispute_id: str) -> ProviderDispute | Absent | Unknown:
        return Absent()

    async def downtimes(self) -> list[Downtime] | Unknown:
        return []

    async def report(self, day: date, file: Path) -> Unknown | None:
        return Unknown("test mode has no files")

    async def settlements(self, day: date, file: Path) -> Unknown | None:
        return Unknown("test mode has no files")

    async def books(self) -> ProviderBooks | Unknown:
        return ProviderBooks({})

    async def ring(self, hear: Hear) -> None:
        """Call back where it is time. What a crash interrupts is said again, and heard once."""
        while await self._db.read(store.any_due, now := self._clock.now()):
            for row in await self._db.run(store.claim, now, now + AGAIN, BATCH):
                told, play = self._told(row), self._plays[row.outcome]
                if isinstance(told, ProviderPayment) and told.status is not Word.CREATED:
                    await hear(TEST, told, (f"{row.reference}:{told.status}", f"payment.{told.status}"))
                await self._db.run(store.rang, row.reference, playing.rings(play, row.begun, row.expires, now))

    def _told(self, row: Any) -> ProviderPayment | Unknown:
        """What it says now of a payment."""
        word, code = playing.now_says(self._plays[row.outcome], row.begun, row.expires, self._clock.now())
        if row.ended is not None:
            word, code = row.ended, None
        elif word == Word.CAPTURED and not row.capture:
            word = Word.AUTHORIZED
        if word == playing.SILENT:
            return Unknown(code or playing.SILENT)
        amount = sum(row.taken.values()) or row.amount
        name, rrn = f"test_{row.reference.partition('_')[2]}", f"TEST{row.reference[-10:]}"
        return ProviderPayment(
            name, row.reference, Word(word), Paise(amount), rrn=rrn if word == Word.CAPTURED else None, error_code=code
        )
