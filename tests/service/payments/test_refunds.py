"""Refunds: in parts, pending for a while, refused, and never above what was captured."""

import asyncio

import pytest

from mela.contracts.payments import NotCaptured, Payment, PaymentState, Refund, RefundTooLarge, UnknownPayment
from mela.kernel.errors import MelaError, Rejected
from mela.kernel.idempotency import KeyReused
from mela.kernel.money import Paise
from mela.services.payments.model import Outcome, ProviderRefund
from mela.services.payments.store import refunds
from tests.service.payments.world import World

UNKNOWN = "pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B"


async def refund(shop: World, payment: Payment, amount: int, key: str = "refund-1") -> Refund:
    found: Refund = await shop.payments.service.refund(key=key, payment_id=payment.id, amount=amount, reason="returned")
    return found


async def test_a_refund_is_processed_and_the_payer_has_the_money(shop: World) -> None:
    payment = await shop.paid(9_000)
    assert (await refund(shop, payment, 4_000)).state == "processed"
    assert await shop.balance("escrow") == -5_000
    assert await shop.balance("gateway:upi") == 5_000
    assert await shop.heard.names(2) == ["payments.captured", "payments.refunded"]


async def test_the_same_key_refunds_once(shop: World) -> None:
    payment = await shop.paid(9_000)
    first, second = await refund(shop, payment, 4_000), await refund(shop, payment, 4_000)
    assert first == second
    assert (await shop.books())["totals"]["refunded"] == {"count": 1, "amount": 4_000}


async def test_the_same_key_for_another_amount_is_refused(shop: World) -> None:
    payment = await shop.paid(9_000)
    await refund(shop, payment, 4_000)
    with pytest.raises(KeyReused):
        await refund(shop, payment, 4_001)


async def test_several_refunds_never_exceed_what_was_captured(shop: World) -> None:
    payment = await shop.paid(9_000)
    await refund(shop, payment, 5_000, "a")
    with pytest.raises(RefundTooLarge) as error:
        await refund(shop, payment, 5_000, "b")
    assert error.value.params == {"left": 4_000}
    assert (await refund(shop, payment, 4_000, "c")).state == "processed"


async def test_64_refunds_at_once_never_exceed_what_was_captured(shop: World) -> None:
    payment = await shop.paid(10_000)
    tries = [refund(shop, payment, 700, f"key-{n}") for n in range(64)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    done = [result for result in results if isinstance(result, Refund)]
    assert all(isinstance(result, (Refund, MelaError)) for result in results)
    assert 0 < len(done) <= 14
    for _ in range(3):
        await shop.pass_time(60)
    totals = (await shop.books())["totals"]["refunded"]
    assert totals["amount"] == (await shop.now(payment)).refunded == 700 * totals["count"] <= 10_000
    assert (await shop.check())["agrees"] is True


async def test_a_refund_that_the_gateway_keeps_pending_is_processed_later(shop: World) -> None:
    await shop.plan(refund_pending=1.0, refund_pending_ms=60_000)
    payment = await shop.paid(9_000)
    assert (await refund(shop, payment, 9_000)).state == "pending"
    assert await shop.balance("refunds:pending") == -9_000
    for _ in range(8):
        await shop.pass_time(10)
    assert (await refund(shop, payment, 9_000)).state == "processed"
    assert await shop.balance("refunds:pending") == 0


@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
async def test_an_unanswered_refund_is_pending_and_goes_through_once(shop: World, fault: str) -> None:
    payment = await shop.paid(9_000)
    await shop.plan(**{fault: 1.0, "callback_lost": 1.0})
    assert (await refund(shop, payment, 9_000)).state == "pending"
    await shop.plan()
    await shop.pass_time(10)
    assert (await refund(shop, payment, 9_000)).state == "processed"
    assert (await shop.books())["totals"]["refunded"]["count"] == 1


async def test_a_refund_that_the_gateway_refuses_is_held_again_and_shown_to_a_person(shop: World) -> None:
    payment = await shop.paid(9_000)
    elsewhere = {"reference": "by-hand", "amount": 9_000}
    answer = await shop.gateway.client.post(
        f"/sim/gateway/v1/payments/{await shop.bill(payment)}/refunds", json=elsewhere, auth=shop.merchant
    )
    assert answer.status_code == 200
    assert (await refund(shop, payment, 1_000)).state == "failed"
    assert await shop.balance("escrow") == -9_000
    assert (await shop.now(payment)).refunded == 0
    check = await shop.check()
    assert check["agrees"] is False
    assert sorted(case["kind"] for case in check["cases"]) == ["refund_refused", "unknown_refund"]
    assert await shop.heard.names(2) == ["payments.captured", "payments.refund_failed"]
    assert (await refund(shop, payment, 1_000)).state == "failed"
    await shop.pass_time(60)
    assert await shop.heard.names(2) == ["payments.captured", "payments.refund_failed"]


async def test_cash_goes_back_by_the_courier(shop: World) -> None:
    payment = await shop.start(9_000, method="cod")
    await shop.payments.service.collect_cash(key="cash-1", payment_id=payment.id)
    assert (await refund(shop, payment, 2_000)).state == "processed"
    assert await shop.balance("cash:in_transit") == 7_000
    assert await shop.heard.names(2) == ["payments.captured", "payments.refunded"]


async def test_nothing_is_refunded_before_it_was_captured(shop: World) -> None:
    with pytest.raises(NotCaptured):
        await refund(shop, await shop.start(), 1)
    with pytest.raises(UnknownPayment):
        await shop.payments.service.refund(key="k", payment_id=UNKNOWN, amount=1, reason="x")


@pytest.mark.parametrize("amount", [0, -1, 10**16])
async def test_a_refund_of_no_amount_is_refused(shop: World, amount: int) -> None:
    payment = await shop.paid(9_000)
    with pytest.raises(Rejected):
        await refund(shop, payment, amount)


async def test_cash_is_collected_once_and_never_for_a_cancelled_payment(shop: World) -> None:
    service = shop.payments.service
    payment = await shop.start(9_000, method="cod")
    assert (payment.state, payment.intent_url, payment.expires) == (PaymentState.PENDING, None, None)
    for _ in range(2):
        assert (await service.collect_cash(key="cash-1", payment_id=payment.id)).state is PaymentState.CAPTURED
    assert await shop.balance("cash:in_transit") == 9_000
    cancelled = await shop.start(9_000, method="cod")
    await service.cancel(payment_id=cancelled.id, reason="refused_at_door")
    with pytest.raises(NotCaptured):
        await service.collect_cash(key="cash-2", payment_id=cancelled.id)
    with pytest.raises(Rejected):
        await service.collect_cash(key="cash-3", payment_id=(await shop.start()).id)


@pytest.mark.parametrize(("provider", "amount"), [("gateway", 9_999), ("razorpay", 10_000)])
async def test_a_refund_of_another_amount_or_provider_is_parked(shop: World, provider: str, amount: int) -> None:
    payment = await shop.paid()
    await shop.plan(refund_pending=1.0, refund_pending_ms=60_000)
    asked = await refund(shop, payment, 10_000)
    told = ProviderRefund(asked.id, Paise(amount), "processed")
    outcome = await shop.payments.db.run(
        refunds.process, told, shop.clock.now(), provider=provider, event=("evt_1", "refund.processed")
    )
    assert outcome is Outcome.PARKED
    assert await shop.balance("refunds:pending") == -10_000
    kinds = [case["kind"] for case in (await shop.check())["cases"]]
    assert kinds == ["amount_differs" if provider == "gateway" else "unknown_refund"]
