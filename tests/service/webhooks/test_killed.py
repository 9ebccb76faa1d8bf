"""Two processes on one database, and a process that dies at the worst moment."""

import asyncio
from collections.abc import Callable
from typing import Any

from mela.contracts.orders import OrderSold
from mela.kernel import messages
from mela.kernel.events.outbox import Envelope
from mela.services.webhooks.store import sending
from tests.service.webhooks.world import SELLER, World, line, world

LEASE_S = 2 * 5 + 5


class Dead(Exception):
    """The process died before it could note what came of a try."""


class DyingDatabase:
    """The database of a process that dies between sending and noting it."""

    def __init__(self, db: Any) -> None:
        self._db = db

    async def run(self, unit: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """See `Database.run`."""
        if unit is sending.settle:
            raise Dead
        return await self._db.run(unit, *args, **kwargs)

    async def read(self, query: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """See `Database.read`."""
        return await self._db.read(query, *args, **kwargs)


async def test_killed_between_sending_and_noting_it_is_sent_again_with_the_same_id(hooks: World) -> None:
    receiver, _ = await hooks.listen()
    async with world(hooks.folder, url=hooks.url, clock=hooks.clock) as dies:
        dies.sender._db = DyingDatabase(dies.process.db)  # type: ignore[assignment]
        await dies.sell()
    assert len(receiver.heard) == 1
    await hooks.later(LEASE_S - 1)
    assert len(receiver.heard) == 1, "the lease of the dead keeps others away"
    await hooks.later(1)
    assert len(receiver.heard) == 2
    assert len({each.id for each in receiver.heard}) == 1
    (delivery,) = await hooks.deliveries()
    assert (delivery["state"], delivery["tries"]) == ("delivered", 2)


async def test_killed_before_it_sent_at_all_it_is_sent_by_who_comes_next(hooks: World) -> None:
    receiver, _ = await hooks.listen()
    async with world(hooks.folder, url=hooks.url, clock=hooks.clock) as dies:
        for each in (hooks, dies):  # they share an inbox: whoever keeps the message dies right after
            each.process.service._wake = lambda: None
        event = OrderSold("ord_1", "pay_1", [line(SELLER)], dies.clock.now())
        body = messages.to_json(event).decode()
        await dies.process.hand_over(Envelope("evt_1", "orders.sold", "ord_1", body, event.at, None))
    assert receiver.heard == []
    await hooks.sender.run()
    assert len(receiver.heard) == 1


async def test_two_processes_share_the_work_and_send_nothing_twice(hooks: World) -> None:
    receiver, _ = await hooks.listen()
    receiver.hold = asyncio.Event()
    async with world(hooks.folder, url=hooks.url, clock=hooks.clock) as second:
        selling = asyncio.gather(*((hooks if n % 2 else second).sell() for n in range(30)))
        await receiver.wait(8)
        receiver.hold.set()
        await selling
        await asyncio.gather(hooks.sender.run(), second.sender.run())
    assert len(receiver.heard) == len({each.id for each in receiver.heard}) == 30
    assert receiver.most_at_once <= 8
    assert {each["state"] for each in await hooks.deliveries()} == {"delivered"}


async def test_late_failure_of_a_lost_lease_changes_nothing_and_a_late_success_counts(hooks: World) -> None:
    receiver, _ = await hooks.listen()
    receiver.hold = asyncio.Event()
    receiver.answers = [500, 200]
    async with world(hooks.folder, url=hooks.url, clock=hooks.clock) as slow:
        selling = asyncio.create_task(slow.sell())
        await receiver.wait(1)
        hooks.clock.advance(LEASE_S)
        sending_again = asyncio.create_task(hooks.sender.run())
        await receiver.wait(2)
        receiver.hold.set()
        await asyncio.gather(selling, sending_again)
    (delivery,) = await hooks.deliveries()
    assert (delivery["state"], delivery["tries"]) == ("delivered", 2)
