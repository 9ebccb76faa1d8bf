"""Money that comes after a payment was given up goes into the ledger and back to the payer."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from mela.contracts.payments import PaymentState
from mela.simulators.gateway import tables
from tests.service.payments.world import World


async def test_money_for_a_cancelled_payment_is_sent_back(shop: World) -> None:
    payment = await shop.start(7_000)
    await shop.payments.service.cancel(payment_id=payment.id, reason="changed_mind")
    await shop.approve(payment)
    await shop.pass_time(3)
    after = await shop.now(payment)
    assert (after.state, after.reason, after.refunded) == (PaymentState.CANCELLED, "changed_mind", 7_000)
    assert (
        await shop.balance("escrow") == await shop.balance("gateway:upi") == await shop.balance("refunds:pending") == 0
    )
    assert (await shop.books())["totals"]["refunded"] == {"count": 1, "amount": 7_000}
    assert await shop.heard.names(2) == ["payments.failed", "payments.refunded"]


async def test_late_money_that_is_told_twice_goes_back_once(shop: World) -> None:
    await shop.plan(callback_twice=1.0)
    payment = await shop.start(7_000)
    await shop.payments.service.cancel(payment_id=payment.id, reason="changed_mind")
    await shop.approve(payment)
    for _ in range(5):
        await shop.pass_time(3_600)
    assert (await shop.books())["totals"]["refunded"]["count"] == 1
    assert (await shop.check())["agrees"] is True


async def test_late_money_that_nobody_told_us_about_is_found_by_a_status_check(shop: World) -> None:
    await shop.plan(drop_after_debit=1.0)
    payment = await shop.start(7_000)
    await shop.payments.service.cancel(payment_id=payment.id, reason="changed_mind")
    await shop.approve(payment)
    await shop.pass_time(51)
    await shop.pass_time(3)
    assert (await shop.now(payment)).refunded == 7_000
    assert (await shop.books())["held"] == 0


async def test_a_cancelled_payment_that_nobody_pays_is_forgotten_after_its_expiry(shop: World) -> None:
    payment = await shop.start(seconds=60)
    await shop.payments.service.cancel(payment_id=payment.id, reason="changed_mind")
    for seconds in (51, 20, 4_000, 8_000):
        await shop.pass_time(seconds)
    shop.wires.seen.clear()
    for _ in range(5):
        await shop.pass_time(8_000)
    assert shop.wires.seen == []
    assert (await shop.now(payment)).state is PaymentState.CANCELLED


async def test_captured_money_stays_when_the_order_cancels(shop: World) -> None:
    payment = await shop.paid(7_000)
    assert await shop.payments.service.cancel(payment_id=payment.id, reason="too_late") == payment
    assert await shop.balance("escrow") == -7_000


@pytest.mark.parametrize("code", ["Z9", "ZA"])
async def test_a_failed_payment_can_no_longer_be_cancelled(shop: World, code: str) -> None:
    payment = await shop.start()
    await shop.decline(payment, code)
    assert (await shop.payments.service.cancel(payment_id=payment.id, reason="x")).state is PaymentState.FAILED


async def test_a_payment_that_its_provider_keeps_open_for_longer_ends_with_our_clock_and_its_money_goes_back(
    shop: World,
) -> None:
    payment = await shop.start(7_000, seconds=60)
    longer = update(tables.payments).values(expires=shop.clock.now() + timedelta(hours=12))
    await shop.gateway.db.run(lambda conn: conn.execute(longer))
    await shop.pass_time(70)
    over = await shop.now(payment)
    assert (over.state, over.reason) == (PaymentState.EXPIRED, "expired")
    await shop.plan(callback_lost=1.0)
    await shop.approve(payment)
    for _ in range(2):
        await shop.pass_time(7_200)
    assert (await shop.now(payment)).refunded == 7_000
    assert ((await shop.books())["held"], await shop.balance("escrow")) == (0, 0)


async def test_money_of_a_payment_that_a_status_check_lied_about_goes_back(shop: World) -> None:
    await shop.plan(seed=1, lie=1.0, callback_lost=1.0)
    payment = await shop.start(7_000)
    await shop.approve(payment)
    await shop.pass_time(51)
    assert (await shop.now(payment)).state is PaymentState.FAILED
    await shop.plan()
    for _ in range(2):
        await shop.pass_time(3_600)
    assert (await shop.now(payment)).refunded == 7_000
    assert (await shop.books())["held"] == 0
