"""Runs a story again and again, each time dying one step later, and looks whether it came right after a restart.

    python -m tests.contract.events.dying ENGINE CARRIER FOLDER [FIRST STEP LAST]      prints a JSON line

The story: a shop takes an order and tells, a depot hears, packs once and tells, the shop hears and ships once. A step is a
statement about to run or just run, a COMMIT, a hand-over to the broker. ENGINE: sqlite or postgresql (its server in
MELA_TEST_POSTGRES). CARRIER: memory, or the address of a broker.
"""

import asyncio
import json
import os
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event

from mela.kernel import messages
from mela.kernel.clock import SystemClock
from mela.kernel.db import Database, open_database
from mela.kernel.db.statements import insert_new
from mela.kernel.events import Bus, Delivery, Subscription, create_tables, emit, first_time, inbox, outbox, schema
from mela.kernel.events.bus import BusOptions, Transport
from mela.kernel.events.kafka import KafkaTransport
from mela.kernel.events.memory import Door, MemoryTransport
from mela.kernel.events.outbox import Envelope
from tests import kit

KILLED = 137
OPTIONS = BusOptions(attempts=1_000, first_wait_s=0.01, longest_wait_s=0.1, poll_s=0.02, lease_s=20.0)
tables = sa.MetaData()
orders = sa.Table("orders", tables, sa.Column("key", sa.String(40), primary_key=True), sa.Column("shipped", sa.Integer))
packs = sa.Table("packs", tables, sa.Column("id", sa.Integer, primary_key=True), sa.Column("key", sa.String(40)))


@messages.event("dyingshop.ordered", key="order")
@dataclass(frozen=True)
class Ordered:
    """An order was taken."""

    order: str


@messages.event("dyingdepot.packed", key="order")
@dataclass(frozen=True)
class Packed:
    """An order was packed."""

    order: str


class Fate:
    """Dies at the chosen step."""

    left = 0

    def step(self, *_: object) -> None:
        self.left -= 1
        if self.left == 0:
            os._exit(KILLED)


FATE = Fate()


class Later(SystemClock):
    """The clock of a second life: the leases of the first have run out."""

    def now(self) -> datetime:
        return super().now() + timedelta(hours=1)


class DyingKafka(KafkaTransport):
    """A transport with steps before and after each hand-over."""

    def _publish(self, envelopes: list[Envelope]) -> None:
        FATE.step()
        super()._publish(envelopes)
        FATE.step()

    async def _commit(self, consumer: Any) -> None:
        FATE.step()
        await super()._commit(consumer)
        FATE.step()


# ---- units


def take(conn: Connection, key: str) -> None:
    if insert_new(conn, orders, {"key": key, "shipped": 0}):
        emit(conn, Ordered(key))


def pack(conn: Connection, delivery: Delivery, key: str) -> None:
    if first_time(conn, delivery):
        conn.execute(packs.insert(), {"key": key})
        emit(conn, Packed(key))


def ship(conn: Connection, delivery: Delivery, key: str) -> None:
    if first_time(conn, delivery):
        conn.execute(orders.update().where(orders.c.key == key).values(shipped=orders.c.shipped + 1))


def shipped(conn: Connection, key: str) -> bool:
    return bool(conn.execute(sa.select(orders.c.shipped).where(orders.c.key == key)).scalar())


def at_rest(conn: Connection) -> bool:
    return outbox.waiting(conn) == 0 and inbox.depth(conn) == {"waiting": 0, "parked": 0}


# ---- a life, and its end


async def live(urls: list[str], carrier: str, key: str, clock: SystemClock) -> None:
    """Play the story to its end."""
    shop, depot = (
        open_database(url, service=name) for url, name in zip(urls, ("dyingshop", "dyingdepot"), strict=True)
    )
    doors: dict[str, list[Door]] = {}

    def transport(name: str) -> Transport:
        return MemoryTransport(doors) if carrier == "memory" else DyingKafka(carrier, service=name)

    async def on_ordered(ordered: Ordered, delivery: Delivery) -> None:
        await depot.run(pack, delivery, ordered.order)

    async def on_packed(packed: Packed, delivery: Delivery) -> None:
        await shop.run(ship, delivery, packed.order)

    async with AsyncExitStack() as stack:
        buses = []
        for name, db, heard in (("dyingshop", shop, Subscription(Packed, on_packed)),
                                ("dyingdepot", depot, Subscription(Ordered, on_ordered))):  # fmt: skip
            stack.push_async_callback(db.close)
            carrying = transport(name)
            stack.push_async_callback(carrying.close)
            bus = Bus(name, db, carrying, [heard], clock=clock, options=OPTIONS)
            doors[messages.meta(heard.event).name] = [bus]
            buses.append(bus)
        for bus in buses:
            await bus.start()
            stack.push_async_callback(bus.close)
        await shop.run(take, key)
        await finished(shop, depot, key)


async def finished(shop: Database, depot: Database, key: str) -> None:
    async with asyncio.timeout(60):
        while not (await shop.read(shipped, key) and await shop.read(at_rest) and await depot.read(at_rest)):  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def life(urls: list[str], carrier: str, key: str, *, dies_at: int) -> int:
    """One process of the story; its exit code."""
    if pid := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 1
    try:
        FATE.left = dies_at
        asyncio.run(live(urls, carrier, key, SystemClock() if dies_at else Later()))
        code = 0
    finally:
        os._exit(code)


def watch() -> None:
    """Count a step before and after each statement, and around what ends a transaction."""
    event.listen(Engine, "before_cursor_execute", FATE.step)
    event.listen(Engine, "after_cursor_execute", FATE.step)
    event.listen(Engine, "commit", FATE.step)

    @event.listens_for(Engine, "connect")
    def trace(connection: Any, _record: object) -> None:
        if hasattr(connection, "set_trace_callback"):
            connection.set_trace_callback(FATE.step)


def right(urls: list[str], key: str) -> bool:
    """One order shipped once, one pack, nothing left over."""
    with connected(urls[0]) as shop, connected(urls[1]) as depot:
        here = shop.execute(sa.select(orders.c.shipped)).scalars().all() == [1]
        there = depot.execute(sa.select(packs.c.key)).scalars().all() == [key]
        return here and there and at_rest(shop) and at_rest(depot)


def connected(url: str) -> Connection:
    return sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool).connect()


def clear(urls: list[str]) -> None:
    for url in urls:
        with connected(url) as conn:
            tables.create_all(conn)
            create_tables(conn)
            for table in (orders, packs, schema.inbox, schema.outbox):
                conn.execute(table.delete())
            conn.commit()


def main(engine: str, carrier: str, folder: str, first: int = 1, step: int = 1, last: int = 10_000) -> None:
    """Die at step `first`, `first + step`, … until the story outlives its death or `last` is passed."""
    watch()
    urls = [kit.database_url(engine, Path(folder), name) for name in ("shop", "depot")]
    died, wrong, at = 0, [], first
    while at <= last:
        key = f"order-{at}-{os.getpid()}"
        clear(urls)
        if life(urls, carrier, key, dies_at=at) != KILLED:
            break
        died += 1
        code = life(urls, carrier, key, dies_at=0)
        if code or not right(urls, key):
            wrong.append(at)
        at += step
    sys.stdout.write(json.dumps({"died": died, "wrong": wrong}) + "\n")


if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[4:7]]
    main(sys.argv[1], sys.argv[2], sys.argv[3], *numbers)
