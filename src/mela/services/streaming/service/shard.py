"""One of the databases: what comes within a moment is written to it together, and what was counted in it is remembered."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import MelaError, Retryable
from mela.services.streaming import store
from mela.services.streaming.model import Counted, Session
from mela.services.streaming.settings import StreamingSettings

Waiting = list[tuple[str, asyncio.Future[bool]]]


@dataclass
class _Gathered:
    """Signs of life (kbit/s by session) and ends that have come since the last statement, and who waits for an answer."""

    signs: dict[str, int] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    waiting: Waiting = field(default_factory=list)


class Shard:
    """Sessions in one database, as this pod writes and counts them."""

    def __init__(self, db: Database, clock: Clock, settings: StreamingSettings) -> None:
        self._db, self._clock, self._settings = db, clock, settings
        self._gathered = _Gathered()
        self._writing: set[asyncio.Task[None]] = set()
        self._known: dict[str, Counted] = {}

    async def start(self, session: Session, key: str) -> str:
        """Keep a new session; the same key again gives the session of then. Raises: KeyReused."""
        return await self._db.run(store.start, session, key, [session.match_id])

    async def go_on(self, session_id: str, kbps: int) -> bool:
        """A sign of life: whether the session goes on. Written when it returns, together with those of the same moment."""
        self._gathered.signs[session_id] = kbps
        return await self._written(session_id)

    async def end(self, session_id: str) -> None:
        """The session is over when it returns."""
        self._gathered.ended.add(session_id)
        await self._written(session_id)

    async def counted(self, match_id: str) -> tuple[Counted, bool]:
        """Who watches a match here, and whether that is a fresh count or, as the database is away, what was known last.

        Raises: Retryable when it is away and nothing is known.
        """
        try:
            found = self._known[match_id] = await self._count(match_id)
        except MelaError:
            if match_id not in self._known:
                raise
            return self._known[match_id], False
        return found, True

    async def forget(self) -> None:
        """Drop what has been over for long."""
        await self._db.run(store.forget, self._clock.now() - timedelta(seconds=self._settings.forget_s))

    async def close(self) -> None:
        """Write what has been gathered."""
        while self._writing:
            await asyncio.gather(*self._writing)

    async def _count(self, match_id: str) -> Counted:
        now = self._clock.now()
        found, mine = await self._db.run(store.look, match_id, now, now - timedelta(seconds=self._settings.count_s))
        if mine or found is None:
            found = await self._db.read(store.count, match_id, now)
            await self._db.run(store.keep, match_id, found)
        return found

    async def _written(self, session_id: str) -> bool:
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        waiting = self._gathered.waiting
        waiting.append((session_id, answer))
        if len(waiting) == 1:
            task = asyncio.create_task(self._write_soon(self._gathered))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)
        return await answer

    async def _write_soon(self, gathered: _Gathered) -> None:
        await asyncio.sleep(self._settings.gather_ms / 1000)
        self._gathered = _Gathered()
        now = self._clock.now()
        silent = now + timedelta(seconds=self._settings.silent_s)
        try:
            over = await self._db.run(store.go_on, gathered.signs, sorted(gathered.ended), now, silent)
        except BaseException as error:
            failure = error if isinstance(error, Exception) else Retryable("kernel.shutting_down", seconds=1)
            for _, answer in gathered.waiting:
                if not answer.done():
                    answer.set_exception(failure)
            if not isinstance(error, Exception):
                raise
            return
        for session_id, answer in gathered.waiting:
            if not answer.done():
                answer.set_result(session_id not in over)
