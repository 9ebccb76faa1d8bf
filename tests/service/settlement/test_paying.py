"""A sale is paid on the next banking day, once."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from mela.services.settlement import store
from mela.services.settlement.rules import fees
from mela.services.settlement.rules.calendar import NoCalendar
from mela.services.settlement.service.settlement import DayAhead, NotABankingDay
from tests.service.settlement.world import World, line

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 18)
NET = 85_800 - 3_432 - 618 - 409 - 86
"""Of a line of rupees 858 with 5 % GST: commission 4 %, GST on it, TCS 0.5 % of 817.14, TDS 0.1 %."""


async def test_sale_is_paid_on_next_banking_day_less_what_is_deducted(market: World) -> None:
    await market.sell(line())
    market.clock.advance(86_400)
    run = await market.settlement.service.run(TUESDAY)
    assert (run.paid, run.paid_amount, run.sending, run.carried) == (1, NET, 0, 0)
    assert await market.paid_out() == [NET]


async def test_ledger_moves_each_rupee_of_a_sale_and_its_payout(market: World) -> None:
    await market.sell(line())
    market.clock.advance(86_400)
    await market.settlement.service.run(TUESDAY)
    balance = market.payments.balance
    assert balance("escrow") == 85_800
    assert [balance(name) for name in ("commission", "gst:output", "tcs:payable", "tds:payable")] == [
        -3432,
        -618,
        -409,
        -86,
    ]
    assert (balance("seller:madurai-stores"), balance("bank")) == (0, -NET)


async def test_todays_sale_waits_for_tomorrow(market: World) -> None:
    await market.sell(line())
    run = await market.settlement.service.run(MONDAY)
    assert (run.paid, run.sending) == (0, 0)
    assert await market.paid_out() == []


async def test_second_run_of_a_day_pays_nothing_more(market: World) -> None:
    await market.sell(line(), line(6_000, sku="SAREE", seller="indore-traders", category="fashion"))
    market.clock.advance(86_400)
    first = await market.settlement.service.run(TUESDAY)
    second = await market.settlement.service.run(TUESDAY)
    assert first.paid == second.paid == 2
    assert len(await market.paid_out()) == 2


async def test_a_paid_seller_is_announced_once(market: World) -> None:
    await market.sell(line())
    market.clock.advance(86_400)
    await market.settlement.service.run(TUESDAY)
    await market.settlement.service.run(TUESDAY)
    (told,) = await market.heard.payouts(1)
    assert (told.seller_id, told.settled_on, told.amount) == ("madurai-stores", TUESDAY, NET)
    assert told.utr.isdigit()


async def test_event_delivered_twice_is_booked_once(market: World) -> None:
    event = await market.sell(line())
    await market.deliver(event)
    assert len(await market.settlement.db.read(store.of_cause, event.order_id)) == 1
    assert market.payments.balance("escrow") == 85_800


async def test_full_reversal_leaves_nothing_in_any_account(market: World) -> None:
    event = await market.sell(line())
    await market.unsell(event.order_id, line())
    accounts = {t.debit for t in market.payments.transfers} | {t.credit for t in market.payments.transfers}
    assert {account: market.payments.balance(account) for account in accounts} == dict.fromkeys(accounts, 0)


async def test_debt_of_a_seller_is_carried_forward_until_sales_cover_it(market: World) -> None:
    event = await market.sell(line())
    market.clock.advance(86_400)
    await market.settlement.service.run(TUESDAY)
    await market.unsell(event.order_id, line())
    market.clock.advance(86_400)
    run = await market.settlement.service.run(WEDNESDAY)
    assert (run.paid, run.carried, run.carried_amount) == (0, 1, -NET)
    await market.sell(line(171_600, quantity=4))
    market.clock.advance(86_400)
    run = await market.settlement.service.run(date(2026, 11, 19))
    assert (run.paid, run.paid_amount, run.carried) == (1, NET + 1, 0)  # TCS of both is 8.17, not twice 4.09
    assert (await market.check())["agrees"]


async def test_concurrent_runs_of_a_day_pay_each_seller_once(market: World) -> None:
    for _ in range(5):
        await market.sell(line(), line(6_000, sku="SAREE", seller="indore-traders", category="fashion"))
    market.clock.advance(86_400)
    runs = await asyncio.gather(*(market.settlement.service.run(TUESDAY) for _ in range(6)))
    assert max(run.paid for run in runs) == 2
    assert len(await market.paid_out()) == 2
    assert (await market.check())["agrees"]


async def test_seller_without_bank_account_is_carried_forward(market: World) -> None:
    await market.sell(line(seller="stranger"))
    market.clock.advance(86_400)
    run = await market.settlement.service.run(TUESDAY)
    assert (run.paid, run.sending, run.carried, run.carried_amount) == (0, 0, 1, NET)


async def test_payout_without_answer_stays_sending_and_is_finished_later(market: World) -> None:
    await market.sell(line())
    market.clock.advance(86_400)
    market.wire.cut = True
    run = await market.settlement.service.run(TUESDAY)
    assert (run.paid, run.sending, run.sending_amount) == (0, 1, NET)
    market.wire.cut = False
    await market.settlement.run_job("finish")
    assert market.wire.asked == ["GET", "POST"]
    assert (await market.settlement.service.find_run(TUESDAY)).paid == 1


async def test_payout_whose_answer_was_lost_is_asked_for_and_not_sent_again(market: World) -> None:
    await market.sell(line())
    market.clock.advance(86_400)
    await market.gateway.client.post("/sim/gateway/plan", json={"seed": 1, "drop_after": 1.0}, auth=("key", "secret"))
    assert (await market.settlement.service.run(TUESDAY)).sending == 1
    assert await market.paid_out() == [NET]
    await market.gateway.client.post("/sim/gateway/plan", json={}, auth=("key", "secret"))
    await market.settlement.run_job("finish")
    assert market.wire.asked == ["POST", "GET"]
    assert await market.paid_out() == [NET]


@pytest.mark.parametrize(
    ("day", "error"),
    [(date(2026, 11, 17), DayAhead), (date(2026, 11, 15), NotABankingDay), (date(2026, 11, 14), NotABankingDay),
     (date(2025, 11, 17), NoCalendar)],
)  # fmt: skip
async def test_day_that_cannot_be_settled_is_refused(market: World, day: date, error: type[Exception]) -> None:
    with pytest.raises(error):
        await market.settlement.service.run(day)


async def test_job_settles_from_six_in_the_morning_and_once_a_day(market: World) -> None:
    await market.sell(line())
    market.clock.set(datetime(2026, 11, 17, 0, 29, tzinfo=UTC))
    await market.settlement.run_job("settle")
    assert await market.paid_out() == []
    market.clock.advance(60)
    await market.settlement.run_job("settle")
    await market.settlement.run_job("settle")
    assert await market.paid_out() == [NET]


async def test_job_rests_when_banks_are_closed(market: World) -> None:
    market.clock.set(datetime(2026, 11, 13, 6, 0, tzinfo=UTC))
    await market.sell(line())
    market.clock.advance(timedelta(days=1).total_seconds())
    await market.settlement.run_job("settle")
    assert await market.paid_out() == []


async def test_the_oldest_sales_are_paid_that_fit_beside_what_is_withheld(market: World) -> None:
    await market.sell(line(), order_id="ord_old")
    market.clock.advance(60)
    await market.sell(line(6_000), order_id="ord_new")
    due = -market.payments.balance("seller:madurai-stores")
    market.payments.held["madurai-stores"] = 1
    market.clock.advance(86_400)
    run = await market.settlement.service.run(TUESDAY)
    assert (run.paid, run.carried) == (1, 1)
    assert run.paid_amount + run.carried_amount == due
    assert await market.paid_out() == [run.paid_amount]
    assert market.payments.balance(fees.SENDING) == 0
    market.payments.held.clear()
    market.clock.advance(86_400)
    again = await market.settlement.service.run(WEDNESDAY)
    assert again.paid_amount == run.carried_amount
    assert (await market.check())["agrees"]


async def test_a_seller_whose_money_is_all_withheld_is_carried_forward(market: World) -> None:
    await market.sell(line())
    market.payments.held["madurai-stores"] = 10**9
    market.clock.advance(86_400)
    run = await market.settlement.service.run(TUESDAY)
    assert (run.paid, run.sending, run.carried) == (0, 0, 1)
    assert await market.paid_out() == []


async def test_what_the_ledger_refuses_to_reserve_is_not_sent_to_the_bank(market: World) -> None:
    await market.sell(line())
    market.clock.advance(86_400)
    market.payments.refuses = True
    run = await market.settlement.service.run(TUESDAY)
    assert (run.paid, run.sending) == (0, 1)
    assert await market.paid_out() == []
    market.payments.refuses = False
    await market.settlement.service.finish_payouts()
    assert len(await market.paid_out()) == 1
