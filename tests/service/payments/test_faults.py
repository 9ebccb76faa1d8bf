"""A gateway that is slow, silent or repetitive loses, doubles and mints nothing."""

import asyncio
from pathlib import Path

import pytest

from mela.contracts.payments import Payment, PaymentState
from mela.kernel.errors import Rejected
from tests.service.payments.world import World, world

OPEN = {PaymentState.CREATED, PaymentState.PENDING}
TWO_HOURS = 7200.0


@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
async def test_an_unanswered_start_is_pending_and_gets_its_link_later(shop: World, fault: str) -> None:
    await shop.plan(**{fault: 1.0})
    payment = await shop.start()
    assert (payment.state, payment.intent_url) == (PaymentState.PENDING, None)
    await shop.plan()
    await shop.pass_time(10)
    again = await shop.now(payment)
    assert again.state is PaymentState.PENDING
    assert again.intent_url is not None
    await shop.approve(again)
    assert (await shop.now(payment)).state is PaymentState.CAPTURED


async def test_a_gateway_slower_than_our_patience_leaves_the_payment_pending(tmp_path: Path) -> None:
    async with world(tmp_path, gateway_timeout_s="1") as shop:
        await shop.plan(latency_ms=60_000)
        payment = await shop.start()
        assert (payment.state, payment.intent_url) == (PaymentState.PENDING, None)
        assert await shop.bill(payment) is not None


async def test_a_payment_that_never_reached_the_gateway_expires_by_the_clock(shop: World) -> None:
    shop.wires.cut.add("gateway")
    payment = await shop.start(seconds=60)
    await shop.pass_time(61)
    assert (await shop.now(payment)).state is PaymentState.PENDING
    shop.wires.cut.clear()
    await shop.pass_time(120)
    assert (await shop.now(payment)).state is PaymentState.EXPIRED
    assert await shop.heard.names(1) == ["payments.failed"]


async def test_a_cancelled_payment_that_never_reached_the_gateway_is_asked_about_until_its_expiry(shop: World) -> None:
    shop.wires.cut.add("gateway")
    payment = await shop.start(seconds=300)
    await shop.payments.service.cancel(payment_id=payment.id, reason="changed_mind")
    shop.wires.cut.clear()
    for seconds in (10, 50, 250, 3_600, 7_200):
        await shop.pass_time(seconds)
    shop.wires.seen.clear()
    await shop.pass_time(20_000)
    assert shop.wires.seen == []
    assert (await shop.now(payment)).state is PaymentState.CANCELLED


async def test_a_payment_that_the_gateway_will_not_have_has_failed(shop: World) -> None:
    payment = await shop.start(99)
    assert (payment.state, payment.reason) == (PaymentState.FAILED, "gateway_refused")
    assert await shop.heard.names(1) == ["payments.failed"]


async def test_a_wrong_key_at_the_gateway_leaves_payments_pending(tmp_path: Path) -> None:
    async with world(tmp_path, gateway_key_secret="old") as shop:
        payment = await shop.start()
        await shop.pass_time(10)
        assert (await shop.now(payment)).state is PaymentState.PENDING


@pytest.mark.parametrize("amount", [0, -1])
async def test_a_payment_of_no_amount_is_refused(shop: World, amount: int) -> None:
    with pytest.raises(Rejected):
        await shop.start(amount)


async def test_a_debit_that_nobody_told_us_about_is_found_by_the_first_status_check(shop: World) -> None:
    await shop.plan(drop_after_debit=1.0)
    payment = await shop.start()
    assert (await shop.approve(payment)).status_code == 503
    await shop.pass_time(44)
    assert (await shop.now(payment)).state is PaymentState.PENDING
    await shop.pass_time(7)
    assert (await shop.now(payment)).state is PaymentState.CAPTURED
    _, history, *_ = await shop.payments.service.look(payment.id)
    assert [step["actor"] for step in history] == ["order", "status_check"]


async def test_an_expiry_that_nobody_told_us_about_is_found_after_it(shop: World) -> None:
    await shop.plan(callback_lost=1.0)
    payment = await shop.start(seconds=300)
    for seconds in (51, 250, 10):
        await shop.pass_time(seconds)
    assert (await shop.now(payment)).state is PaymentState.EXPIRED


async def test_at_most_three_status_checks_in_the_first_two_hours(shop: World) -> None:
    await shop.plan(callback_lost=1.0)
    await shop.start(seconds=86_400)
    shop.wires.seen.clear()
    for _ in range(int(TWO_HOURS // 30) - 1):
        await shop.pass_time(30)
    asked = [line for line in shop.wires.seen if line.startswith("GET /sim/gateway/v1/payments/")]
    assert 0 < len(asked) <= 3


async def test_a_callback_that_comes_twice_captures_once(shop: World) -> None:
    await shop.plan(callback_twice=1.0)
    payment = await shop.paid(5_000)
    await shop.pass_time(1)
    delivered = shop.wires.seen.count("POST /api/payments/callbacks/gateway")
    assert delivered == 2
    assert payment.state is PaymentState.CAPTURED
    assert await shop.balance("escrow") == -5_000


async def test_a_callback_is_brought_again_until_we_are_back(shop: World) -> None:
    payment = await shop.start()
    shop.wires.cut.add("payments")
    await shop.approve(payment)
    assert (await shop.now(payment)).state is PaymentState.PENDING
    shop.wires.cut.clear()
    await shop.pass_time(2)
    assert (await shop.now(payment)).state is PaymentState.CAPTURED


@pytest.mark.parametrize("seed", range(3))
async def test_after_a_day_of_faults_both_books_agree_and_nobody_paid_for_nothing(shop: World, seed: int) -> None:
    await shop.plan(
        seed=seed, drop_before=0.2, drop_after=0.2, drop_after_debit=0.2, callback_twice=0.3, callback_lost=0.3,
        decline=0.15, refund_pending=0.4, callback_delay_ms=1_500,
    )  # fmt: skip
    payments = await asyncio.gather(*(shop.start(1_000 + n, seconds=900) for n in range(24)))
    await shop.pass_time(10)
    for turn, payment in enumerate(payments):
        await live(shop, payment, turn)
    await shop.plan()
    for _ in range(40):
        await shop.pass_time(600)
    await nobody_paid_for_nothing(shop, payments)


async def live(shop: World, payment: Payment, turn: int) -> None:
    """One payer in four never pays, one cancels first and pays all the same, one has half of it refunded."""
    if turn % 4 == 0:
        return
    if turn % 4 == 1:
        await shop.payments.service.cancel(payment_id=payment.id, reason="changed_mind")
    for _ in range(3):
        if await shop.bill(payment) is not None:
            await shop.approve(payment)
    await shop.pass_time(3)
    if turn % 4 == 2 and (await shop.now(payment)).state is PaymentState.CAPTURED:
        await shop.payments.service.refund(key=f"half-{turn}", payment_id=payment.id, amount=500, reason="returned")


async def nobody_paid_for_nothing(shop: World, payments: list[Payment]) -> None:
    check = await shop.check()
    assert (check["balanced"], check["agrees"], check["cases"]) == (True, True, [])
    assert await shop.balance("refunds:pending") == 0
    kept = 0
    for payment in payments:
        now = await shop.now(payment)
        assert now.state not in OPEN
        kept += now.amount - now.refunded if now.state is PaymentState.CAPTURED else 0
    assert (await shop.books())["held"] == kept == -await shop.balance("escrow") == await shop.balance("gateway:upi")
