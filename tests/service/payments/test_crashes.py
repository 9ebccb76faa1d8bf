"""The process dies around a call to the gateway, or is overtaken by its answer: nothing is lost, nothing happens twice."""

import asyncio

import pytest
from sqlalchemy import Connection, select

from mela.contracts.payments import Capture, PaymentState
from mela.kernel.money import Paise
from mela.simulators.gateway import tables
from tests.service.payments.world import World, die


def newest(conn: Connection) -> tuple[str, str]:
    """The gateway's id and our id of the payment that reached the gateway last."""
    row = conn.execute(select(tables.payments).order_by(tables.payments.c.number.desc()).limit(1)).one()
    return row.id, row.reference


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_start_that_died_around_the_gateway_call_is_taken_up_by_the_timer(shop: World, when: str) -> None:
    setattr(shop.wires, when, die)
    with pytest.raises(asyncio.CancelledError):
        await shop.start(key="one")
    await shop.pass_time(5)
    shop.wires.cut.add("gateway")
    payment = await shop.start(key="one")
    assert payment.state is PaymentState.PENDING
    assert payment.intent_url is not None


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_refund_that_died_around_the_gateway_call_goes_through_once(shop: World, when: str) -> None:
    payment = await shop.paid(9_000)
    setattr(shop.wires, when, die)
    with pytest.raises(asyncio.CancelledError):
        await shop.payments.service.refund(key="r", payment_id=payment.id, amount=9_000, reason="returned")
    await shop.pass_time(5)
    await shop.pass_time(5)
    refund = await shop.payments.service.refund(key="r", payment_id=payment.id, amount=9_000, reason="returned")
    assert refund.state == "processed"
    assert (await shop.books())["totals"]["refunded"] == {"count": 1, "amount": 9_000}
    assert await shop.heard.names(2) == ["payments.captured", "payments.refunded"]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_timer_that_died_while_asking_asks_again(shop: World, when: str) -> None:
    await shop.plan(drop_after_debit=1.0)
    payment = await shop.start()
    await shop.approve(payment)
    setattr(shop.wires, when, die)
    with pytest.raises(asyncio.CancelledError):
        await shop.pass_time(51)
    await shop.pass_time(11)
    assert (await shop.now(payment)).state is PaymentState.CAPTURED


async def test_a_payer_faster_than_the_gateways_answer_is_captured(shop: World) -> None:
    async def pay() -> None:
        found, _ = await shop.gateway.db.read(newest)
        await shop.gateway.client.post(f"/sim/gateway/upi/{found}/approve")
        await shop.gateway.run_job("send_callbacks")

    shop.wires.after = pay
    payment = await shop.start(5_000)
    assert payment.state is PaymentState.CAPTURED
    assert await shop.balance("escrow") == -5_000


async def test_an_order_that_cancels_before_the_gateways_answer_stays_cancelled(shop: World) -> None:
    found: list[str] = []

    async def cancel() -> None:
        _, reference = await shop.gateway.db.read(newest)
        found.append(reference)
        await shop.payments.service.cancel(payment_id=reference, reason="changed_mind")

    shop.wires.after = cancel
    payment = await shop.start(5_000)
    assert (payment.id, payment.state) == (found[0], PaymentState.CANCELLED)
    await shop.approve(payment)
    for _ in range(2):
        await shop.pass_time(60)
    assert (await shop.now(payment)).refunded == 5_000
    assert await shop.heard.names(2) == ["payments.failed", "payments.refunded"]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_capture_that_died_around_the_gateway_call_is_taken_once(shop: World, when: str) -> None:
    payment = await shop.authorized(9_000)
    setattr(shop.wires, when, die)
    with pytest.raises(asyncio.CancelledError):
        await shop.payments.service.capture(key="c", payment_id=payment.id, amount=Paise(4_000))
    await shop.pass_time(5)
    await shop.pass_time(5)
    capture = await shop.payments.service.capture(key="c", payment_id=payment.id, amount=Paise(4_000))
    assert capture.state == "done"
    assert (await shop.books())["totals"]["collected"] == {"count": 1, "amount": 4_000}
    assert await shop.heard.names(2) == ["payments.authorized", "payments.captured"]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_let_go_that_died_around_the_gateway_call_is_let_go(shop: World, when: str) -> None:
    payment = await shop.authorized(9_000)
    await shop.payments.service.cancel(payment_id=payment.id, reason="changed_mind")
    setattr(shop.wires, when, die)
    with pytest.raises(asyncio.CancelledError):
        await shop.pass_time(1)
    for _ in range(3):
        await shop.pass_time(11)
    assert (await shop.gateway.service.payment(await shop.bill(payment)))["status"] == "voided"


async def test_one_of_many_captures_and_a_cancellation_at_once_wins_and_the_books_agree(shop: World) -> None:
    payment = await shop.authorized(9_000)
    take = shop.payments.service.capture
    ends = await asyncio.gather(
        *(take(key=f"c{n}", payment_id=payment.id, amount=Paise(5_000)) for n in range(8)),
        shop.payments.service.cancel(payment_id=payment.id, reason="changed_mind"),
        return_exceptions=True,
    )
    for _ in range(3):
        await shop.pass_time(11)
    now = await shop.now(payment)
    done = [end for end in ends if isinstance(end, Capture)]
    assert (now.state, len(done)) in ((PaymentState.CAPTURED, 1), (PaymentState.CANCELLED, 0))
    assert (await shop.books())["held"] == now.captured == 5_000 * len(done)
    assert (await shop.check())["agrees"]
