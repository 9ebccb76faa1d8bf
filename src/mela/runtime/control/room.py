"""Puts the control room of a process together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from fastapi import APIRouter

from mela.kernel.clock import Clock
from mela.kernel.telemetry import tracing
from mela.kernel.telemetry.recent import Recent
from mela.kernel.web import bodies
from mela.runtime.control import books, chaos, crowd, events, library, personal, rehearsals, stage, watch
from mela.runtime.control.sampler import Sampler
from mela.runtime.wiring import Wiring


class Room:
    """The control room. `operator`: this laptop's own token, None where there is none; `streams`: how many are open."""

    def __init__(
        self, wiring: Wiring, environ: Mapping[str, str], clock: Clock, *,
        operator: Callable[[], str | None], streams: Callable[[], int],
    ) -> None:  # fmt: skip
        self._recent = Recent(clock.now)
        self._sampler = Sampler(wiring.built, self._recent, clock, streams)
        self._crowd = crowd.Crowd(wiring.settings.own_url, operator)
        self._stage, self._library = stage.Stage(clock), library.Library()
        self.router = self._router(wiring, environ, clock, operator)

    def _router(
        self, wiring: Wiring, environ: Mapping[str, str], clock: Clock, operator: Callable[[], str | None]
    ) -> APIRouter:
        api = bodies.router("/api/control", tags=["control room"])
        watch.add(api, wiring.built, self._sampler, self._recent)
        events.add(api, wiring.built, clock)
        personal.add(api, wiring.built)
        books.add(api, books.Services(wiring.http, wiring.url_of, operator))
        chaos.add(api, chaos.Drawer(wiring.http, environ))
        crowd.add(api, self._crowd)
        rehearsals.add(api, self._stage, self._library)
        return api

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Figures are taken inside; a crowd goes home at the end, and a rehearsal ends with it."""
        tracing.remember(self._recent)
        sampling = asyncio.create_task(self._sampler.run())
        try:
            yield
        finally:
            await self._crowd.end()
            await self._stage.close()
            await self._library.close()
            sampling.cancel()
            await asyncio.gather(sampling, return_exceptions=True)
            tracing.forget()
