"""What the gateway says of its money: the books, and the files of a day."""

from collections.abc import AsyncIterator
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row

from mela.kernel import clock
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.simulators.gateway import settling
from mela.simulators.gateway.entities import fields
from mela.simulators.gateway.service.faults import Faults
from mela.simulators.gateway.store import books

REPORT_ROWS = 2_000


class Books:
    """The books of one provider, in full and by the day."""

    def __init__(self, db: Database, clock: Clock, faults: Faults, name: str) -> None:
        self._db, self._clock, self._faults, self._name = db, clock, faults, name

    async def read(self, *, after: int, limit: int) -> dict[str, Any]:
        """Sums of all entries, and the entries after a position."""
        totals = await self._db.read(books.totals)
        page = await self._db.read(books.page, after=after, limit=limit)
        held = totals["collected"][1] - totals["refunded"][1] - totals["paid_out"][1]
        return {
            "totals": {kind: {"count": count, "amount": amount} for kind, (count, amount) in totals.items()},
            "held": held,
            "entries": [{**fields(row), "at": int(row.at.timestamp())} for row in page],
            "cursor": str(page[-1].position) if len(page) == limit else None,
        }

    async def report(self, day: date) -> AsyncIterator[str]:
        """The lines of an Indian day's file in a form of our own; the last one counts and adds up those before."""
        count = total = 0
        yield "kind,reference,amount_paise,at_utc\n"
        async for row, amount in self.movements(day):
            count, total = count + 1, total + amount
            yield f"{row.kind},{row.reference},{amount},{row.at:%Y-%m-%dT%H:%M:%SZ}\n"
        yield f"total,{count},{total},\n"

    async def movements(self, day: date) -> AsyncIterator[tuple[Row[Any], int]]:
        """What moved on an Indian day, and the amount that its file has, as the plan has them."""
        plan = await self._faults.plan()
        async for row in self._moved(day):
            if plan.hits("report_omits", row.reference, kind=row.kind):
                continue
            amount = row.amount + 100 * plan.hits("report_wrong_amount", row.reference, kind=row.kind)
            for _ in range(1 + plan.hits("report_repeats", row.reference, kind=row.kind)):
                yield row, amount

    async def settled(self, day: date) -> list[settling.Item]:
        """What was settled on an Indian day, as the plan has it; nothing of a day that has not come."""
        plan, found = await self._faults.plan(), list[settling.Item]()
        if day <= clock.india_date(self._clock.now()):
            async for row in self._moved(day - timedelta(days=1)):
                found += settling.items(self._name, row, day, plan)
        return found

    async def settlements(self, day: date) -> AsyncIterator[str]:
        """The lines of the file of a day's settlements, in a form of our own."""
        found = await self.settled(day)
        yield settling.HEADER + "\n"
        for item in found:
            yield item.line
        yield settling.total(found)

    async def _moved(self, day: date) -> AsyncIterator[Row[Any]]:
        """What moved on an Indian day."""
        start = datetime.combine(day, time(), tzinfo=clock.INDIA)
        after = 0
        while found := await self._db.read(
            books.entries_between, start, start + timedelta(days=1), after=after, limit=REPORT_ROWS
        ):
            after = found[-1].position
            for row in found:
                yield row
