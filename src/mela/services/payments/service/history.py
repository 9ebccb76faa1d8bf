"""Payments as people look at them: lists, and the life of one."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from mela.kernel.db import Database
from mela.services.payments.rules import timeline
from mela.services.payments.service.risk import Risk
from mela.services.payments.store import history as store

Wanted = store.Wanted
"""Which payments to list."""


class History:
    """Reads; `meanings`: what reasons and codes mean."""

    def __init__(self, db: Database, risk: Risk, meanings: Mapping[str, str]) -> None:
        self._db, self._risk, self._meanings = db, risk, meanings

    async def page(self, wanted: Wanted, *, before: str | None, limit: int) -> list[Row[Any]]:
        """Payments, the latest first. Raises: Rejected for a `before` that is none."""
        return await self._db.read(store.page, wanted, before=before, limit=limit)

    async def timeline(self, payment_id: str) -> tuple[list[timeline.Moment], str | None]:
        """All that happened to a payment, and what comes next by itself. Raises: UnknownPayment."""
        found = await self._db.read(store.traces, payment_id)
        moments = timeline.moments(**vars(found), meanings=self._meanings, rule=self._risk.about)
        return moments, timeline.outlook(found.payment)

    def explain(self, reason: str | None) -> str | None:
        """What a reason means, None where nobody knows."""
        return self._meanings.get(reason) if reason else None
