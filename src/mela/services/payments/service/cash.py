"""Cash on delivery after the door: couriers hand in what they have collected, and whoever is late is noticed."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from mela.kernel.clock import Clock, india_date
from mela.kernel.db import Database
from mela.kernel.money import Paise
from mela.services.payments.store import cash as store


class Cash:
    """The cash that couriers have. `rows`: data/cash.yaml."""

    def __init__(self, db: Database, clock: Clock, rows: Sequence[Mapping[str, Any]]) -> None:
        self._db, self._clock, self._rows = db, clock, rows

    async def hand_in(
        self, *, key: str, courier: str, bank_reference: str, amount: Paise, of: Sequence[str], by: str
    ) -> Row[Any]:
        """The cash of some payments is at the bank. Raises: NotWithCourier, TooMuchCash, KeyReused."""
        return await self._db.run(
            store.hand_in, key=key, courier=courier, bank_reference=bank_reference, amount=amount, of=of, by=by,
            now=self._clock.now(),
        )  # fmt: skip

    async def page(self, *, after: str, limit: int) -> list[Row[Any]]:
        """Cash that was collected and not handed in, the oldest payment first."""
        return await self._db.read(store.page, after=after, limit=limit)

    def overdue(self, row: Row[Any]) -> bool:
        """Whether it should have been handed in by now."""
        return bool(row.collected < self._clock.now() - self._within())

    async def watch(self) -> None:
        """Open a case for all cash that is overdue."""
        now = self._clock.now()
        await self._db.run(store.watch, now - self._within(), now)

    def _within(self) -> timedelta:
        today = india_date(self._clock.now())
        row = next(row for row in self._rows if row["effective_from"] <= today <= (row["effective_to"] or today))
        return timedelta(days=row["hand_in_within_days"])
