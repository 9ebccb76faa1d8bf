"""What every `Payments` does, the real one and the fake that other services test with."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mela.contracts.payments import (
    NotCaptured,
    Payment,
    Payments,
    PaymentState,
    RefundTooLarge,
    Transfer,
    UnknownPayment,
)
from mela.kernel.errors import Rejected
from mela.kernel.idempotency import KeyReused
from mela.kernel.money import Paise
from tests.fakes.payments import FakePayments
from tests.service.payments.world import World, world


class Side:
    """A `Payments`, and the payer of its payments."""

    def __init__(self, payments: Payments, shop: World | None) -> None:
        self.payments, self.shop = payments, shop

    async def pay(self, payment: Payment) -> None:
        if self.shop is not None:
            await self.shop.approve(payment)
        else:
            assert isinstance(self.payments, FakePayments)
            self.payments.pay(payment.id)

    async def decline(self, payment: Payment) -> None:
        if self.shop is not None:
            await self.shop.decline(payment)
        else:
            assert isinstance(self.payments, FakePayments)
            self.payments.decline(payment.id)

    async def start(self, key: str = "key-1", amount: int = 5_000, method: str = "upi") -> Payment:
        return await self.payments.start(
            key=key, order_id="order_1", amount=Paise(amount), method="upi" if method == "upi" else "cod",
            description="Order", seconds=600,
        )  # fmt: skip


@pytest.fixture(params=["fake", "real"])
async def side(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Side]:
    if request.param == "fake":
        yield Side(FakePayments(), None)
    else:
        async with world(tmp_path) as shop:
            yield Side(shop.payments.service, shop)


async def test_a_upi_payment_starts_pending_with_a_link_and_an_end(side: Side) -> None:
    payment = await side.start()
    assert (payment.state, payment.amount, payment.refunded, payment.rrn) == (PaymentState.PENDING, 5_000, 0, None)
    assert payment.intent_url is not None
    assert payment.expires is not None
    assert (payment.expires - payment.created).total_seconds() == 600


async def test_a_key_starts_one_payment_and_refuses_another(side: Side) -> None:
    assert await side.start() == await side.start()
    with pytest.raises(KeyReused):
        await side.start(amount=5_001)
    with pytest.raises(KeyReused):
        await side.start(method="cod")


async def test_a_paid_payment_is_captured_with_the_banks_reference(side: Side) -> None:
    payment = await side.start()
    await side.pay(payment)
    paid = await side.payments.get(payment_id=payment.id)
    assert paid.state is PaymentState.CAPTURED
    assert paid.rrn is not None


async def test_a_declined_payment_has_failed_with_its_reason(side: Side) -> None:
    payment = await side.start()
    await side.decline(payment)
    failed = await side.payments.get(payment_id=payment.id)
    assert (failed.state, failed.reason) == (PaymentState.FAILED, "ZA")


async def test_cancelling_keeps_captured_money(side: Side) -> None:
    waiting, paid = await side.start("a"), await side.start("b")
    await side.pay(paid)
    for _ in range(2):
        cancelled = await side.payments.cancel(payment_id=waiting.id, reason="changed_mind")
        assert (cancelled.state, cancelled.reason) == (PaymentState.CANCELLED, "changed_mind")
    assert (await side.payments.cancel(payment_id=paid.id, reason="x")).state is PaymentState.CAPTURED


async def test_cash_is_collected_when_it_was_not_cancelled(side: Side) -> None:
    cash, cancelled = await side.start("a", method="cod"), await side.start("b", method="cod")
    assert (cash.state, cash.intent_url, cash.expires) == (PaymentState.PENDING, None, None)
    for _ in range(2):
        assert (await side.payments.collect_cash(key="c", payment_id=cash.id)).state is PaymentState.CAPTURED
    await side.payments.cancel(payment_id=cancelled.id, reason="x")
    with pytest.raises(NotCaptured):
        await side.payments.collect_cash(key="d", payment_id=cancelled.id)
    with pytest.raises(Rejected):
        await side.payments.collect_cash(key="e", payment_id=(await side.start("f")).id)


async def test_refunds_stay_within_the_payment_and_repeat_by_key(side: Side) -> None:
    payment = await side.start()
    with pytest.raises(NotCaptured):
        await side.payments.refund(key="r", payment_id=payment.id, amount=Paise(1), reason="x")
    await side.pay(payment)
    first = await side.payments.refund(key="r", payment_id=payment.id, amount=Paise(3_000), reason="x")
    again = await side.payments.refund(key="r", payment_id=payment.id, amount=Paise(3_000), reason="x")
    assert first.id == again.id
    with pytest.raises(KeyReused):
        await side.payments.refund(key="r", payment_id=payment.id, amount=Paise(2_999), reason="x")
    with pytest.raises(RefundTooLarge) as error:
        await side.payments.refund(key="s", payment_id=payment.id, amount=Paise(2_001), reason="x")
    assert error.value.params == {"left": 2_000}
    assert (await side.payments.get(payment_id=payment.id)).refunded == 3_000


async def test_a_key_posts_one_set_of_transfers(side: Side) -> None:
    transfers = [Transfer("escrow", "seller:kaveri", Paise(90), "settle")]
    for _ in range(2):
        await side.payments.post(key="day", transfers=transfers)
    with pytest.raises(KeyReused):
        await side.payments.post(key="day", transfers=[*transfers, *transfers])
    with pytest.raises(Rejected):
        await side.payments.post(key="other", transfers=[Transfer("a", "b", Paise(0), "settle")])
    with pytest.raises(Rejected) as error:
        await side.payments.post(key="mine", transfers=[Transfer("gateway:upi", "escrow", Paise(5), "capture")])
    assert (error.value.of, error.value.params) == ("payments.kind_reserved", {"kind": "capture"})


async def test_nobody_knows_a_payment_that_was_never_started(side: Side) -> None:
    unknown = "pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
    with pytest.raises(UnknownPayment):
        await side.payments.get(payment_id=unknown)
    with pytest.raises(UnknownPayment):
        await side.payments.cancel(payment_id=unknown, reason="x")
    with pytest.raises(UnknownPayment):
        await side.payments.collect_cash(key="k", payment_id=unknown)
    with pytest.raises(UnknownPayment):
        await side.payments.refund(key="k", payment_id=unknown, amount=Paise(1), reason="x")
