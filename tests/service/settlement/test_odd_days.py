"""What seldom happens, and must not lose a paisa either."""

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from mela.services.settlement import store
from mela.services.settlement.rules.fees import ReversalTooLarge
from mela.services.settlement.settings import SettlementSettings
from tests.service.settlement.test_paying import NET
from tests.service.settlement.world import World, line

TUESDAY = date(2026, 11, 17)


async def unanswered(market: World) -> Any:
    """The only payout without an outcome."""
    (payout,) = await market.settlement.db.read(store.unanswered, 10)
    return payout


async def test_pieces_that_come_back_one_by_one_take_back_the_whole_sale(market: World) -> None:
    sold = await market.sell(line(85_801, quantity=3))
    whole = line(85_801)
    for gross, taxable in [(28_600, 27_239), (28_600, 27_238)]:
        part = line(gross, quantity=1)
        await market.unsell(sold.order_id, type(part)(**vars(part) | {"taxable": taxable, "tax": gross - taxable}))
    rest = {"gross": 28_601, "taxable": whole.taxable - 54_477, "tax": whole.tax - 57_200 + 54_477}
    await market.unsell(sold.order_id, type(whole)(**vars(whole) | rest))
    assert set((await market.check())["entries"].values()) == {0}
    accounts = {t.debit for t in market.payments.transfers} | {t.credit for t in market.payments.transfers}
    assert {market.payments.balance(account) for account in accounts} == {0}


@pytest.mark.parametrize("what", [{"sku": "SAREE"}, {"seller": "indore-traders"}, {"gross": 85_801}])
async def test_what_was_not_sold_cannot_come_back(market: World, what: dict[str, Any]) -> None:
    sold = await market.sell(line())
    with pytest.raises(ReversalTooLarge):
        await market.unsell(sold.order_id, line(**what))
    assert market.payments.balance("escrow") == 85_800


async def test_reversal_of_two_sellers_takes_from_each_their_own(market: World) -> None:
    lines = [line(), line(6_000, sku="SAREE", seller="indore-traders", category="fashion")]
    sold = await market.sell(*lines)
    await market.unsell(sold.order_id, *lines)
    assert market.payments.balance("seller:madurai-stores") == market.payments.balance("seller:indore-traders") == 0


async def test_order_that_costs_nothing_leaves_the_ledger_alone(market: World) -> None:
    sold = await market.sell(line(0))
    assert market.payments.transfers == []
    (entry,) = await market.settlement.db.read(store.of_cause, sold.order_id)
    assert entry.amounts.net == 0
    assert (await market.check())["agrees"]


async def test_order_without_lines_is_heard_and_changes_nothing(market: World) -> None:
    sold = await market.sell()
    assert await market.settlement.db.read(store.of_cause, sold.order_id) == []


async def test_late_entry_waits_for_the_next_run_when_the_day_has_its_payout(market: World) -> None:
    await market.sell(line(), at=market.clock.now())
    sold_at = market.clock.now()
    market.clock.advance(86_400)
    await market.settlement.service.run(TUESDAY)
    await market.sell(line(), at=sold_at)
    assert (await market.settlement.service.run(TUESDAY)).carried_amount == NET
    market.clock.advance(86_400)
    assert (await market.settlement.service.run(date(2026, 11, 18))).paid_amount == NET
    assert (await market.settlement.service.find_run(TUESDAY)).carried_amount == NET


async def test_gateway_that_refuses_leaves_the_payout_sending_and_says_why(market: World) -> None:
    bank = market.settlement.service._bank
    bank._current = partial(replace, bank._current(), gateway_key_secret="wrong")
    await market.sell(line())
    market.clock.advance(86_400)
    assert (await market.settlement.service.run(TUESDAY)).sending == 1
    assert "401" in (await unanswered(market)).reason


async def test_gateway_that_has_another_amount_is_not_believed(market: World) -> None:
    await market.sell(line())
    market.clock.advance(86_400)
    market.wire.cut = True
    await market.settlement.service.run(TUESDAY)
    account = {"name": "Madurai Stores (test)", "account": "000000625001", "ifsc": "SIMB0625001"}
    body = {"reference": (await unanswered(market)).id, "amount": NET - 1, "beneficiary": account}
    await market.gateway.client.post("/sim/gateway/v1/payouts", json=body, auth=("key", "secret"))
    market.wire.cut = False
    await market.settlement.run_job("finish")
    assert "answered processed" in (await unanswered(market)).reason
    assert (await market.check())["agrees"] is True  # the gateway's sum lies between paid and sending


async def test_payout_whose_seller_lost_the_account_waits_for_a_new_one(market: World) -> None:
    await market.sell(line())
    market.clock.advance(86_400)
    market.wire.cut = True
    await market.settlement.service.run(TUESDAY)
    market.wire.cut = False

    def lose(conn: Connection) -> None:
        conn.exec_driver_sql("delete from bank_accounts")

    await market.settlement.db.run(lose)
    await market.settlement.run_job("finish")
    assert "no bank account" in (await unanswered(market)).reason
    await market.settlement.db.run(store.keep_accounts, [
        {"seller_id": "madurai-stores", "name": "Madurai Stores (test)", "account": "000000625009", "ifsc": "SIMB0625001"}
    ])  # fmt: skip
    await market.settlement.run_job("finish")
    assert await market.paid_out() == [NET]


async def test_second_payout_of_a_seller_and_day_is_refused_by_the_store(market: World) -> None:
    await market.sell(line())
    sold_at = market.clock.now()
    market.clock.advance(86_400)
    await market.settlement.service.run(TUESDAY)
    await market.sell(line(), at=sold_at)
    opened = await market.settlement.db.run(store.open_payout, "madurai-stores", TUESDAY, market.clock.now())
    assert opened is None


async def test_job_that_finds_an_unfinished_run_goes_on_with_it(market: World) -> None:
    await market.sell(line())
    market.clock.advance(86_400)
    await market.settlement.db.run(store.start_run, TUESDAY, market.clock.now())
    await market.settlement.run_job("settle")
    assert await market.paid_out() == [NET]


def test_hour_of_no_day_is_refused() -> None:
    with pytest.raises(ValueError, match="hour of the day"):
        SettlementSettings("http://gateway", "key", "secret", run_from_hour=24)
