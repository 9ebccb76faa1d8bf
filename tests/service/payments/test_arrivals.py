"""A day's settlements of a provider: entered once, held against our movements, every planned fault a case."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mela.services.payments.store import arrivals
from tests.service.payments.several import Several, several
from tests.service.payments.test_reconciliation import NEXT_MORNING_S, opened, reconcile
from tests.service.payments.world import World

SOLD_ON, SETTLED_ON = "2026-11-23", "2026-11-24"


async def trade(shop: World, payments: int = 4) -> None:
    """A day of sales, one of which goes back in part; the day of its settlement is over, too."""
    paid = [await shop.paid(amount * 10_000) for amount in range(1, payments + 1)]
    await shop.payments.service.refund(key="r", payment_id=paid[-1].id, amount=500, reason="returned")
    await shop.seal()
    shop.clock.advance(2 * NEXT_MORNING_S)


async def settled(shop: World, day: str = SETTLED_ON) -> dict[str, Any]:
    return dict((await reconcile(shop, day)).raise_for_status().json())


def counts(shown: dict[str, Any]) -> dict[str, int]:
    return {each["outcome"]: each["count"] for each in shown["settlements"]}


async def test_what_arrived_is_entered_and_the_provider_holds_nothing_more(shop: World) -> None:
    await trade(shop)
    shown = await settled(shop)
    assert (shown["agrees"], counts(shown)) == (True, {"settled": 5})
    [arrived] = shown["arrived"]
    assert (arrived["net_paise"], arrived["movements"], arrived["fee_paise"]) == (99_500, 5, 0)
    assert await shop.balance("bank") == 99_500
    assert await shop.balance("gateway:upi") == 0
    assert await opened(shop) == []


async def test_a_day_held_again_enters_nothing_again(shop: World) -> None:
    await trade(shop)
    for _ in range(3):
        assert counts(await settled(shop)) == {"settled": 5}
    assert await shop.balance("bank") == 99_500
    assert (await shop.check())["agrees"] is True


async def test_what_was_sold_today_is_not_settled_yet_and_later_overdue(shop: World) -> None:
    await trade(shop)
    assert counts(await settled(shop, SOLD_ON)) == {"not_settled_yet": 5}
    await shop.plan(seed=1, settle_omits=1.0)
    shown = await settled(shop)
    assert (shown["agrees"], counts(shown)) == (True, {"not_settled_yet": 5})
    shop.clock.advance(4 * NEXT_MORNING_S)
    late = await settled(shop, "2026-11-28")
    assert (late["agrees"], counts(late)) == (False, {"overdue": 5})
    assert {(row.kind, row.detail["owner"]) for row in await opened(shop)} == {("settlement_overdue", "provider-desk")}
    assert await shop.balance("bank") == 0


@pytest.mark.parametrize(
    ("fault", "outcome", "bank", "suspense"),
    [
        ("settle_short", "settled_short", 99_500 - 4 * 100 + 100, 0),
        ("settle_fee", "fee_differs", 99_500 - 5 * 118, 0),
        ("settle_repeats", "repeated_there", 2 * 99_500, -99_500),
    ],
)
async def test_a_planned_fault_is_a_case_with_its_entry(
    shop: World, fault: str, outcome: str, bank: int, suspense: int
) -> None:
    await trade(shop)
    await shop.plan(seed=1, **{fault: 1.0})
    shown = await settled(shop)
    assert not shown["agrees"]
    assert counts(shown)[outcome] == 5
    assert (await shop.balance("bank"), await shop.balance("suspense")) == (bank, suspense)
    found = await opened(shop)
    assert {row.kind for row in found} == {f"settlement_{outcome}"}
    assert all(row.detail["proposed"]["amount"] > 0 and row.detail["owner"] for row in found)


async def test_money_of_a_payment_that_we_never_heard_of_waits_in_suspense(shop: World) -> None:
    await shop.plan(seed=1, drop_after_debit=1.0)
    payment = await shop.start(9_000)
    await shop.approve(payment)
    shop.clock.advance(2 * NEXT_MORNING_S)
    shown = await settled(shop)
    assert counts(shown) == {"missing_here": 1}
    assert (await shop.balance("bank"), await shop.balance("suspense"), await shop.balance("gateway:upi")) == (
        9_000,
        -9_000,
        0,
    )
    [case] = [row for row in await opened(shop) if row.kind.startswith("settlement")]
    assert case.detail["proposed"] == {
        "debit": "suspense",
        "credit": "gateway:upi",
        "amount": 9_000,
        "kind": "reconciliation",
    }


async def test_a_settlement_that_comes_again_with_another_sum_is_told(shop: World) -> None:
    await trade(shop)
    await settled(shop)
    await shop.plan(seed=1, settle_fee=1.0)
    await settled(shop)
    assert await shop.balance("bank") == 99_500
    assert "settlement_changed" in {row.kind for row in await opened(shop)}


async def test_what_an_earlier_settlement_has_paid_is_repeated_in_a_later_one(shop: World) -> None:
    payment = await shop.paid(9_000)
    shop.clock.advance(2 * NEXT_MORNING_S)
    await shop.payments.db.run(arrivals.mark, [("collected", payment.id, "EARLIER")], date(2026, 11, 23))
    shown = await settled(shop)
    assert counts(shown) == {"repeated_there": 1}
    assert (await shop.balance("bank"), await shop.balance("suspense")) == (9_000, -9_000)


@pytest.mark.parametrize("name", ["razorpay", "cashfree", "payu"])
async def test_each_providers_settlements_are_read_in_its_own_shape(tmp_path: Path, name: str) -> None:
    async with several(tmp_path, name) as world:
        paid = [await world.start(amount * 10_000) for amount in range(1, 5)]
        for payment in paid:
            await world.approve(payment, name)
        await world.pass_time(1)
        await world.payments.service.refund(key="r", payment_id=paid[-1].id, amount=500, reason="returned")
        world.clock.advance(2 * NEXT_MORNING_S)
        first = await hold(world, SOLD_ON)
        assert {each["outcome"]: each["count"] for each in first["outcomes"]} == {"matched": 5}
        shown = await hold(world, SETTLED_ON)
        assert (shown["agrees"], counts(shown)) == (True, {"settled": 5})
        [arrived] = shown["arrived"]
        assert arrived["net_paise"] == 99_500 - arrived["fee_paise"] - arrived["tax_paise"]
        assert arrived["fee_paise"] > 0
        balances = {row["account"]: row["balance_paise"] for row in (await world.get("/ledger/balances"))["items"]}
        assert balances[f"gateway:{name}"] == 0
        assert balances["bank"] + balances[f"provider_fees:{name}"] + balances["gst:input"] == 99_500


async def hold(world: Several, day: str) -> dict[str, Any]:
    headers = world.payments.tokens.give("operator", "asha")
    answer = await world.payments.client.post("/api/payments/reconciliations", json={"day": day}, headers=headers)
    return dict(answer.raise_for_status().json())
