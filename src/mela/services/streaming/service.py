"""The use cases of streaming."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from prometheus_client import Counter, Gauge

from mela.kernel import ids
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import NotFound, Retryable
from mela.services.streaming import rules, store
from mela.services.streaming.model import Audience, Match, Rung, Session, Tier
from mela.services.streaming.settings import StreamingSettings

VIEWERS = Gauge("mela_streaming_viewers", "Viewers now; each pod tells the whole, so take the largest", ["match"])
MBPS = Gauge("mela_streaming_mbps", "Bandwidth of all viewers, Mbit/s; each pod tells the whole", ["match"])
SESSIONS = Counter("mela_streaming_sessions_total", "Sessions by how they began or ended", ["how"])
REFUSED = Counter("mela_streaming_refused_total", "Requests refused under pressure, by tier", ["tier"])


class UnknownMatch(NotFound):
    """There is no such match."""

    code = "streaming.unknown_match"


class NotOn(NotFound):
    """The match has not begun or is over. Params: starts."""

    code = "streaming.not_on"


class SessionOver(NotFound):
    """The session was silent for too long, was ended, or never was: start another."""

    code = "streaming.session_over"


class Crowded(Retryable):
    """Too many at this moment; who watches already comes first. Params: seconds."""

    code = "streaming.crowded"


class Streaming:
    """Counts who watches. Needs its own database, the matches and the qualities of the video."""

    def __init__(
        self, db: Database, clock: Clock, matches: Sequence[Match], ladder: Sequence[Rung], settings: StreamingSettings
    ) -> None:
        self._db, self._clock, self._settings = db, clock, settings
        self._matches = {match.id: match for match in matches}
        self._ladder = tuple(ladder)
        self._shares = (settings.refuse_starts_from, settings.refuse_home_from)
        self._in_flight = 0
        self._signs: dict[str, tuple[store.Sign, list[asyncio.Future[str | None]]]] = {}
        self._writing: set[asyncio.Task[None]] = set()
        self._last: dict[str, Audience] = {}

    @contextmanager
    def admitted(self, tier: Tier) -> Iterator[None]:
        """A request of the tier being answered. Raises: Crowded, for what matters least first."""
        settings = self._settings
        if rules.is_refused(tier, self._in_flight, settings.in_flight_most, self._shares):
            REFUSED.labels(tier.name.lower()).inc()
            raise Crowded(seconds=rules.retry_after_s(tier, ids.jitter(1.0, 1.0)))
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1

    def matches(self) -> tuple[Match, ...]:
        """All matches, by their start: the calendar that predictive scaling reads."""
        return tuple(self._matches.values())

    async def start(self, match_id: str, measured_kbps: int, key: str) -> tuple[str, Rung]:
        """Begin to watch. The same key again gives the session of then. Raises: UnknownMatch, NotOn, KeyReused."""
        match, now = self._match(match_id), self._clock.now()
        if not rules.is_on(match, now):
            raise NotOn(starts=match.starts.isoformat())
        rung = self._quality(measured_kbps)
        silent = now + timedelta(seconds=self._settings.silent_s)
        session = Session(ids.new_id("watch"), match_id, rung.kbps, now, silent)
        session_id = await self._db.run(store.start, session, key, [match_id])
        SESSIONS.labels("started").inc()
        return session_id, rung

    async def go_on(self, session_id: str, measured_kbps: int) -> Rung:
        """The viewer still watches. Durable before it returns; signs that come together share a unit. Raises: SessionOver."""
        now = self._clock.now()
        rung = self._quality(measured_kbps)
        sign = store.Sign(session_id, rung.kbps, now, now + timedelta(seconds=self._settings.silent_s))
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        _, waiting = self._signs.get(session_id, (sign, []))
        self._signs[session_id] = (sign, [*waiting, answer])
        if len(self._signs) == 1:
            task = asyncio.create_task(self._write_soon())
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)
        if await answer is None:
            raise SessionOver
        return rung

    async def end(self, session_id: str) -> None:
        """The viewer has left; already gone: nothing happens."""
        await self._db.run(store.end, session_id)
        SESSIONS.labels("ended").inc()

    async def audience(self, match_id: str) -> Audience:
        """Who watches now, in all pods together. Raises: UnknownMatch."""
        self._match(match_id)
        found = await self._db.read(store.audience, match_id, self._clock.now())
        self._last[match_id] = found
        VIEWERS.labels(match_id).set(found.viewers)
        MBPS.labels(match_id).set(found.mbps)
        return found

    async def home(self) -> list[tuple[Match, int]]:
        """Matches that are on or to come, with viewers as they were counted last: this page never asks the database."""
        now = self._clock.now()
        shown = [match for match in self._matches.values() if match.ends > now]
        return [(match, self._last[match.id].viewers if match.id in self._last else 0) for match in shown]

    async def count(self) -> None:
        """Count each match that is on: for metrics, the home page and qualities."""
        now = self._clock.now()
        for match in self._matches.values():
            if rules.is_on(match, now):
                await self.audience(match.id)
            elif match.id in self._last:
                await self.audience(match.id)
                del self._last[match.id]

    async def forget(self) -> None:
        """Drop what has been over for long."""
        await self._db.run(store.forget, self._clock.now() - timedelta(seconds=self._settings.forget_s))

    def _match(self, match_id: str) -> Match:
        if match_id not in self._matches:
            raise UnknownMatch
        return self._matches[match_id]

    def _quality(self, measured_kbps: int) -> Rung:
        everybody = sum(audience.viewers for audience in self._last.values())
        return rules.quality(self._ladder, measured_kbps, everybody, self._settings.budget_mbps)

    async def _write_soon(self) -> None:
        """Write the signs that have gathered, and answer those who wait for them."""
        await asyncio.sleep(self._settings.gather_ms / 1000)
        gathered, self._signs = self._signs, {}
        try:
            living = await self._db.run(store.go_on, [sign for sign, _ in gathered.values()])
        except BaseException as error:
            _fail([each for _, waiting in gathered.values() for each in waiting], error)
            if not isinstance(error, Exception):
                raise
            return
        for session_id, (_, waiting) in gathered.items():
            for each in waiting:
                if not each.done():
                    each.set_result(living.get(session_id))


def _fail(waiting: Sequence[asyncio.Future[str | None]], error: BaseException) -> None:
    for each in waiting:
        if not each.done():
            each.set_exception(error if isinstance(error, Exception) else Retryable("kernel.shutting_down", seconds=1))
