"""People who are known no more, and addresses that nobody needs any more."""

from datetime import timedelta

from mela.contracts.accounts import Accounts
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.services.orders import store

_AT_ONCE = 100


class Erasure:
    """Hears from accounts who was erased, and has orders that are over let go of their person. Repeatable at any point."""

    def __init__(self, db: Database, accounts: Accounts, clock: Clock, address_days: int) -> None:
        self._db, self._accounts, self._clock = db, accounts, clock
        self._kept = timedelta(days=address_days)

    async def run(self) -> None:
        """One turn of the job."""
        last = await self._db.read(store.last_erasure)
        while found := await self._accounts.erased(after=last, most=_AT_ONCE):
            await self._db.run(store.note_erasures, found)
            last = found[-1].number
        now = self._clock.now()
        while await self._db.run(store.let_go, now - self._kept, now, _AT_ONCE) == _AT_ONCE:
            pass
