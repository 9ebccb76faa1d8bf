"""The process dies before and after every step; the next one pays each seller exactly once."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time
from pathlib import Path

import yaml

from mela.contracts.orders import OrderSold, OrderUnsold
from mela.kernel import ids
from mela.services.settlement import app
from mela.services.settlement.model import Run
from mela.services.settlement.rules import calendar
from tests.service.settlement.world import Killed, World, line

CALENDAR = calendar.read(yaml.safe_load((Path(app.__file__).parent / "data" / "bank_holidays.yaml").read_text()))
FIRST = date(2026, 6, 1)
STEPS_OF_A_RUN = 2 + 2 * 10 + 2
"""Start, then for each of two sellers: open, reserve in the ledger, send, enter, mark paid; and the end. Before and after each."""
STEPS_OF_AN_EVENT = 6
"""Keep the entries, enter them into the ledger, mark them so."""


def banking_days() -> Iterator[tuple[date, date]]:
    """Each banking day with the one after."""
    day = calendar.due_on(CALENDAR, FIRST)
    while True:
        day, before = calendar.due_on(CALENDAR, day), day
        yield before, day


async def run_dying_at(market: World, day: date, step: int | None) -> Run | None:
    """Run a day; None when the process died at that step."""
    market.fate.at, market.fate.steps = step, []
    try:
        run: Run = await market.settlement.service.run(day)
    except Killed:
        return None
    finally:
        market.fate.at = None
    return run


async def test_run_killed_at_any_step_and_run_again_pays_once(market: World) -> None:
    for step, (sold_on, day) in zip(range(1, STEPS_OF_A_RUN + 2), banking_days(), strict=False):
        market.clock.set(datetime.combine(sold_on, time(6), UTC))
        await market.sell(line(), line(6_000, sku="SAREE", seller="indore-traders", category="fashion"))
        market.clock.set(datetime.combine(day, time(6), UTC))
        before = len(await market.paid_out())
        died = await run_dying_at(market, day, step) is None
        assert died == (step <= STEPS_OF_A_RUN)
        await run_dying_at(market, day, step)  # the next process may die as well
        done = await run_dying_at(market, day, None)
        assert done is not None
        assert (done.paid, done.sending, done.carried) == (2, 0, 0)
        assert len(await market.paid_out()) == before + 2
        assert (await market.check())["agrees"]
        assert market.payments.balance("seller:madurai-stores") == market.payments.balance("seller:indore-traders") == 0
    told = await market.heard.payouts(2 * (STEPS_OF_A_RUN + 1))
    assert len({payout.payout_id for payout in told}) == len(told) == 2 * (STEPS_OF_A_RUN + 1)


async def deliver_dying_at(market: World, event: OrderSold | OrderUnsold, step: int) -> None:
    """Deliver an event to a process that dies at a step, then again to one that lives."""
    event_id = ids.new_id("evt")
    market.fate.at, market.fate.steps = step, []
    with suppress(Killed):
        await market.deliver(event, event_id)
    market.fate.at = None
    await market.deliver(event, event_id)


async def test_event_whose_handler_is_killed_at_any_step_counts_once(market: World) -> None:
    for step in range(1, STEPS_OF_AN_EVENT + 2):
        sold = OrderSold(ids.new_id("ord"), "pay_1", [line()], market.clock.now())
        await deliver_dying_at(market, sold, step)
        assert market.payments.balance("escrow") == 85_800
        await deliver_dying_at(market, OrderUnsold(sold.order_id, ids.new_id("rfnd"), [line()], sold.at), step)
        assert market.payments.balance("escrow") == 0
    entries = (await market.check())["entries"]
    assert set(entries.values()) == {0}


async def test_sale_that_the_ledger_has_not_yet_is_not_paid(market: World) -> None:
    sold = OrderSold(ids.new_id("ord"), "pay_1", [line()], market.clock.now())
    market.fate.at, market.fate.steps = 3, []
    with suppress(Killed):
        await market.deliver(sold, "evt_1")
    market.fate.at = None
    market.clock.advance(86_400)
    run = await market.settlement.service.run(date(2026, 11, 17))
    assert (run.paid, run.carried) == (0, 1)
    assert (await market.check())["problems"] == ["ledger"]
    await market.deliver(sold, "evt_1")
    assert (await market.settlement.service.run(date(2026, 11, 17))).paid == 1
    assert (await market.check())["agrees"]
