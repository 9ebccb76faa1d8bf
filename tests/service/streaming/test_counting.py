"""Viewers are counted exactly: whatever viewers, pods, restarts and time do, the count is that of a simple reference."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from mela.kernel.clock import FakeClock
from mela.kernel.db import open_database
from mela.kernel.db.migrate import migrate
from mela.services.streaming.model import Match, Rung
from mela.services.streaming.service import SessionOver, Streaming
from mela.services.streaming.settings import StreamingSettings

T = TypeVar("T")
START = datetime(2026, 11, 29, 14, tzinfo=UTC)
MATCHES = tuple(Match(name, {}, START, START + timedelta(days=1), ()) for name in ("semi", "final"))
LADDER = (Rung("240p", 250), Rung("480p", 900))
SETTINGS = StreamingSettings(heartbeat_s=25, silent_s=60, gather_ms=0, count_s=0)
SHARDS = 3


class Audiences(RuleBasedStateMachine):
    """Two pods over three databases, a clock, and viewers who come, stay, go and fall silent. Pods die and are started anew."""

    sessions = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = TemporaryDirectory()
        self.urls = [f"sqlite:///{Path(self.folder.name) / f'streaming-{each}.db'}" for each in range(SHARDS)]
        for url in self.urls:
            migrate(url, service="streaming", package="mela.services.streaming.migrations")
        self.clock = FakeClock(START)
        self.expected: dict[str, tuple[str, datetime]] = {}

    @initialize()
    def begin(self) -> None:
        self._open()

    def _open(self) -> None:
        async def start() -> None:
            self.dbs = [open_database(url, service="streaming") for url in self.urls]
            self.pods = [Streaming(self.dbs, self.clock, MATCHES, LADDER, SETTINGS) for _ in range(2)]

        self.run(start())

    async def _close(self) -> None:
        for db in self.dbs:
            await db.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @rule(target=sessions, pod=st.integers(0, 1), match=st.sampled_from(MATCHES))
    def come(self, pod: int, match: Match) -> str:
        key = f"key-{len(self.expected):08}"
        session, _ = self.run(self.pods[pod].start(match.id, 0, key))
        again, _ = self.run(self.pods[1 - pod].start(match.id, 0, key))
        assert again == session
        self.expected[session] = (match.id, self.clock.now() + timedelta(seconds=60))
        return session

    @rule(session=sessions, pod=st.integers(0, 1))
    def stay(self, session: str, pod: int) -> None:
        match, silent = self.expected[session]
        if silent > self.clock.now():
            self.run(self.pods[pod].go_on(session, 0))
            self.expected[session] = (match, self.clock.now() + timedelta(seconds=60))
        else:
            with pytest.raises(SessionOver):
                self.run(self.pods[pod].go_on(session, 0))

    @rule(session=sessions)
    def stay_in_both_pods_while_one_leaves(self, session: str) -> None:
        """A sign and an end at the same moment: whoever is first, the session is over."""

        async def together() -> None:
            signs = self.pods[0].go_on(session, 0), self.pods[1].go_on(session, 0)
            await asyncio.gather(*signs, self.pods[0].end(session), return_exceptions=True)

        self.run(together())
        match, _ = self.expected[session]
        self.expected[session] = (match, self.clock.now())

    @rule(session=sessions, pod=st.integers(0, 1))
    def leave(self, session: str, pod: int) -> None:
        self.run(self.pods[pod].end(session))
        match, _ = self.expected[session]
        self.expected[session] = (match, self.clock.now())

    @rule(seconds=st.sampled_from([0.001, 1, 25, 59.999, 60, 61]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule()
    def the_sweep_runs(self) -> None:
        self.run(self.pods[0].forget())

    @rule()
    def all_pods_are_restarted(self) -> None:
        self.run(self._close())
        self._open()

    @invariant()
    def both_pods_count_exactly(self) -> None:
        now = self.clock.now()
        for match in MATCHES:
            living = [silent for of, silent in self.expected.values() if of == match.id and silent > now]
            for pod in self.pods:
                assert self.run(pod.audience(match.id)).viewers == len(living)

    def teardown(self) -> None:
        self.run(self._close())
        self.loop.close()
        self.folder.cleanup()


TestAudiences = Audiences.TestCase
TestAudiences.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
