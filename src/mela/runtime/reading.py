"""Where the reads of personal data of this process are kept: each with the service whose data it was."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from mela.kernel import ids
from mela.kernel.auth import Principal
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.sealed import reads


class Keeper:
    """Writes down who saw what, one unit per service and request."""

    def __init__(self, databases: Mapping[str, Database], clock: Clock) -> None:
        self._databases, self._clock = databases, clock

    async def __call__(self, by: Principal, seen: Sequence[tuple[str, str, str]], route: str, request: str) -> None:
        """See `reads.Keeper`."""
        now = self._clock.now()
        for service in dict.fromkeys(service for service, _, _ in seen):
            rows = [
                reads.Read(ids.new_id("read"), now, by.kind, by.id, route, request, name, identity)
                for of, name, identity in seen
                if of == service
            ]
            await self._databases[service].run(reads.keep, rows)


class Forgetter:
    """The job that drops reads once their time is over."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    async def run(self) -> None:
        """One turn."""
        await self._db.run(reads.forget, self._clock.now() - timedelta(days=reads.KEPT_DAYS))
