"""What a service is to the runtime: a name, what it needs, and how to build it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import httpx2
from fastapi import APIRouter
from sqlalchemy import Table
from starlette.routing import Route

from mela.kernel.clock import Clock
from mela.kernel.db.database import Database
from mela.kernel.events.bus import Subscription
from mela.kernel.web.lanes import Lane

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True)
class Job:
    """Work on a timer: `run` is awaited soon after the start, then every `every_s` seconds, with jitter.

    In several pods it runs in each of them.
    """

    name: str
    every_s: float
    run: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Parts:
    """A built service. `load_samples` puts sample data into an empty database and may be repeated."""

    implementation: object
    router: APIRouter | None = None
    subscriptions: list[Subscription] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    load_samples: Callable[[], Awaitable[int]] | None = None
    close: Callable[[], Awaitable[None]] | None = None
    lanes: list[Lane] = field(default_factory=list)
    direct: Mapping[str, Route] = field(default_factory=dict)


@dataclass(frozen=True)
class Context(Generic[S]):
    """What the runtime hands to a service. `url` is where the outside reaches this process.

    `shards`: of a sharded service, all its databases, `db` the first of them. `renew`: the settings with the secrets of now,
    where those may change.
    """

    settings: S
    db: Database
    clock: Clock
    http: httpx2.AsyncClient
    url: str
    peers: Mapping[type, object] = field(default_factory=dict)
    shards: Sequence[Database] = ()
    renew: Callable[[], S] | None = None

    def now(self) -> S:
        """The settings with the secrets of now."""
        return self.renew() if self.renew else self.settings

    def peer(self, contract: type[T]) -> T:
        """The service that keeps this contract, here or elsewhere."""
        return cast(T, self.peers[contract])


@dataclass(frozen=True)
class Service:
    """A service as its `app.py` declares it.

    `contract`: the Protocol that it keeps, None for a simulator. `uses`: the contracts it calls. `permits`: which methods of
    its own contract each other service may call. `events`: it emits or hears some, so it
    has an outbox and an inbox. `migrations`: package of Alembic scripts. `messages`: error texts. `personal`: its tables with
    sealed columns. `sharded`: its rows may be spread over several databases of one schema; it says itself what lies where.
    """

    name: str
    settings: type
    build: Callable[[Context[Any]], Parts]
    contract: type | None = None
    uses: tuple[type, ...] = ()
    permits: Mapping[str, frozenset[str]] = field(default_factory=dict)
    events: bool = False
    migrations: str | None = None
    messages: Path | None = None
    personal: tuple[Table, ...] = ()
    sharded: bool = False
