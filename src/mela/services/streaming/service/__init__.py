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
from mela.services.streaming import rules
from mela.services.streaming.model import Audience, Match, Rung, Session, Tier
from mela.services.streaming.service.shard import Shard
from mela.services.streaming.settings import StreamingSettings

VIEWERS = Gauge("mela_streaming_viewers", "Viewers now; each pod tells the whole, so take the largest", ["match"])
MBPS = Gauge("mela_streaming_mbps", "Bandwidth of all viewers, Mbit/s; each pod tells the whole", ["match"])
SESSIONS = Counter("mela_streaming_sessions_total", "Sessions by how they began or ended", ["how"])
AWAY = Gauge("mela_streaming_databases_away", "Databases that gave this pod no answer when it counted last")
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
    """Counts who watches. Needs its databases, the matches and the qualities of the video."""

    def __init__(
        self, dbs: Sequence[Database], clock: Clock, matches: Sequence[Match], ladder: Sequence[Rung], settings: StreamingSettings
    ) -> None:  # fmt: skip
        self._clock, self._settings = clock, settings
        self._shards = [Shard(db, clock, settings) for db in dbs]
        self._matches = {match.id: match for match in matches}
        self.ladder = tuple(ladder)
        self._shares = (settings.refuse_starts_from, settings.refuse_home_from)
        self._in_flight = 0
        self._last: dict[str, Audience] = {}
        self._everybody = 0

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
        rung = self.quality(measured_kbps)
        silent = now + timedelta(seconds=self._settings.silent_s)
        session = Session(ids.new_id("watch")[:-2] + rules.slot(key), match_id, rung.kbps, now, silent)
        session_id = await self._shard(session.id).start(session, key)
        SESSIONS.labels("started").inc()
        return session_id, rung

    async def go_on(self, session_id: str, measured_kbps: int) -> Rung:
        """The viewer still watches. Durable before it returns; signs that come together share a unit. Raises: SessionOver."""
        rung = self.quality(measured_kbps)
        if not await self._shard(session_id).go_on(session_id, rung.kbps):
            raise SessionOver
        return rung

    async def end(self, session_id: str) -> None:
        """The viewer has left; already gone: nothing happens. Durable before it returns."""
        await self._shard(session_id).end(session_id)
        SESSIONS.labels("ended").inc()

    async def audience(self, match_id: str) -> Audience:
        """Who watches, in all pods and databases together; of a database that is away, who was known last. Raises: UnknownMatch."""
        self._match(match_id)
        parts = await asyncio.gather(*(each.counted(match_id) for each in self._shards))
        away = sum(not is_fresh for _, is_fresh in parts)
        counts = [counted for counted, _ in parts]
        mbps = sum(each.kbps for each in counts) / 1000
        found = Audience(match_id, sum(each.viewers for each in counts), mbps, min(each.at for each in counts), away)
        self._last[match_id] = found
        self._everybody = sum(each.viewers for each in self._last.values())
        VIEWERS.labels(match_id).set(found.viewers)
        MBPS.labels(match_id).set(found.mbps)
        AWAY.set(away)
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
        """Drop what has been over for long; a database that is away keeps it until the next time."""
        await asyncio.gather(*(each.forget() for each in self._shards), return_exceptions=True)

    async def close(self) -> None:
        """Write what has been gathered."""
        await asyncio.gather(*(each.close() for each in self._shards))

    def _match(self, match_id: str) -> Match:
        if match_id not in self._matches:
            raise UnknownMatch
        return self._matches[match_id]

    def _shard(self, session_id: str) -> Shard:
        return self._shards[rules.shard(session_id, len(self._shards))]

    def quality(self, measured_kbps: int) -> Rung:
        """What a viewer with this line gets to see now."""
        return rules.quality(self.ladder, measured_kbps, self._everybody, self._settings.budget_mbps)
