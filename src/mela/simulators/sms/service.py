"""What the inbox does."""

from datetime import timedelta

from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.web import pages
from mela.simulators.sms import schemas, store
from mela.simulators.sms.settings import Settings


class Inbox:
    """The inboxes of all phones."""

    def __init__(self, db: Database, clock: Clock, settings: Settings) -> None:
        self._db, self._clock, self._settings = db, clock, settings

    async def receive(self, sent: schemas.NewSms) -> schemas.Sms:
        """Take a message, once per reference. Raises: ReferenceReused."""
        row = await self._db.run(store.receive, sent.model_dump() | {"received": self._clock.now()})
        return schemas.Sms.model_validate(row, from_attributes=True)

    async def newest(self, phone: str, cursor: str | None, limit: int) -> schemas.SmsPage:
        """What a phone got, newest first. Raises: Rejected for a cursor that we did not give out."""
        rows = await self._db.read(store.newest, phone, pages.position(cursor), limit + 1)
        shown, after = pages.cut(rows, limit, lambda row: str(row.position))
        return schemas.SmsPage(
            items=[schemas.Sms.model_validate(row, from_attributes=True) for row in shown], next_cursor=after
        )

    async def forget(self) -> None:
        """Drop what is too old or too much."""
        before = self._clock.now() - timedelta(hours=self._settings.keep_hours)
        await self._db.run(store.forget, before, self._settings.keep_messages)
