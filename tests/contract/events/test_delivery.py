"""At least once, in order per key, nothing lost, nothing done twice: through memory and through Kafka."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import Connection, select

from mela.kernel import errors
from mela.kernel.clock import SystemClock
from mela.kernel.db import Database
from mela.kernel.events import Bus, Delivery, Subscription, emit, first_time, inbox, outbox, parked, replay, schema
from mela.kernel.events.memory import MemoryTransport
from mela.kernel.events.outbox import Envelope
from tests import kit
from tests.contract.events import post
from tests.contract.events.post import QUICK, Depot, Post, Sold

NOW = SystemClock()


@pytest.fixture
def depot() -> Depot:
    return Depot()


@pytest.fixture(params=kit.ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["memory", "kafka"])
async def line(request: pytest.FixtureRequest, engine: str, tmp_path: Path, depot: Depot) -> AsyncIterator[Post]:
    """Both ends, on each carrier: joining a group costs seconds, so only for what a carrier can break."""
    async with post.running(request.param, engine, tmp_path, depot.handle) as running:
        yield running


@pytest.fixture
async def short_line(engine: str, tmp_path: Path, depot: Depot) -> AsyncIterator[Post]:
    """Both ends, through memory."""
    async with post.running("memory", engine, tmp_path, depot.handle) as running:
        yield running


async def test_events_arrive_in_the_order_of_their_key(line: Post, depot: Depot) -> None:
    for n in range(20):
        for item in ("rice", "atta", "dal"):
            await line.sell(item, n)
    await line.settled()
    assert depot.of("rice") == depot.of("atta") == depot.of("dal") == list(range(20))
    assert len(depot.heard) == 60


async def test_an_event_of_a_unit_that_failed_is_never_heard(short_line: Post, depot: Depot) -> None:
    def sell_then_fail(conn: Connection) -> None:
        emit(conn, Sold("rice", 1))
        raise errors.Conflict("test.refused")

    with pytest.raises(errors.Conflict):
        await short_line.shop.run(sell_then_fail)
    await short_line.sell("rice", 2)
    await short_line.settled()
    assert depot.heard == [("rice", 2)]


async def test_a_handler_that_fails_twice_then_works_is_called_until_it_does(short_line: Post, depot: Depot) -> None:
    depot.trouble["rice", 1] = [RuntimeError("once"), RuntimeError("twice")]
    await short_line.sell("rice", 1, 2)
    await short_line.settled()
    assert depot.tries == [("rice", 1)] * 3 + [("rice", 2)]
    assert depot.heard == [("rice", 1), ("rice", 2)]


async def test_a_retryable_failure_never_parks(short_line: Post, depot: Depot) -> None:
    depot.trouble["rice", 1] = [errors.Unreachable(service="bank") for _ in range(QUICK.attempts + 3)]
    await short_line.sell("rice", 1)
    await short_line.settled()
    assert depot.heard == [("rice", 1)]


async def test_a_parked_event_holds_its_key_only_and_replay_keeps_the_order(line: Post, depot: Depot) -> None:
    depot.trouble["rice", 1] = [RuntimeError("broken")] * QUICK.attempts
    [first, *_] = await line.sell("rice", 1, 2, 3)
    await line.sell("atta", 1, 2)
    await line.settled()
    assert depot.heard == [("atta", 1), ("atta", 2)]
    [waiting] = await line.depot.read(parked)
    assert (waiting.id, waiting.key, waiting.attempts, waiting.behind) == (first, "rice", QUICK.attempts, 2)
    assert "broken" in waiting.reason

    depot.trouble.clear()
    await line.depot.run(replay, first, NOW.now())
    await line.settled()
    assert depot.of("rice") == [1, 2, 3]
    assert await line.depot.read(parked) == []


async def test_a_refusal_parks_at_once(short_line: Post, depot: Depot) -> None:
    depot.trouble["rice", 1] = [errors.Rejected("test.never")]
    await short_line.sell("rice", 1)
    await short_line.settled()
    assert [event.reason for event in await short_line.depot.read(parked)] == ["test.never"]
    assert depot.tries == [("rice", 1)]


async def test_replaying_what_is_not_parked_finds_nothing(short_line: Post) -> None:
    with pytest.raises(errors.NotFound):
        await short_line.depot.run(replay, "evt_none", NOW.now())


async def test_a_body_of_another_shape_is_parked_whole(short_line: Post, depot: Depot) -> None:
    wrong = Envelope("evt_wrong", "shop.sold", "rice", '{"item":"rice","n":"many"}', NOW.now(), None)
    await short_line.depot_bus.receive(envelopes=[wrong])
    short_line.coming += 1
    await short_line.sell("atta", 1)
    await short_line.settled()
    assert [(event.id, event.body) for event in await short_line.depot.read(parked)] == [("evt_wrong", wrong.body)]
    assert depot.heard == [("atta", 1)]


async def test_an_event_nobody_asked_for_is_not_kept(short_line: Post) -> None:
    stray = Envelope("evt_stray", "shop.painted", "rice", "{}", NOW.now(), None)
    await short_line.depot_bus.receive(envelopes=[stray])
    assert await short_line.depot.read(inbox.depth) == {"waiting": 0, "parked": 0}


async def test_a_second_delivery_of_an_event_changes_nothing(line: Post, depot: Depot) -> None:
    def copy(conn: Connection) -> list[Envelope]:
        return [envelope for _, envelope in outbox.pending(conn, 10)]

    await line.shop_bus.close()
    await line.sell("rice", 1, 2)
    envelopes = await line.shop.read(copy)
    for _ in range(3):
        await line.depot_bus.receive(envelopes=envelopes)
    await post.until(lambda: _is(depot.heard, [("rice", 1), ("rice", 2)]))
    await line.depot_bus.receive(envelopes=list(reversed(envelopes)))
    await asyncio.sleep(0)
    assert await line.depot.read(inbox.depth) == {"waiting": 0, "parked": 0}
    assert depot.heard == [("rice", 1), ("rice", 2)]


async def _is(left: object, right: object) -> bool:
    return left == right


# ---- the relay


class Moody(MemoryTransport):
    """Delivers, then says it has not, as long as `mood` lasts."""

    mood: int = 0

    async def publish(self, envelopes: list[Envelope]) -> None:
        await super().publish(envelopes)
        if self.mood:
            self.mood -= 1
            raise errors.Unreachable(service="elsewhere")


class Shut:
    """A door that takes nothing in."""

    async def receive(self, *, envelopes: list[Envelope]) -> None:
        raise errors.Unreachable(service="shut")


async def test_a_relay_in_doubt_repeats_and_the_inbox_forgives(engine: str, tmp_path: Path, depot: Depot) -> None:
    async with post.database(engine, tmp_path, "shop") as shop, post.database(engine, tmp_path, "depot") as depot_db:
        hears = Bus(
            "depot", depot_db, MemoryTransport({}), [Subscription(Sold, depot.handle)], clock=NOW, options=QUICK
        )
        moody = Moody({"shop.sold": [hears]})
        moody.mood = 3
        tells = Bus("shop", shop, moody, [], clock=NOW, options=QUICK)
        for n in range(3):
            await shop.run(emit, Sold("rice", n))
        await hears.start()
        with structlog.testing.capture_logs() as lines:
            await tells.start()
            await post.until(lambda: _empty(shop))
        await post.until(lambda: _is(depot.of("rice"), [0, 1, 2]))
        await tells.close()
        await hears.close()
        assert [line["event"] for line in lines if line["event"] == "events not moved"] == ["events not moved"] * 3


async def _empty(db: Database) -> bool:
    return await db.read(outbox.waiting) == 0


async def test_a_shut_door_keeps_the_event_and_no_other_subscriber_waiting(
    engine: str, tmp_path: Path, depot: Depot
) -> None:
    async with post.database(engine, tmp_path, "shop") as shop, post.database(engine, tmp_path, "depot") as depot_db:
        hears = Bus(
            "depot", depot_db, MemoryTransport({}), [Subscription(Sold, depot.handle)], clock=NOW, options=QUICK
        )
        tells = Bus("shop", shop, MemoryTransport({"shop.sold": [Shut(), hears]}), [], clock=NOW, options=QUICK)
        await hears.start()
        await tells.start()
        await shop.run(emit, Sold("rice", 1))
        await post.until(lambda: _is(depot.heard, [("rice", 1)]))
        await tells.close()
        await hears.close()
        assert await shop.read(outbox.waiting) == 1


# ---- leases, clocks, several workers


async def fill(db: Database, *pairs: tuple[str, int]) -> None:
    rows = [
        Envelope(f"evt_{item}_{n}", "shop.sold", item, f'{{"item":"{item}","n":{n}}}', NOW.now(), None)
        for item, n in pairs
    ]
    await db.run(inbox.receive, rows, NOW.now())


async def test_a_worker_that_died_loses_its_lease_and_not_the_event(engine: str, tmp_path: Path) -> None:
    async with post.database(engine, tmp_path, "depot") as db:
        await fill(db, ("rice", 1), ("rice", 2))
        now = NOW.now()
        [dead] = await db.run(inbox.claim, now, limit=10, lease_s=30)
        assert await db.run(inbox.claim, now, limit=10, lease_s=30) == []
        [second] = await db.run(inbox.claim, _later(now, 31), limit=10, lease_s=30)
        assert (second.envelope.id, second.attempts) == (dead.envelope.id, 2)
        await db.run(inbox.failed, dead, again_at=None, reason="the dead have no say")
        assert await db.read(parked) == []
        await db.run(inbox.done, second)
        [third] = await db.run(inbox.claim, _later(now, 31), limit=10, lease_s=30)
        assert third.envelope.id == "evt_rice_2"


async def test_a_clock_set_back_holds_nothing_for_longer_than_the_horizon(engine: str, tmp_path: Path) -> None:
    async with post.database(engine, tmp_path, "depot") as db:
        await fill(db, ("rice", 1))
        day_before = _later(NOW.now(), -86_400)
        assert len(await db.run(inbox.claim, day_before, limit=10, lease_s=30, horizon_s=60)) == 1
        assert await db.run(inbox.claim, day_before, limit=10, lease_s=30, horizon_s=60) == []


async def test_a_clock_that_jumps_ahead_starts_no_second_handler_of_an_event(engine: str, tmp_path: Path) -> None:
    clock = _Jumping()
    begun, release = asyncio.Event(), asyncio.Event()
    calls: list[int] = []

    async def slow(event: Sold, delivery: Delivery) -> None:
        calls.append(event.n)
        begun.set()
        await release.wait()

    async with post.database(engine, tmp_path, "depot") as db:
        bus = Bus("depot", db, MemoryTransport({}), [Subscription(Sold, slow)], clock=clock, options=QUICK)
        await fill(db, ("rice", 1))
        await bus.start()
        await begun.wait()
        clock.ahead_s = 86_400
        await fill(db, ("atta", 2))
        await post.until(lambda: _is(sorted(calls), [1, 2]))
        release.set()
        await bus.close()
        assert sorted(calls) == [1, 2]
        assert await db.read(inbox.depth) == {"waiting": 0, "parked": 0}


async def test_a_handler_that_takes_longer_than_its_lease_keeps_its_event(engine: str, tmp_path: Path) -> None:
    release, calls, leases = asyncio.Event(), list[int](), set[datetime]()

    async def slow(_event: Sold, delivery: Delivery) -> None:
        calls.append(delivery.attempts)
        await release.wait()

    async with post.database(engine, tmp_path, "depot") as db:
        subscriptions = [Subscription(Sold, slow)]
        workers = [
            Bus("depot", db, MemoryTransport({}), subscriptions, clock=NOW, options=replace(QUICK, lease_s=1.0))
            for _ in range(2)
        ]
        await fill(db, ("rice", 1))
        for worker in workers:
            await worker.start()

        async def kept_often() -> bool:
            leases.update(await db.read(lambda conn: conn.scalars(select(schema.inbox.c.due)).all()))
            return len(leases) > 6  # twice as long as one lease and more

        await post.until(kept_often)
        assert calls == [1]
        release.set()
        for worker in workers:
            await worker.close()
        assert await db.read(inbox.depth) == {"waiting": 0, "parked": 0}


async def test_a_lease_that_was_planned_anew_is_not_extended(engine: str, tmp_path: Path) -> None:
    async with post.database(engine, tmp_path, "depot") as db:
        await fill(db, ("rice", 1))
        now = NOW.now()
        [delivery] = await db.run(inbox.claim, now, limit=1, lease_s=30)
        held = {delivery.position: _later(now, 30)}
        await db.run(inbox.failed, delivery, again_at=_later(now, 1), reason="busy")
        await db.run(inbox.keep, held, _later(now, 60))
        assert len(await db.run(inbox.claim, _later(now, 2), limit=1, lease_s=30)) == 1


class _Jumping(SystemClock):
    ahead_s = 0.0

    def now(self) -> datetime:
        return _later(super().now(), self.ahead_s)


def _later(moment: datetime, seconds: float) -> datetime:
    return moment + timedelta(seconds=seconds)


async def test_two_workers_share_an_inbox_without_doing_anything_twice(engine: str, tmp_path: Path) -> None:
    running: set[tuple[str, int]] = set()
    done: list[tuple[str, int]] = []

    async def handle(event: Sold, delivery: Delivery) -> None:
        this = (event.item, event.n)
        assert this not in running
        running.add(this)
        await asyncio.sleep(0.001)
        running.discard(this)
        done.append(this)

    sold = [(f"item {n % 7}", n) for n in range(60)]
    async with post.database(engine, tmp_path, "depot") as db:
        workers = [
            Bus(
                "depot",
                db,
                MemoryTransport({}),
                [Subscription(Sold, handle)],
                clock=NOW,
                options=replace(QUICK, slots=4),
            )
            for _ in range(2)
        ]
        await fill(db, *sold)
        for worker in workers:
            await worker.start()
        await post.until(lambda: _is(len(done), 60))
        for worker in workers:
            await worker.close()
    assert sorted(done) == sorted(sold)
    for n in range(7):
        assert [number for item, number in done if item == f"item {n}"] == [m for m in range(60) if m % 7 == n]


async def test_an_effect_marked_by_first_time_happens_once_however_often_it_is_handled(
    engine: str, tmp_path: Path
) -> None:
    async with post.database(engine, tmp_path, "depot") as db:
        await fill(db, ("rice", 1))
        [delivery] = await db.run(inbox.claim, NOW.now(), limit=1, lease_s=30)
        outcomes = await asyncio.gather(*(db.run(first_time, delivery) for _ in range(8)))
        assert sorted(outcomes) == [False] * 7 + [True]


async def test_handled_events_are_forgotten_after_their_time_and_open_ones_never(engine: str, tmp_path: Path) -> None:
    async with post.database(engine, tmp_path, "depot") as db:
        await fill(db, ("rice", 1), ("rice", 2), ("atta", 1))
        for delivery in await db.run(inbox.claim, NOW.now(), limit=2, lease_s=30):
            await db.run(inbox.done, delivery)
        assert await db.run(inbox.forget_done, _later(NOW.now(), -3600)) == 0
        assert await db.run(inbox.forget_done, _later(NOW.now(), 3600)) == 2
        assert await db.read(inbox.depth) == {"waiting": 1, "parked": 0}


async def test_closing_lets_a_running_handler_finish_and_keeps_the_rest(engine: str, tmp_path: Path) -> None:
    begun = asyncio.Event()
    finished: list[int] = []

    async def slow(event: Sold, delivery: Delivery) -> None:
        begun.set()
        await asyncio.sleep(0.05)
        finished.append(event.n)

    async with post.database(engine, tmp_path, "depot") as db:
        bus = Bus(
            "depot", db, MemoryTransport({}), [Subscription(Sold, slow)], clock=NOW, options=replace(QUICK, slots=1)
        )
        await fill(db, ("rice", 1), ("rice", 2))
        await bus.start()
        await begun.wait()
        await bus.close()
        assert finished == [1]
        [left] = await db.run(inbox.claim, NOW.now(), limit=9, lease_s=1)
        assert left.envelope.id == "evt_rice_2"


async def test_an_outcome_that_could_not_be_kept_brings_the_event_back(
    engine: str, tmp_path: Path, depot: Depot
) -> None:
    async with post.database(engine, tmp_path, "depot") as db:
        bus = Bus("depot", _Forgetful(db, 1), MemoryTransport({}), [Subscription(Sold, depot.handle)], clock=NOW,
                  options=replace(QUICK, lease_s=0.3))  # fmt: skip
        await fill(db, ("rice", 1))
        with structlog.testing.capture_logs() as lines:
            await bus.start()
            await post.until(lambda: _is(depot.heard, [("rice", 1)] * 2))
            await bus.close()
        assert "outcome not kept" in [line["event"] for line in lines]
        assert await db.read(inbox.depth) == {"waiting": 0, "parked": 0}


class _Forgetful:
    """A database that is away for the first `times` outcomes."""

    def __init__(self, db: Database, times: int) -> None:
        self._db, self._times, self.service = db, times, db.service
        self.read, self.on_news, self.close = db.read, db.on_news, db.close

    async def run(self, unit: Any, /, *args: Any, **kwargs: Any) -> Any:
        if unit is inbox.done and self._times:
            self._times -= 1
            raise errors.DiskFull(seconds=1)
        return await self._db.run(unit, *args, **kwargs)
