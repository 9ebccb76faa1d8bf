"""A service running in a test: its real application over ASGI, its real database, everybody else faked or given."""

import asyncio
import atexit
import importlib
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, Engine, create_engine, select, text
from sqlalchemy.engine import make_url

from mela.contracts.accounts import Erased
from mela.kernel import i18n, messages, settings
from mela.kernel.auth import Kind, Principal
from mela.kernel.clock import Clock, SystemClock
from mela.kernel.db import Database, DatabaseOptions, open_database
from mela.kernel.db.migrate import driver_url, migrate, revisions
from mela.kernel.errors import Unauthenticated
from mela.kernel.events import Bus, outbox
from mela.kernel.events.bus import Transport
from mela.kernel.events.outbox import Envelope
from mela.kernel.events.schema import inbox
from mela.kernel.sealed.files import make_file
from mela.kernel.sealed.keyring import Keyring, load_keyring
from mela.kernel.sealed.opening import open_provider
from mela.kernel.sealed.rotation import Sealer, index_all
from mela.kernel.service import Context, Parts, Service
from mela.kernel.web import Health, WebSettings, create_app
from mela.runtime.reading import Keeper

ENGINES = ["sqlite", *(["postgresql"] if os.environ.get("MELA_TEST_POSTGRES") else [])]
"""What database tests run on: SQLite always, PostgreSQL where a test server's URL is given (the proofs give one)."""


def database_url(engine: str, folder: Path, name: str) -> str:
    """A fresh database for a test."""
    return f"sqlite:///{folder / name}.db" if engine == "sqlite" else _lend(name)


def copied_url(url: str, folder: Path, name: str) -> str:
    """A fresh database that holds what the one at `url` does; nobody may be connected to that."""
    if url.startswith("sqlite"):
        shutil.copyfile(str(make_url(url).database), folder / f"{name}.db")
        return f"sqlite:///{folder / name}.db"
    return _lend(name, like=str(make_url(url).database))


def migrated_url(engine: str, folder: Path, service: Service) -> str:
    """A fresh database with the tables of a service: a copy, which is ten times as fast as its migrations."""
    if service.migrations is None:
        return database_url(engine, folder, service.name)
    if engine != "sqlite":
        server = os.environ["MELA_TEST_POSTGRES"]
        return _lend(service.name, like=_pattern_on(server, service.name, service.migrations))
    file = folder / f"{service.name}.db"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_pattern(service.name, service.migrations), file)
    return f"sqlite:///{file}"


_PATTERNS = tempfile.TemporaryDirectory(prefix="mela-patterns-")


@cache
def _pattern(service: str, package: str) -> Path:
    file = Path(_PATTERNS.name) / f"{service}.db"
    migrate(f"sqlite:///{file}", service=service, package=package)
    return file


@cache
def _pattern_on(server: str, service: str, package: str) -> str:
    url = _create(server, f"{service}_pattern")
    migrate(url, service=service, package=package)
    return str(make_url(url).database)


def _create(server: str, name: str, *, like: str = "") -> str:
    """A new database's URL, on a PostgreSQL; `like` another one, by copying files: three times as fast as through the log.

    Source: https://www.postgresql.org/docs/15/sql-createdatabase.html, `STRATEGY` (recalled); measured on payments' 2026-11-27.
    """
    fresh = f"t_{name}_{uuid.uuid4().hex[:12]}"
    with _admin(server).connect() as conn:
        by_files = " strategy file_copy" if (conn.dialect.server_version_info or ()) >= (15,) else ""
        conn.execute(text(f'create database "{fresh}"' + (f' template "{like}"{by_files}' if like else "")))
    return make_url(server).set(database=fresh).render_as_string(hide_password=False)


_LENT: list[str] = []
"""URLs of the databases of the test that runs."""


def _lend(name: str, *, like: str = "") -> str:
    """A new database's URL, until the test ends."""
    _LENT.append(_create(os.environ["MELA_TEST_POSTGRES"], name, like=like))
    return _LENT[-1]


@pytest.fixture(autouse=True)
def databases_go_with_their_test() -> Iterator[None]:
    """Drop what a test made on a PostgreSQL: a thousand databases are ten gigabytes. What wider fixtures made stays."""
    _LENT.clear()
    yield
    for url in _LENT:
        with _admin(os.environ["MELA_TEST_POSTGRES"]).connect() as conn:
            conn.execute(text(f'drop database "{make_url(url).database}" with (force)'))


@cache
def _admin(server: str) -> Engine:
    """One connection for all the databases that a process makes."""
    engine = create_engine(driver_url(server), isolation_level="AUTOCOMMIT")
    atexit.register(engine.dispose)
    return engine


PATIENT = DatabaseOptions(timeout_s=30)
"""What is asked is whether a unit does right, not how soon: machines that many share are slow, and stop now and then."""


class Tokens:
    """An authenticator that knows the tokens it gave out."""

    def __init__(self) -> None:
        self._known: dict[str, Principal] = {}

    def give(self, kind: Kind, name: str, *scopes: str) -> dict[str, str]:
        """Headers of a caller of this kind and id."""
        token = f"test-token-of-{kind}-{name}-{len(self._known)}"
        self._known[token] = Principal(kind, name, frozenset(scopes))
        return {"authorization": f"Bearer {token}"}

    async def erased(self, *, after: int, most: int) -> list[Erased]:
        """See `Accounts.erased`."""
        return []

    async def identify(self, *, token: str) -> Principal:
        """See `Authenticator.identify`."""
        if token not in self._known:
            raise Unauthenticated("kernel.unauthenticated")
        return self._known[token]


class Published(list[Envelope]):
    """A transport that keeps what is published."""

    async def publish(self, envelopes: list[Envelope]) -> None:
        """See `Transport.publish`."""
        self.extend(envelopes)

    async def subscribe(self, names: list[str], receive: Any) -> None:
        """Nobody publishes to us."""

    async def close(self) -> None:
        """Nothing to do."""


@dataclass
class Running:
    """A service that answers. `published` holds the events it has sent out."""

    client: httpx2.AsyncClient
    service: Any
    parts: Parts
    db: Database
    bus: Bus
    tokens: Tokens
    clock: Clock
    published: Published
    url: str = ""
    sealer: Sealer | None = None

    async def seal(self) -> None:
        """Seal what is plain or under an older key, as the job does."""
        assert self.sealer is not None
        await self.sealer.run()

    async def hand_over(self, envelope: Envelope) -> None:
        """Deliver an event and wait until its handler has finished. Raises: AssertionError when it failed."""
        await self.bus.receive(envelopes=[envelope])
        async with asyncio.timeout(30):
            while (state := await self.db.read(_inbox_state, envelope.id)) != "done":
                assert state == "waiting", f"the event is {state}"
                await asyncio.sleep(0.005)

    async def sent(self, kind: type) -> list[Any]:
        """Events of a kind that the service has sent out, each once, when none is left to send."""
        name = messages.meta(kind).name
        async with asyncio.timeout(30):
            while True:
                if not await self.db.read(outbox.waiting):
                    break
                await asyncio.sleep(0.005)
        once = {envelope.id: envelope for envelope in self.published if envelope.name == name}
        return [messages.from_json(kind, envelope.body) for envelope in once.values()]

    async def run_job(self, name: str) -> None:
        """Run one of the service's jobs now."""
        await next(job for job in self.parts.jobs if job.name == name).run()


@asynccontextmanager
async def running(
    service: Service, folder: Path, *, engine: str = "sqlite", url: str | None = None, clock: Clock | None = None,
    peers: Mapping[type, object] | None = None, environ: Mapping[str, str] | None = None, http: httpx2.AsyncClient | None = None,
    transport: Transport | None = None, web: WebSettings | None = None, raise_errors: bool = True,
) -> AsyncIterator[Running]:  # fmt: skip
    """Start `service` on a fresh database (or on the one at `url`), and stop it."""
    clock = clock or SystemClock()
    values: Any = settings.read(service.settings, f"MELA_{service.name.upper()}", environ or {})
    if url and service.migrations:
        migrate(url, service=service.name, package=service.migrations)
    url = url or migrated_url(engine, folder, service)
    async with AsyncExitStack() as stack:
        keys = keyring(url, folder, service, clock) if service.personal else None
        db = open_database(url, service=service.name, options=PATIENT, keyring=keys)
        stack.push_async_callback(db.close)
        outside: Any = http or await stack.enter_async_context(httpx2.AsyncClient())
        parts = service.build(Context(values, db, clock, outside, "http://test", peers or {}))
        if parts.close:
            stack.push_async_callback(parts.close)
        published, tokens = Published(), Tokens()
        bus = Bus(service.name, db, transport or published, parts.subscriptions, clock=clock)

        @asynccontextmanager
        async def life() -> AsyncIterator[None]:
            if service.events:
                await bus.start()
            yield
            await bus.close()

        messages = _texts(*_message_files(service))
        app = create_app(
            service.name, version="test", description="", routers=[parts.router] if parts.router else [], routes=[],
            health=Health(), messages=messages, authenticator=tokens, settings=web or WebSettings(rate="off"), lifespan=life,
            lanes=parts.lanes, direct=parts.direct,
            keep_reads=Keeper({service.name: db}, clock),
        )  # fmt: skip
        await stack.enter_async_context(app.router.lifespan_context(app))
        asgi = httpx2.ASGITransport(app=app, raise_app_exceptions=raise_errors)
        client = await stack.enter_async_context(httpx2.AsyncClient(transport=asgi, base_url="http://test"))
        sealer = Sealer(db, service.personal, keys, clock) if keys else None
        yield Running(client, parts.implementation, parts, db, bus, tokens, clock, published, url, sealer)


def at_revision(url: str, package: str, revision: str) -> None:
    """Make an empty database as it was at a migration of long ago."""
    engine = create_engine(driver_url(url))
    with engine.begin() as conn:
        migration = MigrationContext.configure(conn)
        with Operations.context(migration):
            for name in revisions(package):
                importlib.import_module(f"{package}.{name}").upgrade()
                if name == revision:
                    break
        migration._ensure_version_table()
        conn.execute(text("insert into alembic_version values (:revision)"), {"revision": revision})
    engine.dispose()


def keyring(url: str, folder: Path, service: Service, clock: Clock) -> Keyring:
    """The keys of a service's database, held by a file in the folder."""
    provider = open_provider(make_file(folder / "keys.json"))
    keys = load_keyring(lambda: url, provider, service=service.name, clock=clock)
    index_all(lambda: url, service.personal, keys)
    return keys


@cache
def _texts(*files: Path) -> i18n.Messages:
    return i18n.Messages.load(*files)


def _message_files(service: Service) -> list[Path]:
    kernel = Path(i18n.__file__).parent / "data" / "messages.yaml"
    return [kernel, *([service.messages] if service.messages else [])]


def _inbox_state(conn: Connection, event_id: str) -> str | None:
    return conn.execute(select(inbox.c.state).where(inbox.c.id == event_id)).scalar()
