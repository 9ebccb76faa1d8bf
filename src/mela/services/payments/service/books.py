"""The ledger as the person on duty uses it: balances of any moment, blocks that are sealed, and whether the seals hold."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row

from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.money import Paise
from mela.services.payments.rules import seals as chain
from mela.services.payments.store import holds, ledger, months, seals

log = structlog.get_logger()


@dataclass(frozen=True)
class BlockCheck:
    """A block held against its transfers. `fault`: what differs. `moved`: debits and credits by account."""

    seal: chain.Seal
    fault: str | None
    moved: dict[str, tuple[int, int]]


class Books:
    """Reads the ledger and seals it."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    async def balances(self, at: datetime | None = None) -> list[tuple[str, Paise, Paise]]:
        """Every account with its debits and credits, now or as of a moment."""
        return await self._db.read(ledger.balances, at)

    async def sealed(self) -> list[tuple[str, Paise, Paise]]:
        """The sums that are kept beside the sealed blocks, by account."""
        return [(account, *both) for account, both in sorted((await self._db.read(ledger.sealed)).items())]

    async def transfers(self, *, account: str | None, after: int, limit: int) -> list[Row[Any]]:
        """A page of the ledger."""
        return await self._db.read(ledger.page, account=account, after=after, limit=limit)

    async def hold(self, *, key: str, seller_id: str, amount: Paise, reason: str, by: str) -> Row[Any]:
        """Keep money of a seller back. Raises: AccountOverdrawn, KeyReused."""
        now = self._clock.now()
        made = await self._db.run(
            holds.hold, key=key, seller_id=seller_id, amount=amount, reason=reason, by=by, now=now
        )
        log.info("money held", hold=made.id, seller=seller_id, amount=amount, by=by)
        return made

    async def release(self, hold_id: str, *, by: str) -> Row[Any]:
        """Give held money back to its seller, once. Raises: UnknownHold."""
        return await self._db.run(holds.release, hold_id, by=by, now=self._clock.now())

    async def holds(self, *, after: str, limit: int) -> list[Row[Any]]:
        """What is held now, oldest first."""
        return await self._db.read(holds.page, after=after, limit=limit)

    async def seals(self, *, before: int | None, limit: int) -> list[Row[Any]]:
        """Sealed blocks, the newest first."""
        return await self._db.read(seals.page, before=before, limit=limit)

    async def unsealed(self) -> int:
        """Transfers that no block holds yet."""
        return await self._db.read(seals.unsealed)

    async def seal(self) -> None:
        """Seal all that has been committed. The head goes into the log: a copy that the database cannot change."""
        while await self._db.read(seals.any_unsealed):
            sealed = await self._db.run(seals.seal_next, self._clock.now())
            if sealed is not None:
                log.info("ledger sealed", block=sealed.number, transfers=sealed.size, head=sealed.digest)

    async def make_months(self) -> None:
        """Keep the months ahead ready; a person hears of transfers that found none. On SQLite there is nothing to do."""
        if await self._db.read(months.stray):
            await self._db.run(months.park_stray, self._clock.now())
            log.error("transfers outside of all months", see="docs/systems/02-payments.md")
        elif made := await self._db.run(months.make_ahead, self._clock.now()):
            log.info("months made", partitions=made)

    async def stray(self) -> int:
        """Transfers in no month's partition: there must be none."""
        return await self._db.read(months.stray)

    async def check(self, first: int, limit: int) -> list[BlockCheck]:
        """Hold blocks against their transfers as they are today, from number `first` on, `limit` at most."""
        head = await self._db.read(seals.newest)
        numbers = range(first, min(first + limit, head.number + 1))
        return [_checked(*await self._db.read(seals.recompute, number)) for number in numbers]


def _checked(kept: chain.Seal, found: chain.Seal, block: list[chain.Entered]) -> BlockCheck:
    sums: dict[str, tuple[int, int]] = {}
    for (account, _), (debits, given) in seals.moved(block).items():
        before = sums.get(account, (0, 0))
        sums[account] = (before[0] + debits, before[1] + given)
    return BlockCheck(kept, chain.fault(kept, found), sums)
