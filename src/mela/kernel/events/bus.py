"""Moves a service's events out of its outbox, and works through its inbox."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from mela.kernel import ids, messages
from mela.kernel.clock import Clock
from mela.kernel.db.database import Database
from mela.kernel.errors import MelaError, Rejected, Retryable
from mela.kernel.events import inbox, outbox
from mela.kernel.events.inbox import Delivery
from mela.kernel.events.outbox import Envelope
from mela.kernel.telemetry import metrics, tracing

log = structlog.get_logger()
_TIDY_S = 3_600.0
_FINISH_S = 5.0
"""How long closing waits for handlers that run."""


@dataclass(frozen=True)
class Subscription:
    """`handler(event, delivery)` is called for each event of class `event`: at least once, in order per key."""

    event: type
    handler: Callable[[Any, Delivery], Awaitable[None]]


class Transport(Protocol):
    """Takes events from an outbox to the inbox of each subscriber."""

    async def publish(self, envelopes: list[Envelope]) -> None:
        """Return once every subscriber, or a broker on their behalf, has the events durably. Raises when in doubt."""
        ...

    async def subscribe(self, names: list[str], receive: Callable[[list[Envelope]], Awaitable[None]]) -> None:
        """Begin to hand events of these names to `receive`, again and again until it returns."""
        ...

    async def close(self) -> None:
        """Stop; what was handed over stays."""
        ...


@dataclass(frozen=True)
class BusOptions:
    """`attempts` before parking, the back-off's first and longest wait, events handled at once, how often to look unasked.

    A handler has `handle_s`. Events in hand are kept from others for `lease_s`, again and again: so long they wait after a crash.
    """

    attempts: int = 8
    first_wait_s: float = 0.2
    longest_wait_s: float = 60.0
    slots: int = 32
    lease_s: float = 15.0
    handle_s: float = 30.0
    poll_s: float = 1.0
    keep_days: int = 7


class Bus:
    """One service's events: a relay out, a worker in."""

    def __init__(
        self, service: str, db: Database, transport: Transport, subscriptions: list[Subscription],
        *, clock: Clock, options: BusOptions | None = None,
    ) -> None:  # fmt: skip
        self._service, self._db, self._transport, self._clock = service, db, transport, clock
        self._handlers = {messages.meta(s.event).name: s.handler for s in subscriptions}
        self._options = options or BusOptions()
        self._wake_relay, self._wake_worker = asyncio.Event(), asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._held: dict[int, datetime] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._closing = False

    async def start(self) -> None:
        """Begin to move and handle events, those of before a crash first."""
        self._db.on_news(self._news)
        if self._handlers:
            await self._transport.subscribe(sorted(self._handlers), self._take)
        self._loops = [asyncio.create_task(loop) for loop in (self._relay(), self._tidy(), self._keep(), self._work())]

    async def close(self) -> None:
        """Let running handlers finish, five seconds at most, then stop. What is left goes on at the next start."""
        self._closing = True
        self._news()
        for loop in self._loops[:2]:
            loop.cancel()  # the next start repeats what it was about
        with suppress(TimeoutError):
            async with asyncio.timeout(_FINISH_S):
                await asyncio.gather(*self._loops[3:])  # the worker stops before its next claim
                await asyncio.gather(*self._running, return_exceptions=True)
        for task in (*self._loops[2:3], *self._running):
            task.cancel()
        await asyncio.gather(*self._loops, *self._running, return_exceptions=True)

    async def receive(self, *, envelopes: list[Envelope]) -> None:
        """Take events in, durably."""
        wanted = [e for e in envelopes if e.name in self._handlers or e.name == outbox.UNREADABLE]
        if wanted:
            await self._db.run(inbox.receive, wanted, self._clock.now())

    async def _take(self, envelopes: list[Envelope]) -> None:
        await self.receive(envelopes=envelopes)

    def _news(self) -> None:
        self._wake_relay.set()
        self._wake_worker.set()

    async def _relay(self) -> None:
        wait = self._options.first_wait_s
        while True:
            self._wake_relay.clear()
            try:
                found = await self._db.read(outbox.pending, 200)
                if found:
                    await self._transport.publish([envelope for _, envelope in found])
                    await self._db.run(outbox.forget, [position for position, _ in found])
                else:
                    await _wait(self._wake_relay, self._options.poll_s)
                wait = self._options.first_wait_s
            except Exception as error:  # noqa: BLE001 - a relay must outlive every failure of a peer, a broker or a disk
                log.warning("events not moved", service=self._service, reason=repr(error), again_in_s=round(wait, 2))
                await asyncio.sleep(ids.jitter(wait))
                wait = min(wait * 2, self._options.longest_wait_s)

    async def _tidy(self) -> None:
        """Forget, now and then, events that were handled long ago."""
        while True:
            await asyncio.sleep(ids.jitter(_TIDY_S))
            try:
                await self._db.run(inbox.forget_done, self._clock.now() - timedelta(days=self._options.keep_days))
            except MelaError as error:  # the next turn comes
                log.warning("inbox not tidied", service=self._service, reason=str(error))

    async def _keep(self) -> None:
        """Keep what is in hand from others, until its handler has ended or this process has."""
        while True:
            await asyncio.sleep(self._options.lease_s / 3)
            held, until = dict(self._held), self._clock.now() + timedelta(seconds=self._options.lease_s)
            try:
                if held:
                    await self._db.run(inbox.keep, held, until)
                    self._held.update({position: until for position in held if position in self._held})
            except Exception as error:  # noqa: BLE001 - as in the relay
                log.warning("events not kept in hand", service=self._service, reason=repr(error))

    async def _work(self) -> None:
        while not self._closing:
            self._wake_worker.clear()
            free = self._options.slots - len(self._running)
            claimed: list[Delivery] = []
            try:
                if free >= self._options.slots / 2:  # a claim reads all that is open: make it worth it
                    claimed = await self._claim(free)
            except Exception as error:  # noqa: BLE001 - as in the relay
                log.warning("inbox not read", service=self._service, reason=repr(error))
                await asyncio.sleep(ids.jitter(self._options.poll_s))
            for delivery in claimed:
                task = asyncio.create_task(self._handle(delivery), name=str(delivery.position))
                self._running.add(task)
                task.add_done_callback(self._finished)
            if not claimed and not self._closing:
                await _wait(self._wake_worker, self._options.poll_s)

    async def _claim(self, free: int) -> list[Delivery]:
        """Due events that are not in hand: a clock that jumps ahead ends leases early, our own handlers go on."""
        horizon_s = 2 * max(self._options.lease_s, self._options.longest_wait_s)  # as much again for clocks that differ
        if not await self._db.read(inbox.any_due, self._clock.now(), horizon_s):
            return []
        now, lease_s = self._clock.now(), self._options.lease_s
        claimed = await self._db.run(inbox.claim, now, limit=free, lease_s=lease_s, horizon_s=horizon_s)
        self._held.update({each.position: now + timedelta(seconds=lease_s) for each in claimed})
        in_hand = {task.get_name() for task in self._running}
        return [delivery for delivery in claimed if str(delivery.position) not in in_hand]

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._held.pop(int(task.get_name()), None)
        self._wake_worker.set()
        if not task.cancelled() and (error := task.exception()):
            log.warning(
                "outcome not kept", service=self._service, reason=repr(error)
            )  # the lease brings the event back

    async def _handle(self, delivery: Delivery) -> None:
        name = delivery.envelope.name
        with tracing.span("event", parent=delivery.envelope.trace, event=name, service=self._service):
            try:
                async with asyncio.timeout(self._options.handle_s):
                    await self._handlers[name](delivery.event(), delivery)
                outcome = "done"
            except Exception as error:  # noqa: BLE001 - whatever a handler raises, the event is kept
                outcome = await self._failed(delivery, error)
            else:
                await self._db.run(inbox.done, delivery)
        metrics.EVENTS.labels(self._service, name, outcome).inc()

    async def _failed(self, delivery: Delivery, error: Exception) -> str:
        """Plan another try; park what can't succeed: a refusal, an unreadable event, or too many tries."""
        hopeless = isinstance(error, (Rejected, ValueError, KeyError)) or (
            delivery.attempts >= self._options.attempts and not isinstance(error, Retryable)
        )
        wait = min(self._options.first_wait_s * 2 ** (delivery.attempts - 1), self._options.longest_wait_s)
        again = None if hopeless else self._clock.now() + timedelta(seconds=ids.jitter(wait))
        reason = str(error) if isinstance(error, MelaError) else repr(error)
        log.warning("event parked" if hopeless else "event failed", service=self._service, name=delivery.envelope.name,
                    key=delivery.envelope.key, attempts=delivery.attempts, reason=reason)  # fmt: skip
        await self._db.run(inbox.failed, delivery, again_at=again, reason=reason)
        return "parked" if hopeless else "failed"


async def _wait(signal: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await signal.wait()
    except TimeoutError:
        pass
