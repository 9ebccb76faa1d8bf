"""Takes deliveries to their endpoints: as many at once as there are slots, none of them waiting for another.

A process that dies between sending and noting it sends again, with the same `webhook-id`, once its lease has run out.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter, Histogram

from mela.kernel import ids
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import MelaError
from mela.services.webhooks.model import Attempt, Dispatch
from mela.services.webhooks.rules import answers, signing
from mela.services.webhooks.rules.answers import Outcome
from mela.services.webhooks.rules.schedule import Schedule
from mela.services.webhooks.service.post import Answer, Post
from mela.services.webhooks.service.vault import Unsealable
from mela.services.webhooks.settings import WebhooksSettings
from mela.services.webhooks.store import sending

log = structlog.get_logger()
ATTEMPTS = Counter("mela_webhooks_attempts_total", "Tries to deliver a webhook, by outcome", ["outcome"])
DEAD = Counter("mela_webhooks_dead_total", "Webhooks that nobody tries any more")
ANSWER = Histogram("mela_webhooks_answer_seconds", "How long endpoints took to answer")
_FINISH_S = 5.0
_HEADERS = {"content-type": "application/json", "user-agent": "Mela-Webhooks/1", "accept": "*/*"}


class Sender:
    """Sends what is due, in a task of its own, until nothing is; then it waits to be woken."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        post: Post,
        opened: Callable[[str], str],
        schedule: Schedule,
        settings: WebhooksSettings,
    ) -> None:
        self._db, self._clock, self._post, self._opened = db, clock, post, opened
        self._schedule, self._settings = schedule, settings
        self._lease_s = 2 * settings.timeout_s + 5
        self._task: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._after = ""

    def wake(self) -> None:
        """There may be something due: look, unless that is going on; then once more."""
        self._wake.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send_due())

    async def look(self) -> None:
        """The timer: retries fall due, and other processes leave work behind."""
        self.wake()

    async def run(self) -> None:
        """Send all that is due, then return."""
        self.wake()
        assert self._task is not None
        await asyncio.shield(self._task)

    async def close(self) -> None:
        """Let what is under way finish, five seconds at most. What is left goes on at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._running:
            await asyncio.wait(self._running, timeout=_FINISH_S)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._post.close()

    async def _send_due(self) -> None:
        while self._wake.is_set() or self._running:
            self._wake.clear()
            try:
                claimed = await self._claim()
            except MelaError as error:  # the timer comes again
                log.warning("webhooks wait", reason=str(error))
                claimed = []
            for mine in claimed:
                task = asyncio.create_task(self._deliver(mine), name=mine.id)
                self._running.add(task)
                task.add_done_callback(self._finished)
            if not claimed and self._running:
                await self._wake.wait()
            elif claimed:
                self._wake.set()  # there may be more

    async def _claim(self) -> list[Dispatch]:
        """What is due, as far as there are slots; endpoints take turns when there are more of them than slots."""
        free = self._settings.slots - len(self._running)
        now = self._clock.now()
        if not free or not await self._db.read(sending.any_due, now):
            return []
        claimed = await self._take(now, free, self._after)
        if not claimed and self._after:
            claimed = await self._take(now, free, "")
        self._after = claimed[-1].endpoint_id if len(claimed) == free else ""
        return claimed

    async def _take(self, now: datetime, slots: int, after: str) -> list[Dispatch]:
        return await self._db.run(
            sending.claim, now, slots=slots, per_endpoint=self._settings.per_endpoint, lease_s=self._lease_s, after=after
        )  # fmt: skip

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()):
            log.warning("outcome not kept", delivery=task.get_name(), reason=repr(error))  # the lease brings it back

    async def _deliver(self, mine: Dispatch) -> None:
        """One try, from signing to noting what came of it."""
        at, begun = self._clock.now(), self._clock.monotonic()
        answer = await self._try(mine, at)
        took_s = self._clock.monotonic() - begun
        outcome = answers.outcome(answer.status)
        attempt = Attempt(mine.tries, at, round(1000 * took_s), answer.status, answer.error, answer.body)
        now = self._clock.now()
        again_at = None if outcome is not Outcome.FAILED else self._again(mine, answer, now)
        await self._db.run(
            sending.settle, mine, attempt, outcome, again_at=again_at, schedule=self._schedule, now=now
        )  # fmt: skip
        self._tell(mine, attempt, outcome, again_at, took_s)

    async def _try(self, mine: Dispatch, at: datetime) -> Answer:
        try:
            secrets = [self._opened(each) for each in mine.secrets]
        except Unsealable:
            return Answer(None, "secret_sealed_with_an_unknown_key")
        headers = _HEADERS | signing.headers(secrets, mine.message_id, at, mine.body)
        return await self._post.send(mine.url, headers, mine.body.encode())

    def _again(self, mine: Dispatch, answer: Answer, now: datetime) -> datetime | None:
        wait_s = self._schedule.wait_s(mine.round, ids.jitter(1.0, 1.0), answer.retry_after_s)
        return None if wait_s is None else now + timedelta(seconds=wait_s)

    def _tell(
        self, mine: Dispatch, attempt: Attempt, outcome: Outcome, again_at: datetime | None, took_s: float
    ) -> None:
        ATTEMPTS.labels(outcome.value).inc()
        ANSWER.observe(took_s)
        if outcome is Outcome.TAKEN:
            return
        if again_at is None:
            DEAD.inc()
        log.info("webhook not taken", delivery=mine.id, endpoint=mine.endpoint_id, tries=mine.tries, status=attempt.status,
                 reason=attempt.error, again_at=again_at and again_at.isoformat())  # fmt: skip
