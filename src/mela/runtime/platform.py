"""One process's services, from settings to a running application and back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI
from sqlalchemy import text

from mela import __version__
from mela.contracts.accounts import Accounts
from mela.kernel import i18n, ids
from mela.kernel import settings as kernel_settings
from mela.kernel.auth import Principal
from mela.kernel.clock import Clock, SystemClock
from mela.kernel.db.migrate import migrate
from mela.kernel.errors import MelaError
from mela.kernel.events import inbox, outbox
from mela.kernel.service import Job
from mela.kernel.telemetry import metrics
from mela.kernel.web import Health, WebSettings, create_app
from mela.runtime import about, registry
from mela.runtime.control import Room
from mela.runtime.control.access import LOOPBACK
from mela.runtime.reading import Keeper
from mela.runtime.settings import PlatformSettings, laptop_defaults, operator_token
from mela.runtime.wiring import Built, Wiring

log = structlog.get_logger()
_KERNEL_MESSAGES = Path(i18n.__file__).parent / "data" / "messages.yaml"
_SITE = Path(__file__).parent / "site"
"""Where `make up` builds the shop, and the wheel carries it."""
_REMEMBER_S = 3.0
"""How long a token's owner is remembered: a revoked token works this much longer."""
_FIRST_TURN_S = 1.0
"""A job's first turn comes within this time."""


class Platform:
    """The services of this process. `app` is complete once `open` has returned."""

    def __init__(
        self,
        names: list[str],
        settings: PlatformSettings,
        *,
        clock: Clock | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.names = [name for name in registry.ENTRIES if name in names]
        self.settings = settings
        self.clock = clock or SystemClock()
        given = kernel_settings.environment() if environ is None else dict(environ)
        self._whole = len(self.names) == len(registry.ENTRIES)
        self._environ = (laptop_defaults(settings) if self._whole else {}) | given
        self.wiring = Wiring(self.names, settings, self._environ, self.clock)
        self.health = Health()
        self._timers: list[asyncio.Task[None]] = []

    def open(self) -> FastAPI:
        """Migrate the databases, build the services and the application. Nothing runs yet.

        Raises: SettingsError, NewerDatabase.
        """
        for name in self.names:
            service = registry.load(name)
            values: Any = kernel_settings.read(service.settings, f"MELA_{name.upper()}", self._environ)
            if service.migrations:
                for shard in self.settings.shards_of(service):
                    migrate(self.settings.database_url(name, shard), service=name, package=service.migrations)
            self.wiring.build(service, values)
        self.wiring.find_doors()
        built = self.wiring.built.values()
        self.health.checks = {b.service.name: _alive(b) for b in built}
        self.health.before_metrics = [_queues(b) for b in built]
        web = kernel_settings.read(WebSettings, "MELA_WEB", self._environ)
        self._room = Room(
            self.wiring, self._environ, self.clock, operator=lambda: operator_token(self.settings.data),
            streams=lambda: len(app.state.streams),
        )  # fmt: skip
        app = create_app(
            "Mela" if len(built) > 1 else f"Mela {self.names[0]}", version=__version__, description=about.DESCRIPTION,
            routers=[*(b.parts.router for b in built if b.parts.router), self._room.router], routes=self.wiring.rpc_routes(), health=self.health,
            messages=i18n.Messages.load(_KERNEL_MESSAGES, *registry.message_files()), authenticator=_Remembering(self._accounts, self.clock),
            settings=web, lifespan=self._life, tags=about.TAGS, site=_SITE if self._whole else None,
            lanes=[lane for b in built for lane in b.parts.lanes],
            direct={path: route for b in built for path, route in b.parts.direct.items()},
            keep_reads=Keeper({b.service.name: b.db for b in built}, self.clock),
        )  # fmt: skip
        app.state.at_the_machine = self.settings.host in LOOPBACK and not web.trust_forwarded
        return app

    async def load_samples(self) -> dict[str, int]:
        """Put the sample data in where it is missing; how many records by service."""
        loaders = {name: b.parts.load_samples for name, b in self.wiring.built.items() if b.parts.load_samples}
        return {name: await load() for name, load in loaders.items()}

    async def close(self) -> None:
        """Let go of databases and connections, where nothing was started."""
        for built in self.wiring.built.values():
            for db in built.shards:
                await db.close()
        await self.wiring.http.aclose()

    @asynccontextmanager
    async def _life(self) -> AsyncIterator[None]:
        """Events and timers run inside; then what is under way finishes, in the opposite order."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.wiring.http.aclose)
            for built in self.wiring.built.values():
                for db in built.shards:
                    stack.push_async_callback(db.close)
                if built.parts.close:
                    stack.push_async_callback(built.parts.close)
                stack.push_async_callback(built.transport.close)
            for built in self.wiring.built.values():
                if built.service.events:
                    await built.bus.start()
                    stack.push_async_callback(built.bus.close)
                self._timers += [asyncio.create_task(_repeat(built, job)) for job in built.parts.jobs]
            stack.push_async_callback(self._stop_timers)
            await stack.enter_async_context(self._room.open())
            yield
            self.health.ready = False

    async def _stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        await asyncio.gather(*self._timers, return_exceptions=True)

    def _accounts(self) -> Accounts:
        accounts: Any = self.wiring.peer(Accounts, caller=self.names[0])
        return accounts  # type: ignore[no-any-return]


class _Remembering:
    """Asks accounts whose token it is, and remembers the answer for seconds. Refusals are not remembered.

    Neither are API keys: one that is revoked ends at once, everywhere.
    """

    def __init__(self, accounts: Callable[[], Accounts], clock: Clock) -> None:
        self._find, self._clock = accounts, clock
        self._known: dict[str, tuple[float, Principal]] = {}
        self._accounts: Accounts | None = None

    async def identify(self, *, token: str) -> Principal:
        """See `Authenticator.identify`."""
        now = self._clock.monotonic()
        known = self._known.get(token)
        if known and now - known[0] < _REMEMBER_S:
            return known[1]
        self._accounts = self._accounts or self._find()
        principal = await self._accounts.identify(token=token)
        if principal.kind == "merchant":
            return principal
        if len(self._known) > 10_000:
            self._known.clear()
        self._known[token] = (now, principal)
        return principal


def _alive(built: Built) -> Callable[[], Any]:
    """Asks all its databases at once until one answers: of many, one that is away takes nobody with it."""

    async def ask() -> None:
        asked = [asyncio.ensure_future(db.read(lambda conn: conn.execute(text("select 1")))) for db in built.shards]
        failures: list[MelaError] = []
        try:
            for answer in asyncio.as_completed(asked):
                try:
                    await answer
                    return
                except MelaError as error:
                    failures.append(error)
            raise failures[0]
        finally:
            for each in asked:
                each.cancel()

    return ask


def _queues(built: Built) -> Callable[[], Any]:
    """Refreshes the gauges of a service's outbox and inbox."""

    async def refresh() -> None:
        if not built.service.events:
            return
        metrics.OUTBOX.labels(built.service.name).set(await built.db.read(outbox.waiting))
        for state, count in (await built.db.read(inbox.depth)).items():
            metrics.INBOX.labels(built.service.name, state).set(count)

    return refresh


async def _repeat(built: Built, job: Job) -> None:
    """Run a job for ever; a failure is logged and the next turn comes.

    The first comes soon, however long it is between two: in a process that dies often there would be none.
    """
    service, wait_s = built.service.name, ids.jitter(min(job.every_s, _FIRST_TURN_S), 1.0)
    while True:
        await asyncio.sleep(wait_s)
        wait_s, outcome = ids.jitter(job.every_s, 0.1), "failed"
        with metrics.JOB.labels(service, job.name).time():
            try:
                await job.run()
                outcome = "done"
            except Exception as error:  # noqa: BLE001 - the next turn may succeed
                log.warning("job failed", service=service, job=job.name, reason=repr(error))
        metrics.JOBS.labels(service, job.name, outcome).inc()
