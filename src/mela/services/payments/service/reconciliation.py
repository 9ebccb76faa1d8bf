"""A day of the provider's file against ours: fetch, match, open a case for each break."""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Row

from mela.kernel import clock as clocks
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import Conflict, Unreachable
from mela.services.payments.rules import reconciliation as rules
from mela.services.payments.service import matching
from mela.services.payments.service.gateway import Gateway, Refused
from mela.services.payments.store import reconciliation

log = structlog.get_logger()
_PAGE = 5_000
_READY = time(1, 0)
"""In India: by then a provider's file of the day before is complete (assumption)."""


class DayNotOver(Conflict):
    """A day whose file cannot be complete yet. Params: day."""

    code = "payments.day_not_over"


class Reconciliation:
    """Holds days against the provider's file. A day may be held again: its cases are opened once."""

    def __init__(
        self, db: Database, clock: Clock, gateway: Gateway, data: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> None:
        self._db, self._clock, self._gateway, self._data = db, clock, gateway, data

    async def run(self, day: date) -> Row[Any]:
        """Hold a day against its file. Raises: DayNotOver, BadFile, Unreachable."""
        if day >= clocks.india_date(self._clock.now()):
            raise DayNotOver(day=day.isoformat())
        with tempfile.TemporaryDirectory(prefix="mela-reconciliation-") as folder:
            theirs, ours, earlier = (Path(folder, name) for name in ("theirs.csv", "ours.csv", "earlier.csv"))
            await self._fetch(day, theirs)
            await self._fetch(day - timedelta(days=1), earlier)
            await self._write(day, ours)
            found = await asyncio.to_thread(matching.match, theirs, ours, day, earlier=earlier, spill=Path(folder))
        breaks = [self._case(each) for each in found.breaks]
        outcomes = {str(outcome): (count, amount) for outcome, (count, amount) in found.outcomes.items()}
        await self._db.run(reconciliation.keep, day, outcomes, breaks, self._clock.now())
        log.info("reconciled", day=day.isoformat(), outcomes=outcomes)
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

    async def _fetch(self, day: date, file: Path) -> None:
        try:
            await self._gateway.day(day, file)
        except Refused as error:
            raise Unreachable(service="gateway", seconds=60) from error

    async def _write(self, day: date, file: Path) -> None:
        """Our movements of the day and those beside it, in the provider's form."""
        start = datetime.combine(day, time(), tzinfo=clocks.INDIA)
        after: int | None = await self._db.read(reconciliation.first_position, start)
        rows: list[tuple[str, str, int, str]] = []
        while after is not None:
            part, after = await self._db.read(reconciliation.moved, start, after=after, limit=_PAGE)
            rows += part
        with file.open("w") as out:
            out.writelines(matching.written(rows))

    def _case(self, found: rules.Break) -> tuple[str, str, dict[str, Any]]:
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
