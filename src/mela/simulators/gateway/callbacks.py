"""Takes callbacks to the merchant until they are taken there.

It wakes after each commit that left one, and by a timer for those that were refused or left over by a crash. A callback is
taken when it was answered with 2xx in time; else it comes again after a wait that doubles.

Source: Razorpay retries with exponential back-off for 24 h, razorpay/markdown-docs @ab3bda5 (2026-11-23).
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import structlog
from sqlalchemy import Row

from mela.kernel import ids
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import Retryable
from mela.simulators.gateway.settings import Settings
from mela.simulators.gateway.store import callbacks

log = structlog.get_logger()
BATCH = 32
Shape = Callable[[Settings, Row[Any]], tuple[dict[str, str], bytes] | None]
"""A callback as its provider sends it, headers and body; None where it has none for that event."""
LONGEST_WAIT_S = 3600.0


class Sender:
    """Sends due callbacks, one batch after the other, in a task of its own."""

    def __init__(self, db: Database, clock: Clock, http: httpx2.AsyncClient, settings: Settings, shape: Shape) -> None:
        self._db, self._clock, self._http, self._settings, self._shape = db, clock, http, settings, shape
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def wake(self) -> None:
        """Begin to send unless that is going on; what a commit leaves meanwhile is looked for once more."""
        self._again = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send_all())

    async def run(self) -> None:
        """Send all that is due, then return."""
        self.wake()
        assert self._task is not None
        await asyncio.shield(self._task)

    async def close(self) -> None:
        """Stop; what was not taken yet goes on at the next start."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _send_all(self) -> None:
        sent = 0
        while self._again or sent:
            self._again = False
            try:
                sent = await self._send_batch()
            except Retryable as error:
                log.warning("callbacks wait", reason=str(error))
                return

    async def _send_batch(self) -> int:
        now, lease_s = self._clock.now(), 2 * self._settings.callback_timeout_s
        if not await self._db.read(callbacks.any_due, now):
            return 0
        found = await self._db.run(callbacks.claim, now=now, lease_s=lease_s, limit=BATCH)
        if found:
            outcomes = await asyncio.gather(*(self._send(row) for row in found))
            await self._db.run(callbacks.settle, dict(outcomes))
        return len(found)

    async def _send(self, row: Row[Any]) -> tuple[str, dict[str, Any]]:
        """One try: the callback's id and what becomes of it."""
        wrong = replace(self._settings, key_secret="wrong", webhook_secret="wrong")  # noqa: S106 (signs wrongly)
        shaped = self._shape(wrong if row.bad and row.attempts <= 1 else self._settings, row)
        if shaped is None:
            return row.id, {"state": "sent"}
        headers, body = shaped
        try:
            answer = await self._http.post(
                row.url, content=body, headers=headers, timeout=self._settings.callback_timeout_s
            )
            taken, reason = answer.is_success, str(answer.status_code)
        except httpx2.HTTPError as error:
            taken, reason = False, type(error).__name__
        if taken:
            return row.id, {"sends": row.sends - 1, "due": self._clock.now()} | (
                {"state": "sent"} if row.sends <= 1 else {}
            )
        return row.id, self._not_taken(row, reason)

    def _not_taken(self, row: Row[Any], reason: str) -> dict[str, Any]:
        now = self._clock.now()
        wait = min(self._settings.callback_first_wait_s * 2 ** min(row.attempts - 1, 20), LONGEST_WAIT_S)
        over = now - row.created > timedelta(hours=self._settings.callback_hours)
        log.info("callback not taken", id=row.id, reason=reason, attempts=row.attempts, given_up=over)
        return {"due": now + timedelta(seconds=ids.jitter(wait))} | ({"state": "given_up"} if over else {})
