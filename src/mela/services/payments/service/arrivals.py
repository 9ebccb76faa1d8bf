"""Settlements of providers: fetched, held against what they had for us, and entered when they are there."""

import asyncio
import itertools
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import structlog

from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import Unreachable
from mela.kernel.money import Paise
from mela.services.payments.providers import Provider
from mela.services.payments.rules import arrivals as rules
from mela.services.payments.rules import ledger
from mela.services.payments.rules import reconciliation as days
from mela.services.payments.rules.arrivals import Break, Outcome
from mela.services.payments.rules.routing import Tariff
from mela.services.payments.service import settled
from mela.services.payments.store import arrivals, reconciliation

log = structlog.get_logger()
_PAGE = 5_000


@dataclass(frozen=True)
class Arrived:
    """A provider's settlements of a day. `told`: each in short; `breaks`: kind of case, reference, detail."""

    outcomes: dict[Outcome, tuple[int, Paise]]
    told: list[dict[str, Any]]
    breaks: list[reconciliation.Found]


class Arrivals:
    """Enters what providers settle. A day may be held again: each settlement is entered once."""

    def __init__(
        self, db: Database, clock: Clock, tariffs: Mapping[tuple[str, str], Tariff],
        data: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> None:  # fmt: skip
        self._db, self._clock, self._tariffs, self._data = db, clock, tariffs, data

    async def hold(self, provider: Provider, day: date) -> Arrived:
        """A provider's settlements of a day, into the ledger. Raises: BadFile, Unreachable."""
        with tempfile.TemporaryDirectory(prefix="mela-arrivals-") as name:
            folder = Path(name)
            theirs, ours = folder / "theirs.csv", folder / "ours.csv"
            if await provider.settlements(day, theirs) is not None:
                raise Unreachable(service=provider.name, seconds=60)
            await self._write(ledger.place(provider.name), day, ours)
            held = await asyncio.to_thread(
                settled.match, theirs, ours, day, self._terms(provider.name, day), spill=folder
            )
            for arrival in held.arrivals:
                if await self._db.run(arrivals.enter, provider.name, arrival, day, self._clock.now()):
                    log.info("settlement arrived", provider=provider.name, utr=arrival.utr, net=arrival.net)
            await self._mark(folder, day)
        found = [await self._second_look(each) for each in held.breaks]
        return Arrived(
            _recounted(held.outcomes, held.breaks, found),
            [{"provider": provider.name, **asdict(each)} for each in held.arrivals],
            [self._case(provider.name, each, day) for each in found],
        )

    async def _mark(self, folder: Path, day: date) -> None:
        rows = settled.paid(folder)
        while part := list(itertools.islice(rows, _PAGE)):
            await self._db.run(arrivals.mark, part, day)

    async def _write(self, place: str, day: date, file: Path) -> None:
        """Our movements that no settlement has paid, and those that one of this day has."""
        after: int | None = await self._db.read(arrivals.first_position, day)
        rows: list[arrivals.Line] = []
        while after is not None:
            part, after = await self._db.read(arrivals.unpaid, day, place=place, after=after, limit=_PAGE)
            rows += part
        with file.open("w") as out:
            out.writelines(settled.written(rows))

    async def _second_look(self, found: Break) -> Break:
        """What our list of unpaid movements lacks may have been paid by an earlier settlement."""
        if found.outcome is Outcome.MISSING_HERE and await self._db.read(arrivals.is_paid, found.kind, found.reference):
            return replace(found, outcome=Outcome.REPEATED_THERE)
        return found

    def _terms(self, provider: str, day: date) -> settled.Terms:
        prices = {method: tariff for (name, method), tariff in self._tariffs.items() if name == provider}
        row = days.in_force(self._data["settlements"], day)
        return settled.Terms(prices, row["fee_tax_bp"], row["within_days"])

    def _case(self, provider: str, found: Break, day: date) -> reconciliation.Found:
        detail = {name: value for name, value in asdict(found).items() if name not in ("outcome", "reference", "kind")}
        detail |= {
            "owner": days.owner(self._data["settlement_owners"], found.outcome), "provider": provider, "movement": found.kind,
            "day": day.isoformat(), "proposed": dict(rules.proposed(provider, found)),
        }  # fmt: skip
        return f"settlement_{found.outcome}", found.reference, detail


def _recounted(
    outcomes: Mapping[Outcome, tuple[int, Paise]], before: Sequence[Break], after: Sequence[Break]
) -> dict[Outcome, tuple[int, Paise]]:
    """Outcomes after a second look at breaks."""
    counted = dict(outcomes)
    for old, new in zip(before, after, strict=True):
        if old.outcome is not new.outcome:
            counted = days.moved(counted, old.outcome, new.outcome, new.theirs or Paise(0))
    return counted
