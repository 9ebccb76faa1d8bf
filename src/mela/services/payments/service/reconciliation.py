"""A day of the provider's file against ours: fetch, match, open a case for each break."""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Row

from mela.kernel import clock as clocks
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import Conflict, Rejected, Unreachable
from mela.kernel.money import Paise
from mela.services.payments.providers import Provider
from mela.services.payments.rules import arrivals as arriving
from mela.services.payments.rules import ledger
from mela.services.payments.rules import reconciliation as rules
from mela.services.payments.rules.reconciliation import Outcome
from mela.services.payments.service import matching
from mela.services.payments.service.arrivals import Arrivals
from mela.services.payments.service.desk import Desk
from mela.services.payments.store import reconciliation

log = structlog.get_logger()
_PAGE = 5_000
_FIRST = date(2020, 1, 1)
"""The rules in data/reconciliation.yaml begin here."""
_READY = time(1, 0)
"""In India: by then a provider's file of the day before is complete (assumption)."""


class DayNotOver(Conflict):
    """A day whose file cannot be complete yet. Params: day."""

    code = "payments.day_not_over"


class DayTooEarly(Rejected):
    """A day of which the rules in our data say nothing. Params: first (the earliest day)."""

    code = "payments.day_too_early"


class Reconciliation:
    """Holds days against the provider's file. A day may be held again: its cases are opened once."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        desk: Desk,
        arrivals: Arrivals,
        data: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> None:
        self._db, self._clock, self._desk, self._arrivals, self._data = db, clock, desk, arrivals, data

    async def run(self, day: date) -> Row[Any]:
        """Hold a day against its file, and the settlements made on it. Raises: DayNotOver, DayTooEarly, BadFile, Unreachable."""
        if day >= clocks.india_date(self._clock.now()):
            raise DayNotOver(day=day.isoformat())
        if day < _FIRST:
            raise DayTooEarly(first=_FIRST.isoformat())
        found: dict[Outcome, tuple[int, Paise]] = {}
        breaks: list[reconciliation.Found] = []
        for provider in self._desk.all:
            if "report" in provider.can:
                matched = await self._hold(provider, day)
                found = rules.together(found, matched.outcomes)
                breaks += [self._case(replace(each, provider=provider.name)) for each in matched.breaks]
        outcomes = {str(outcome): both for outcome, both in found.items()}
        settled, cases = await self._settled(day)
        await self._db.run(reconciliation.keep, day, outcomes, breaks, settled, cases, self._clock.now())
        log.info("reconciled", day=day.isoformat(), outcomes=outcomes, settled=settled["outcomes"])
        kept = await self._db.read(reconciliation.get, day)
        assert kept is not None
        return kept

    async def run_due(self) -> None:
        """Hold yesterday against its file, once, when that is ready."""
        now = clocks.india(self._clock.now())
        day = now.date() - timedelta(days=1)
        if now.time() >= _READY and await self._db.read(reconciliation.get, day) is None:
            await self.run(day)

    async def days(self, *, before: date | None, limit: int) -> list[Row[Any]]:
        """Days as they came out, the latest first."""
        return await self._db.read(reconciliation.page, before=before, limit=limit)

    async def _settled(self, day: date) -> tuple[dict[str, Any], list[reconciliation.Found]]:
        """The settlements that providers made on a day, and what a person has to look at in them."""
        found: dict[arriving.Outcome, tuple[int, Paise]] = {}
        told: list[dict[str, Any]] = []
        cases: list[reconciliation.Found] = []
        for provider in self._desk.all:
            if "settlements" in provider.can:
                arrived = await self._arrivals.hold(provider, day)
                found = rules.together(found, arrived.outcomes)
                told += arrived.told
                cases += arrived.breaks
        return {"outcomes": {str(outcome): both for outcome, both in found.items()}, "arrived": told}, cases

    async def _hold(self, provider: Provider, day: date) -> matching.Matched:
        """A provider's file against our movements there. Raises: BadFile, Unreachable."""
        with tempfile.TemporaryDirectory(prefix="mela-reconciliation-") as folder:
            theirs, ours, earlier = (Path(folder, name) for name in ("theirs.csv", "ours.csv", "earlier.csv"))
            await self._fetch(provider, day, theirs)
            await self._fetch(provider, day - timedelta(days=1), earlier)
            await self._write(ledger.place(provider.name), day, ours)
            return await asyncio.to_thread(matching.match, theirs, ours, day, earlier=earlier, spill=Path(folder))

    async def _fetch(self, provider: Provider, day: date, file: Path) -> None:
        if await provider.report(day, file) is not None:
            raise Unreachable(service=provider.name, seconds=60)

    async def _write(self, place: str, day: date, file: Path) -> None:
        """Our movements of the day and those beside it, in the provider's form."""
        start = datetime.combine(day, time(), tzinfo=clocks.INDIA)
        after: int | None = await self._db.read(reconciliation.first_position, start)
        rows: list[tuple[str, str, int, str]] = []
        while after is not None:
            part, after = await self._db.read(reconciliation.moved, start, place=place, after=after, limit=_PAGE)
            rows += part
        with file.open("w") as out:
            out.writelines(matching.written(rows))

    def _case(self, found: rules.Break) -> reconciliation.Found:
        limits = rules.compensation(self._data["compensation"], found.day)
        detail = {
            "owner": rules.owner(self._data["owners"], found.outcome),
            "movement": found.kind,
            "day": found.day.isoformat(),
            "theirs": found.theirs,
            "ours": found.ours,
            "proposed": dict(rules.proposed(found)),
        }
        if found.outcome is rules.Outcome.MISSING_HERE:
            detail |= {"put_right_by": limits.due(found.day).isoformat(), "compensation_per_day": limits.per_day}
        return str(found.outcome), found.reference, detail
