"""The process dies around a call to the gateway, or is overtaken by its answer: nothing is lost, nothing happens twice."""

import asyncio

import pytest
from sqlalchemy import Connection, select

from mela.contracts.payments import PaymentState
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
