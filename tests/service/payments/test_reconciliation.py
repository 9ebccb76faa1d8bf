"""A day of the gateway's file against ours: agreement, every planned fault found, files that are not right refused."""

from typing import Any

import httpx2
from sqlalchemy import select

from mela.services.payments.tables import cases
from tests.service.payments.world import World

DAY = "2026-11-23"
NEXT_MORNING_S = 24 * 3600


async def reconcile(shop: World, day: str = DAY) -> httpx2.Response:
    return await shop.payments.client.post("/api/payments/reconciliations", json={"day": day}, headers=shop.operator())


def counts(shown: dict[str, Any]) -> dict[str, int]:
    return {each["outcome"]: each["count"] for each in shown["outcomes"]}


async def opened(shop: World) -> list[Any]:
    return await shop.payments.db.read(lambda conn: list(conn.execute(select(cases).order_by(cases.c.about))))


async def trade(shop: World, payments: int = 4) -> None:
    """A day of sales, one of which goes back, sealed and over."""
    paid = [await shop.paid(amount * 10_000) for amount in range(1, payments + 1)]
    await shop.payments.service.refund(key="r", payment_id=paid[-1].id, amount=500, reason="returned")
    await shop.seal()
    shop.clock.advance(NEXT_MORNING_S)


async def test_a_day_without_faults_agrees(shop: World) -> None:
    await trade(shop)
    shown = (await reconcile(shop)).raise_for_status().json()
    assert (shown["day"], shown["agrees"], counts(shown)) == (DAY, True, {"matched": 5})
    assert await opened(shop) == []


async def test_what_the_file_leaves_out_repeats_or_has_wrong_is_a_case_with_owner_and_entry(shop: World) -> None:
    await trade(shop)
    for fault, outcome in (
        ("report_omits", "missing_there"),
        ("report_repeats", "repeated_there"),
        ("report_wrong_amount", "amount_differs"),
    ):
        await shop.plan(seed=1, **{fault: 1.0})
        shown = (await reconcile(shop)).raise_for_status().json()
        assert (shown["agrees"], counts(shown)) == (False, {outcome: 5})
    found = await opened(shop)
    assert len(found) == 15
    assert all(row.detail["owner"] for row in found)
    assert {row.detail["proposed"]["amount"] for row in found if row.kind.endswith("amount_differs")} == {100}


async def test_money_that_we_never_heard_of_is_found_with_its_clock(shop: World) -> None:
    await shop.plan(seed=1, drop_after_debit=1.0)
    payment = await shop.start(9_000)
    await shop.approve(payment)
    shop.clock.advance(NEXT_MORNING_S)
    shown = (await reconcile(shop)).json()
    assert counts(shown) == {"missing_here": 1}
    [case] = await opened(shop)
    assert (case.about, case.detail["put_right_by"], case.detail["compensation_per_day"]) == (
        payment.id,
        "2026-11-28",
        10_000,
    )
    assert case.detail["proposed"] == {
        "debit": "gateway:upi",
        "credit": "suspense",
        "amount": 9_000,
        "kind": "reconciliation",
    }


async def test_a_day_may_be_held_again_and_its_cases_are_opened_once(shop: World) -> None:
    await trade(shop)
    await shop.plan(seed=1, report_omits=1.0)
    for _ in range(2):
        await reconcile(shop)
    assert len(await opened(shop)) == 5
    await shop.plan()
    shown = (await reconcile(shop)).json()
    assert shown["agrees"]
    listed = (await shop.payments.client.get("/api/payments/reconciliations", headers=shop.operator())).json()
    assert [(day["day"], day["agrees"]) for day in listed["items"]] == [(DAY, True)]


async def test_today_cannot_be_held_against_a_file_yet(shop: World) -> None:
    answer = await reconcile(shop)
    assert (answer.status_code, answer.json()["code"]) == (409, "payments.day_not_over")


async def test_without_the_gateway_nothing_is_kept(shop: World) -> None:
    await trade(shop)
    shop.wires.cut.add("gateway")
    assert (await reconcile(shop)).status_code == 503
    listed = (await shop.payments.client.get("/api/payments/reconciliations", headers=shop.operator())).json()
    assert listed["items"] == []


async def test_yesterday_is_held_against_its_file_once_every_morning(shop: World) -> None:
    await trade(shop)
    await shop.payments.run_job("reconcile")
    reads = [line.rpartition("/")[2] for line in shop.wires.seen if "reports" in line]
    seen = len(shop.wires.seen)
    await shop.payments.run_job("reconcile")
    assert reads == ["transactions", "transactions", "settlements"], "of the day, of the day before; what was settled"
    assert len(shop.wires.seen) == seen


async def test_movements_that_straddle_midnight_are_no_breaks(shop: World) -> None:
    shop.clock.advance(12 * 3600 - 2)  # 23:59:58 in India
    payment = await shop.start(9_000)
    await shop.plan(seed=1, drop_after_debit=1.0)
    await shop.approve(payment)
    await shop.plan()
    await shop.pass_time(60)
    assert (await shop.now(payment)).state == "captured"
    shop.clock.advance(NEXT_MORNING_S)
    assert counts((await reconcile(shop)).json()) == {"date_differs": 1}
    assert counts((await reconcile(shop, "2026-11-24")).json()) == {"date_differs": 1}
    assert await opened(shop) == []


async def test_what_was_missing_and_is_learnt_days_later_is_no_second_break(shop: World) -> None:
    await shop.plan(seed=1, drop_after_debit=1.0)
    payment = await shop.start(9_000)
    await shop.approve(payment)
    shop.clock.advance(3 * NEXT_MORNING_S)
    assert counts((await reconcile(shop)).json()) == {"missing_here": 1}
    await shop.plan()
    await shop.pass_time(60)
    assert (await shop.now(payment)).state == "captured"
    shop.clock.advance(NEXT_MORNING_S)
    learnt = (await reconcile(shop, "2026-11-26")).json()
    assert (learnt["agrees"], counts(learnt)) == (True, {"date_differs": 1})
    assert len(await opened(shop)) == 1


async def test_a_day_before_our_data_begin_is_refused(shop: World) -> None:
    answer = await reconcile(shop, "0104-08-03")
    assert (answer.status_code, answer.json()["code"]) == (422, "payments.day_too_early")
