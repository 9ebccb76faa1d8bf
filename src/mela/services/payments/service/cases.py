"""Cases as the person on duty uses them: what is open, what became of the others, and closing one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Row

from mela.kernel.clock import Clock, india_date
from mela.kernel.db import Database
from mela.kernel.money import Paise
from mela.services.payments.rules import cases as rules
from mela.services.payments.store import cases, closing

log = structlog.get_logger()


@dataclass(frozen=True)
class Seen:
    """A case with who looks at it, how it can end, and what waiting has cost until it was closed, or today."""

    row: Row[Any]
    owner: str
    ends: tuple[rules.Resolution, ...]
    owed: Paise


class Cases:
    """Shows cases and closes them. `kinds`: who looks at each, and how it can end."""

    def __init__(self, db: Database, clock: Clock, kinds: Mapping[str, rules.Kind]) -> None:
        self._db, self._clock, self._kinds = db, clock, kinds

    async def page(self, *, is_open: bool, before: str | None, limit: int) -> list[Seen]:
        """Open or closed cases, the newest first."""
        return list(map(self._seen, await self._db.read(cases.page, is_open=is_open, before=before, limit=limit)))

    async def get(self, case_id: str) -> Seen:
        """A case. Raises: UnknownCase."""
        return self._seen(await self._db.read(cases.get, case_id))

    async def close(self, case_id: str, decision: rules.Decision, *, key: str, actor: str) -> Seen:
        """Close a case, once. A refund that is tried again is sent by the job that sends refunds.

        Raises: UnknownCase, CannotEndSo, NoteMissing, CaseIsClosed, KeyReused, RefundTooLarge, AccountOverdrawn.
        """
        case = await self.get(case_id)
        rules.check(case.row.kind, case.ends, decision)
        row = await self._db.run(closing.close, case_id, decision, key=key, actor=actor, now=self._clock.now())
        log.info("case closed", case=case_id, kind=row.kind, resolution=row.resolution, actor=row.actor)
        return self._seen(row)

    def _seen(self, row: Row[Any]) -> Seen:
        kind = self._kinds.get(row.kind, self._kinds[rules.ANY])
        until = india_date(row.closed or self._clock.now())
        return Seen(
            row, row.detail.get("owner", kind.owner), rules.ends(kind, row.detail), rules.owed(row.detail, until)
        )
