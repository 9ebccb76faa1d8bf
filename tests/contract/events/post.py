"""Two services that write to each other: a shop that tells, a depot that hears."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from confluent_kafka import Producer
from sqlalchemy import Connection

from mela.kernel import messages
from mela.kernel.clock import Clock, SystemClock
from mela.kernel.db import Database, open_database
from mela.kernel.events import Bus, Delivery, Subscription, emit, inbox, metadata, schema
from mela.kernel.events.bus import BusOptions, Transport
from mela.kernel.events.kafka import KafkaTransport
from mela.kernel.events.memory import Door, MemoryTransport
from tests import kit

QUICK = BusOptions(attempts=3, first_wait_s=0.01, longest_wait_s=0.05, poll_s=0.02, lease_s=5.0)


@messages.event("shop.sold", key="item")
@dataclass(frozen=True)
class Sold:
    """The `n`-th piece of an item was sold."""

    item: str
    n: int


Handler = Callable[[Any, Delivery], Awaitable[None]]


@dataclass
class Depot:
    """What the depot heard, in order; `trouble` is raised for an event as often as it is listed."""

    heard: list[tuple[str, int]] = field(default_factory=list)
    tries: list[tuple[str, int]] = field(default_factory=list)
    trouble: dict[tuple[str, int], list[BaseException]] = field(default_factory=dict)

    async def handle(self, event: Sold, delivery: Delivery) -> None:
        self.tries.append((event.item, event.n))
        if errors := self.trouble.get((event.item, event.n)):
            raise errors.pop(0)
        self.heard.append((event.item, event.n))

    def of(self, item: str) -> list[int]:
        return [n for name, n in self.heard if name == item]


@dataclass
class Post:
    """Both ends, running."""

    shop: Database
    depot: Database
    shop_bus: Bus
    depot_bus: Bus
    servers: str | None
    coming: int = 0
    """How many events the depot is to get."""

    async def sell(self, item: str, *numbers: int) -> list[str]:
        self.coming += len(numbers)
        return [await self.shop.run(emit, Sold(item, n)) for n in numbers]

    async def settled(self) -> None:
        """Wait until all have come and none waits but behind a parked one."""
        await until(self._settled)

    async def _settled(self) -> bool:
        return await self.depot.read(_settled, self.coming)


async def until(true: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not await true():  # noqa: ASYNC110 - the state is in a database
            await asyncio.sleep(0.01)


def _settled(conn: Connection, coming: int) -> bool:
    behind = sum(event.behind for event in inbox.parked(conn))
    received = conn.execute(sa.select(sa.func.count()).select_from(schema.inbox)).scalar_one()
    return received == coming and inbox.depth(conn)["waiting"] == behind


@asynccontextmanager
async def database(engine: str, folder: Path, name: str) -> AsyncIterator[Database]:
    db = open_database(kit.database_url(engine, folder, name), service=name)
    await db.run(metadata.create_all)
    try:
        yield db
    finally:
        await db.close()


@asynccontextmanager
async def mock_broker() -> AsyncIterator[str]:
    """The broker inside librdkafka, in this process: it lives as long as the client that asked for it.

    Source: https://github.com/confluentinc/librdkafka/blob/master/src/rdkafka_mock.h (2026-11-23).
    """
    host = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "127.0.0.1:1", "log_level": 0})
    broker = next(iter(host.list_topics(timeout=10).brokers.values()))
    yield f"{broker.host}:{broker.port}"
    del host


@asynccontextmanager
async def running(
    carrier: str,
    engine: str,
    folder: Path,
    handler: Handler,
    *,
    clock: Clock | None = None,
    options: BusOptions = QUICK,
) -> AsyncIterator[Post]:
    """Start both ends on fresh databases."""
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(mock_broker()) if carrier == "kafka" else None
        shop = await stack.enter_async_context(database(engine, folder, "shop"))
        depot = await stack.enter_async_context(database(engine, folder, "depot"))
        doors: dict[str, list[Door]] = {}

        def transport(name: str) -> Transport:
            return KafkaTransport(servers, service=name) if servers else MemoryTransport(doors)

        out, into = transport("shop"), transport("depot")
        shop_bus = Bus("shop", shop, out, [], clock=clock, options=options)
        depot_bus = Bus("depot", depot, into, [Subscription(Sold, handler)], clock=clock, options=options)
        doors["shop.sold"] = [depot_bus]
        for bus, carrying in ((shop_bus, out), (depot_bus, into)):
            stack.push_async_callback(carrying.close)
            await bus.start()
            stack.push_async_callback(bus.close)
        yield Post(shop, depot, shop_bus, depot_bus, servers)
