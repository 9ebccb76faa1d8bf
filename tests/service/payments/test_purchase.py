"""A payment from its start to its end, against the real gateway simulator."""

from mela.contracts.payments import PaymentState
from tests.service.payments.world import World


async def test_a_started_payment_is_pending_with_a_link_for_the_payers_app(shop: World) -> None:
    payment = await shop.start(129_900)
    assert payment.state is PaymentState.PENDING
    assert payment.intent_url is not None
    assert payment.intent_url.startswith("upi://pay?pa=mela@simbank&pn=Mela&tr=gp")
    assert "&am=1299.00&cu=INR" in payment.intent_url


async def test_an_approved_payment_is_captured_by_callback(shop: World) -> None:
    payment = await shop.paid(129_900)
    assert payment.state is PaymentState.CAPTURED
    assert payment.rrn is not None
    assert len(payment.rrn) == 12
    assert await shop.balance("gateway:upi") == 129_900
    assert await shop.balance("escrow") == -129_900
    assert await shop.heard.names(1) == ["payments.captured"]


async def test_a_declined_payment_has_failed_with_the_banks_code(shop: World) -> None:
    payment = await shop.start()
    await shop.decline(payment, "Z9")
    assert ((await shop.now(payment)).state, (await shop.now(payment)).reason) == (PaymentState.FAILED, "Z9")
    assert await shop.balance("escrow") == 0
    assert await shop.heard.names(1) == ["payments.failed"]


async def test_the_same_key_starts_one_payment(shop: World) -> None:
    first = await shop.start(key="one")
    assert await shop.start(key="one") == first
    await shop.approve(first)
    assert (await shop.start(key="one")).state is PaymentState.CAPTURED
    assert (await shop.books())["totals"]["collected"]["count"] == 1
