"""Sessions in several databases: where each lies, what a match's count is, and what holds while one of them is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mela.kernel import ids
from mela.kernel.clock import FakeClock
from mela.kernel.db import Database, open_database
from mela.kernel.db.migrate import migrate
from mela.kernel.errors import Retryable
from mela.services.streaming import rules
from mela.services.streaming.model import Match, Rung
from mela.services.streaming.service import SessionOver, Streaming
from mela.services.streaming.settings import StreamingSettings
from tests import kit

START = datetime(2026, 11, 29, 14, tzinfo=UTC)
FINAL = Match("final", {}, START, START + timedelta(days=1), ())
LADDER = (Rung("240p", 250), Rung("480p", 900))
SHARDS = 4


@dataclass
class Pods:
    """Pods over the same databases."""

    dbs: list[Database]
    clock: FakeClock

    def pod(self, **settings: float) -> Streaming:
        """A pod that counts whenever it is asked."""
        given = {"gather_ms": 0, "count_s": 0, **settings}
        return Streaming(self.dbs, self.clock, [FINAL], LADDER, StreamingSettings(**given))  # type: ignore[arg-type]

    async def begun(self, pod: Streaming, viewers: int) -> list[str]:
        """So many sessions of that pod."""
        return [(await pod.start("final", 1200, f"viewer-{number:05}"))[0] for number in range(viewers)]


@asynccontextmanager
async def databases(engine: str, folder: Path) -> AsyncIterator[Pods]:
    urls = [kit.database_url(engine, folder, f"streaming{number}") for number in range(SHARDS)]
    for url in urls:
        migrate(url, service="streaming", package="mela.services.streaming.migrations")
    dbs = [open_database(url, service="streaming") for url in urls]
    try:
        yield Pods(dbs, FakeClock(START))
    finally:
        for db in dbs:
            await db.close()


@pytest.fixture(params=kit.ENGINES)
async def pods(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Pods]:
    async with databases(request.param, tmp_path) as found:
        yield found


def home(session: str) -> int:
    return rules.shard(session, SHARDS)


async def test_sessions_lie_in_all_databases_and_the_count_is_their_sum(pods: Pods) -> None:
    first, second = pods.pod(), pods.pod()
    sessions = await pods.begun(first, 60)
    assert {home(each) for each in sessions} == set(range(SHARDS))
    found = await second.audience("final")
    assert (found.viewers, round(found.mbps, 3), found.at, found.away) == (60, 54.0, START, 0)
    await asyncio.gather(*(second.end(each) for each in sessions[:25]))
    assert (await first.audience("final")).viewers == 35


async def test_signs_of_one_moment_are_one_statement_and_each_learns_its_own_fate(pods: Pods) -> None:
    pod = pods.pod(gather_ms=5)
    sessions = await pods.begun(pod, 40)
    await asyncio.gather(*(pod.end(each) for each in sessions[:10]))
    pods.clock.advance(50)
    answers = await asyncio.gather(*(pod.go_on(each, 0) for each in sessions), return_exceptions=True)
    assert [isinstance(each, SessionOver) for each in answers] == [True] * 10 + [False] * 30
    pods.clock.advance(50)
    assert (await pod.audience("final")).viewers == 30


async def test_a_database_that_is_away_is_counted_as_it_was_and_that_is_said(pods: Pods) -> None:
    pod = pods.pod()
    sessions = await pods.begun(pod, 40)
    there = await pod.audience("final")
    await pods.dbs[0].close()
    pods.clock.advance(20)
    away = [each for each in sessions if home(each) == 0]
    others = [each for each in sessions if home(each) != 0]
    await asyncio.gather(*(pod.end(each) for each in others[:5]))
    found = await pod.audience("final")
    assert (found.viewers, found.at, found.away) == (35, there.at, 1)
    for each in away:
        with pytest.raises(Retryable):
            await pod.go_on(each, 0)
    await asyncio.gather(*(pod.go_on(each, 0) for each in others[5:]))


async def test_a_pod_that_never_counted_says_nothing_rather_than_too_little(pods: Pods) -> None:
    await pods.begun(pods.pod(), 8)
    await pods.dbs[0].close()
    with pytest.raises(Retryable):
        await pods.pod().audience("final")


async def test_a_pod_that_dies_before_it_writes_takes_only_signs_that_nobody_was_told_of(pods: Pods) -> None:
    pod, other = pods.pod(gather_ms=60_000), pods.pod()
    sessions = await pods.begun(other, 10)
    pods.clock.advance(40)
    waiting = [asyncio.create_task(pod.go_on(each, 0)) for each in sessions]
    await asyncio.sleep(0)
    assert not any(each.done() for each in waiting)
    for each in waiting:
        each.cancel()
    assert (await other.audience("final")).viewers == 10
    await asyncio.gather(*(other.go_on(each, 0) for each in sessions[:6]))
    pods.clock.advance(30)
    assert (await other.audience("final")).viewers == 6


async def test_one_pod_counts_for_all_until_the_count_is_old(pods: Pods) -> None:
    pod, other = pods.pod(count_s=2), pods.pod(count_s=2)
    await pods.begun(pod, 3)
    assert (await pod.audience("final")).viewers == 3
    await pods.begun(pod, 5)
    pods.clock.advance(1)
    assert (await other.audience("final")).viewers == 3
    pods.clock.advance(2)
    assert [(await each.audience("final")).viewers for each in (other, pod)] == [5, 5]


async def test_a_pod_that_stops_writes_what_it_has(pods: Pods) -> None:
    pod = pods.pod(gather_ms=20)
    (session,) = await pods.begun(pod, 1)
    pods.clock.advance(50)
    sign = asyncio.create_task(pod.go_on(session, 0))
    await asyncio.sleep(0)
    await pod.close()
    await sign
    pods.clock.advance(50)
    assert (await pods.pod().audience("final")).viewers == 1


def test_databases_have_even_shares_of_the_sessions() -> None:
    shards = 12
    counts = [0] * shards
    for number in range(24_000):
        counts[rules.shard(ids.new_id("watch")[:-2] + rules.slot(f"viewer-{number}"), shards)] += 1
    assert max(counts) < 1.15 * min(counts)


def test_every_id_that_a_person_may_send_has_a_place() -> None:
    for letters in ("00", "ZZ", "UI", "9L"):
        assert 0 <= rules.shard(f"watch_{'0' * 24}{letters}", SHARDS) < SHARDS
