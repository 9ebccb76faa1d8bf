"""Several providers: payments go where it is well, on only when nothing can have happened, and every rupee stands once."""

from pathlib import Path

import pytest

from mela.contracts.payments import PaymentState
from mela.runtime import registry
from tests.service.payments.several import Several, several


async def agreed(shop: Several) -> None:
    check = await shop.get("/ledger/check")
    assert (check["balanced"], check["agrees"], check["cases"]) == (True, True, [])


@pytest.mark.parametrize("name", registry.PROVIDERS)
async def test_a_purchase_and_a_refund_at_each_provider(tmp_path: Path, name: str) -> None:
    async with several(tmp_path, name) as shop:
        payment = await shop.start()
        await shop.approve(payment, name)
        paid = await shop.now(payment)
        assert (paid.state, paid.rrn is not None) == (PaymentState.CAPTURED, True)
        await shop.plan(name, refund_pending=1.0)
        refund = await shop.payments.service.refund(key="r", payment_id=payment.id, amount=29_900, reason="returned")
        assert refund.state == "pending"
        await shop.pass_time(6)
        assert [r.state for r in (await shop.payments.service.look(payment.id))[3]] == ["processed"]
        balances = {row["account"]: row["balance_paise"] for row in (await shop.get("/ledger/balances"))["items"]}
        assert (balances[f"gateway:{name}"], balances["escrow"]) == (100_000, -100_000)
        await agreed(shop)


@pytest.mark.parametrize("name", registry.PROVIDERS)
async def test_a_day_of_faults_at_each_provider_loses_nothing(tmp_path: Path, name: str) -> None:
    async with several(tmp_path, name) as shop:
        await shop.plan(name, seed=7, drop_before=0.2, drop_after=0.2, drop_after_debit=0.2, callback_twice=0.3, callback_lost=0.3,
                        callback_late=0.3, sign_wrongly=0.3, decline=0.15)  # fmt: skip
        payments = [await shop.start(1_000 + n, seconds=900) for n in range(12)]
        await shop.pass_time(10)
        for payment in payments[::2]:
            for _ in range(3):
                if await shop.there(payment):
                    await shop.approve(payment, name)
        await shop.plan(name)
        for _ in range(15):
            await shop.pass_time(600)
        states = {(await shop.now(payment)).state for payment in payments}
        assert states <= {PaymentState.CAPTURED, PaymentState.FAILED, PaymentState.EXPIRED}
        assert PaymentState.CAPTURED in states
        await agreed(shop)


async def test_a_payment_goes_on_when_the_first_provider_cannot_be_reached(tmp_path: Path) -> None:
    async with several(tmp_path, "phonepe", "cashfree") as shop:
        shop.wires.cut.add("phonepe")
        payment = await shop.start()
        assert payment.intent_url is not None
        assert (await shop.at(payment), await shop.there(payment)) == ("cashfree", ["cashfree"])
        _, history, *_ = await shop.payments.service.look(payment.id)
        assert history[0]["reason"] == "phonepe: ConnectError, on to cashfree"
        shop.wires.cut.clear()
        await shop.approve(payment, "cashfree")
        assert (await shop.now(payment)).state is PaymentState.CAPTURED
        await agreed(shop)


@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
async def test_a_lost_answer_keeps_a_payment_at_its_provider(tmp_path: Path, fault: str) -> None:
    async with several(tmp_path, "phonepe", "cashfree") as shop:
        await shop.plan("phonepe", **{fault: 1.0})
        payment = await shop.start()
        assert (payment.state, payment.intent_url, await shop.at(payment)) == (PaymentState.PENDING, None, "phonepe")
        shop.wires.cut.add("phonepe")
        await shop.pass_time(5)
        shop.wires.cut.clear()
        await shop.plan("phonepe")
        await shop.pass_time(30)
        assert (await shop.now(payment)).intent_url is not None
        assert await shop.there(payment) == ["phonepe"]


async def test_a_refusal_sends_a_payment_on_and_the_last_one_ends_it(tmp_path: Path) -> None:
    async with several(tmp_path, "phonepe", "cashfree") as shop:
        payment = await shop.start(99)
        assert (payment.state, payment.reason, await shop.there(payment)) == (
            PaymentState.FAILED,
            "gateway_refused",
            [],
        )
        _, history, *_ = await shop.payments.service.look(payment.id)
        assert [step["to"] for step in history] == ["pending", "failed"]


async def test_an_outage_sends_later_payments_elsewhere(tmp_path: Path) -> None:
    async with several(tmp_path, "phonepe", "cashfree") as shop:
        await shop.plan("phonepe", drop_before=1.0)
        lost = [await shop.start() for _ in range(6)]
        assert any(payment.intent_url is None for payment in lost)
        later = [await shop.start() for _ in range(10)]
        assert all(payment.intent_url for payment in later)
        assert {await shop.at(payment) for payment in later} == {"cashfree"}
        told = {each["provider"]: each for each in (await shop.get("/providers"))["items"]}
        assert told["phonepe"]["answers"] < 0.95 < told["cashfree"]["answers"]


async def sold(folder: Path, *names: str) -> int:
    """How many of sixty payers have paid while razorpay's banks fail four in ten and cashfree is down."""
    async with several(folder, *names) as shop:
        if "cashfree" in names:
            await shop.plan("cashfree", drop_before=1.0)
        await shop.plan("razorpay", decline=0.4, decline_codes=["U30"])
        paid = 0
        for _ in range(60):
            payment = await shop.start()
            provider = await shop.at(payment)
            if payment.intent_url is not None and provider is not None:
                await shop.approve(payment, provider)
            shop.clock.advance(2)
            paid += (await shop.now(payment)).state is PaymentState.CAPTURED
        return paid


async def test_with_one_provider_at_sixty_percent_and_one_down_four_of_five_are_paid(tmp_path: Path) -> None:
    ours = await sold(tmp_path, "razorpay", "cashfree", "phonepe")
    assert ours >= 48


async def test_with_that_one_provider_alone_they_are_not(tmp_path: Path) -> None:
    assert await sold(tmp_path, "razorpay") < 48


async def test_a_payment_says_why_it_went_where_it_went(tmp_path: Path) -> None:
    async with several(tmp_path, "razorpay", "cashfree", "phonepe", "payu") as shop:
        payment = await shop.start()
        told = await shop.get(f"/payments/{payment.id}/route")
        assert told["provider"] == told["weighed"][0]["provider"] == await shop.at(payment)
        assert {each["provider"] for each in told["weighed"]} == set(registry.PROVIDERS)
        assert await shop.get("/providers?amount_paise=50000&bank=SBI")


async def test_money_at_a_provider_that_the_payment_has_left_is_a_case(tmp_path: Path) -> None:
    async with several(tmp_path, "cashfree", "razorpay") as shop:
        shop.wires.cut.add("cashfree")
        payment = await shop.start()
        assert await shop.at(payment) == "razorpay"
        shop.wires.cut.clear()
        known = await shop.sims["cashfree"].service.create_payment(
            reference=payment.id, amount=129_900, description="Order", seconds=600, method="upi",
            callback_url="http://payments/api/payments/callbacks/cashfree",
        )  # fmt: skip
        assert known["reference"] == payment.id
        await shop.approve(payment, "cashfree")
        assert (await shop.now(payment)).state is PaymentState.PENDING
        [case] = (await shop.get("/ledger/check"))["cases"]
        assert (case["kind"], case["about"]) == ("captured_elsewhere", payment.id)


async def test_a_callback_of_nobody_we_know_is_not_found(tmp_path: Path) -> None:
    async with several(tmp_path, "payu") as shop:
        answer = await shop.payments.client.post("/api/payments/callbacks/stripe", content=b"{}")
        assert (answer.status_code, answer.json()["code"]) == (404, "payments.unknown_provider")
