"""Cards by token, net banking, wallets, UPI collect: what each can do, and what is refused."""

import pytest

from mela.contracts.payments import BadInstrument, BankDown, CollectNotAllowed, Instrument, Payment, PaymentState
from mela.kernel.idempotency import KeyReused
from mela.kernel.money import Paise
from mela.services.payments.model import Actor, ProviderPayment, Word
from mela.services.payments.store import captures, payments
from tests.service.payments.world import START, World

AUTHORIZED, CAPTURED, CANCELLED = PaymentState.AUTHORIZED, PaymentState.CAPTURED, PaymentState.CANCELLED


async def history(shop: World, payment: Payment) -> list[tuple[str, str, str | None]]:
    """Where it went, by whom and why."""
    _, steps, *_ = await shop.payments.service.look(payment.id)
    return [(step["to"], step["actor"], step["reason"]) for step in steps]


async def test_a_card_is_paid_at_its_banks_page_and_known_by_its_last_digits(shop: World) -> None:
    payment = await shop.start(method="card", instrument=await shop.card())
    assert payment.intent_url is not None
    assert payment.intent_url.startswith("http://bank.example/pay/")
    await shop.approve(payment)
    paid = await shop.now(payment)
    assert (paid.state, paid.captured, paid.paid_with) == (CAPTURED, 129_900, "visa 1111")


async def test_the_token_service_is_away_so_the_card_waits_and_is_asked_for_later(shop: World) -> None:
    card = await shop.card()
    shop.wires.cut.add("gateway")
    payment = await shop.start(method="card", instrument=card)
    assert (payment.state, payment.intent_url) == (PaymentState.PENDING, None)
    shop.wires.cut.clear()
    await shop.pass_time(60)
    assert (await shop.now(payment)).intent_url is not None
    assert (await shop.payments.client.get("/api/payments/methods")).status_code == 200


async def test_a_card_that_no_network_knows_fails(shop: World) -> None:
    payment = await shop.start(method="card", instrument=Instrument(card="ctok0000"))
    assert (payment.state, payment.reason) == (PaymentState.FAILED, "gateway_refused")


async def test_a_card_whose_time_is_over_fails(shop: World) -> None:
    card = await shop.card(expiry="1126")
    shop.clock.advance(40 * 86_400)
    payment = await shop.start(method="card", instrument=card)
    assert payment.state is PaymentState.FAILED


@pytest.mark.parametrize("number", ["4111111111111112", "9111111111111111"])
async def test_the_network_takes_no_number_that_is_none(shop: World, number: str) -> None:
    body = {"number": number, "expiry": "1230", "cvv": "123"}
    answer = await shop.gateway.client.post("/sim/gateway/cards/tokens", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "gateway.bad_card")


async def test_a_raw_card_number_is_refused_at_the_edge(shop: World) -> None:
    payment = await shop.authorized()
    answer = await shop.payments.client.post(
        f"/api/payments/payments/{payment.id}/captures", headers=shop.operator() | {"idempotency-key": "k-12345678"},
        json={"amount_paise": 100, "note": "4111 1111 1111 1111"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (422, "kernel.card_number")
    assert "4111" not in answer.text


async def test_authorised_money_is_taken_whole(shop: World) -> None:
    payment = await shop.authorized()
    assert (payment.state, payment.captured, await shop.balance("escrow")) == (AUTHORIZED, 0, 0)
    capture = await shop.payments.service.capture(key="c", payment_id=payment.id, amount=129_900)
    assert (capture.state, (await shop.now(payment)).state) == ("done", CAPTURED)
    assert await shop.balance("gateway:upi") == 129_900
    state, actor, reason = (await history(shop, payment))[-1]
    assert (state, reason) == ("captured", None)
    assert actor in ("order", "gateway_callback")  # the answer and the callback race, and either closes it


async def test_authorised_money_is_taken_in_parts_and_the_rest_let_go(shop: World) -> None:
    payment, take = await shop.authorized(10_000), shop.payments.service.capture
    first = await take(key="a", payment_id=payment.id, amount=3_000, final=False)
    assert ((await shop.now(payment)).state, first.state, await shop.balance("gateway:upi")) == (
        AUTHORIZED,
        "done",
        3_000,
    )
    assert await take(key="a", payment_id=payment.id, amount=3_000, final=False) == first
    with pytest.raises(KeyReused):
        await take(key="a", payment_id=payment.id, amount=3_001, final=False)
    await take(key="b", payment_id=payment.id, amount=4_000)
    now = await shop.now(payment)
    assert (now.state, now.captured, await shop.balance("gateway:upi")) == (CAPTURED, 7_000, 7_000)
    assert (await shop.check())["agrees"]


async def test_no_more_is_taken_than_was_authorised_nor_given_back_than_was_taken(shop: World) -> None:
    payment, operator = await shop.authorized(10_000), shop.operator()
    where = f"/api/payments/payments/{payment.id}/captures"
    for key, amount, code in (("key-over", 10_001, "payments.capture_too_large"), ("key-some", 6_000, None)):
        answer = await shop.payments.client.post(
            where, headers=operator | {"idempotency-key": key}, json={"amount_paise": amount}
        )
        assert answer.json().get("code") == code
    again = await shop.payments.client.post(
        where, headers=operator | {"idempotency-key": "key-more"}, json={"amount_paise": 1}
    )
    assert (again.status_code, again.json()["code"]) == (409, "payments.not_authorized")
    with pytest.raises(Exception, match="6000"):
        await shop.payments.service.refund(key="r", payment_id=payment.id, amount=6_001, reason="all")
    await shop.payments.service.refund(key="s", payment_id=payment.id, amount=6_000, reason="all")
    assert (await shop.check())["agrees"]


async def test_a_capture_whose_answer_is_lost_is_asked_for_again_and_taken_once(shop: World) -> None:
    payment = await shop.authorized(10_000)
    await shop.plan(seed=1, drop_after=1, callback_lost=1)
    capture = await shop.payments.service.capture(key="c", payment_id=payment.id, amount=4_000)
    assert capture.state == "pending"
    other = await shop.payments.client.post(
        f"/api/payments/payments/{payment.id}/captures", headers=shop.operator() | {"idempotency-key": "key-other"},
        json={"amount_paise": 100},
    )  # fmt: skip
    assert other.json()["code"] == "payments.capture_pending"
    await shop.plan()
    await shop.pass_time(5)
    assert ((await shop.now(payment)).state, await shop.balance("gateway:upi")) == (CAPTURED, 4_000)
    assert (await shop.check())["agrees"]


async def test_a_callback_closes_a_capture_whose_answer_was_lost(shop: World) -> None:
    payment = await shop.authorized(10_000)
    await shop.plan(seed=1, drop_after=1)
    await shop.payments.service.capture(key="c", payment_id=payment.id, amount=4_000)
    await shop.gateway.run_job("send_callbacks")
    now = await shop.now(payment)
    assert (now.state, now.captured, await shop.balance("gateway:upi")) == (CAPTURED, 4_000, 4_000)


async def test_authorised_money_of_a_cancelled_payment_is_let_go(shop: World) -> None:
    payment = await shop.authorized()
    answer = await shop.payments.client.post(f"/api/payments/payments/{payment.id}/cancel", headers=shop.operator())
    assert answer.json()["state"] == "cancelled"
    await shop.pass_time(1)
    assert (await shop.gateway.service.payment(await shop.bill(payment)))["status"] == "voided"
    assert await shop.balance("escrow") == 0
    assert (await history(shop, payment))[-1] == ("cancelled", "order", "cancelled by asha")


async def test_the_rest_of_a_payment_taken_in_part_is_let_go_when_it_is_cancelled(shop: World) -> None:
    payment = await shop.authorized(10_000)
    await shop.payments.service.capture(key="a", payment_id=payment.id, amount=3_000, final=False)
    cancelled = await shop.payments.service.cancel(payment_id=payment.id, reason="enough")
    await shop.pass_time(1)
    there = await shop.gateway.service.payment(await shop.bill(payment))
    assert (cancelled.state, cancelled.captured) == (CAPTURED, 3_000)
    assert (there["status"], there["amount"]) == ("captured", 3_000)
    await shop.payments.service.refund(key="r", payment_id=payment.id, amount=3_000, reason="back")
    assert (await shop.check())["agrees"]


@pytest.mark.parametrize(
    ("method", "instrument", "shown"),
    [("netbanking", Instrument(bank="HDFC"), "HDFC Bank"), ("wallet", Instrument(wallet="paytm"), "Paytm")],
)
async def test_net_banking_and_wallets_are_paid_at_a_page(
    shop: World, method: str, instrument: Instrument, shown: str
) -> None:
    payment = await shop.start(method=method, instrument=instrument)  # type: ignore[arg-type]
    assert payment.intent_url is not None
    assert payment.intent_url.startswith("http")
    await shop.approve(payment)
    assert ((await shop.now(payment)).state, payment.paid_with) == (CAPTURED, shown)


@pytest.mark.parametrize(
    ("method", "instrument", "what"),
    [
        ("card", None, "card"),
        ("netbanking", Instrument(bank="QQQQ"), "bank"),
        ("netbanking", Instrument(wallet="paytm"), "bank"),
        ("wallet", Instrument(wallet="purse"), "wallet"),
        ("upi", Instrument(card="ctok1"), "card"),
        ("cod", Instrument(vpa="a@b"), "vpa"),
    ],
)
async def test_an_instrument_that_does_not_fit_is_refused_before_anything_is_kept(
    shop: World, method: str, instrument: Instrument | None, what: str
) -> None:
    with pytest.raises(BadInstrument) as refused:
        await shop.start(method=method, instrument=instrument)  # type: ignore[arg-type]
    assert refused.value.params == {"what": what}


async def test_a_bank_that_is_down_is_shown_and_refused_until_it_is_back(shop: World) -> None:
    await shop.plan(banks_down=["SBIN", "paytm"])
    await shop.payments.run_job("learn_downtimes")
    shown = (await shop.payments.client.get("/api/payments/methods")).json()
    assert [each["code"] for kind in shown.values() for each in kind if each["down"]] == ["SBIN", "paytm"]
    assert len(shown["netbanking"]) >= 50
    with pytest.raises(BankDown):
        await shop.start(method="netbanking", instrument=Instrument(bank="SBIN"))
    await shop.start(method="netbanking", instrument=Instrument(bank="HDFC"))
    await shop.plan()
    await shop.payments.run_job("learn_downtimes")
    await shop.start(method="netbanking", instrument=Instrument(bank="SBIN"))


async def test_who_does_not_say_what_is_down_is_believed_as_before(shop: World) -> None:
    await shop.plan(banks_down=["SBIN"])
    await shop.payments.run_job("learn_downtimes")
    shop.wires.cut.add("gateway")
    await shop.payments.run_job("learn_downtimes")
    with pytest.raises(BankDown):
        await shop.start(method="netbanking", instrument=Instrument(bank="SBIN"))


async def test_a_typed_upi_address_is_not_asked_any_more(shop: World) -> None:
    with pytest.raises(CollectNotAllowed) as refused:
        await shop.start(instrument=Instrument(vpa="asha@simbank"))
    assert refused.value.params == {"since": "2026-02-28"}


async def test_a_deemed_payment_waits_and_is_captured_when_the_other_bank_confirms(shop: World) -> None:
    await shop.plan(deemed=1, deemed_ms=60_000)
    payment = await shop.start()
    await shop.approve(payment)
    await shop.pass_time(55)
    now = await shop.now(payment)
    assert (now.state, now.reason) == (PaymentState.PENDING, "deemed")
    await shop.pass_time(3_600)
    now = await shop.now(payment)
    assert (now.state, now.reason, await shop.balance("gateway:upi")) == (CAPTURED, None, 129_900)


async def test_a_payment_that_is_over_is_deemed_no_more(shop: World) -> None:
    payment = await shop.start()
    await shop.approve(payment)
    late = ProviderPayment("gp1", payment.id, Word.DEEMED, Paise(payment.amount))
    await shop.payments.db.run(payments.apply, late, provider="gateway", actor=Actor.CHECK, now=START, due=START)
    now = await shop.now(payment)
    assert (now.state, now.reason) == (CAPTURED, None)
    assert "deemed" not in {reason for _, _, reason in await history(shop, payment)}


async def test_a_deemed_payment_that_is_reversed_fails_with_its_code(shop: World) -> None:
    await shop.plan(deemed=1, deemed_ms=60_000, deemed_reversed=1)
    payment = await shop.start()
    await shop.approve(payment)
    await shop.pass_time(55)
    await shop.pass_time(3_600)
    now = await shop.now(payment)
    assert (now.state, now.reason, await shop.balance("escrow")) == (PaymentState.FAILED, "21", 0)


async def test_the_same_key_with_another_card_is_refused(shop: World) -> None:
    await shop.start(method="card", key="k", instrument=await shop.card())
    with pytest.raises(KeyReused):
        await shop.start(method="card", key="k", instrument=await shop.card())


async def test_money_that_nobody_captures_lapses_at_its_bank(shop: World) -> None:
    payment = await shop.authorized()
    await shop.pass_time(5 * 86_400 + 60)
    await shop.pass_time(7_200)
    now = await shop.now(payment)
    assert (now.state, await shop.balance("escrow")) == (PaymentState.EXPIRED, 0)


@pytest.mark.parametrize("word", [Word.FAILED, Word.VOIDED])
@pytest.mark.parametrize("under_way", [True, False])
async def test_an_end_that_is_told_of_money_that_was_taken_is_none(shop: World, under_way: bool, word: Word) -> None:
    payment, service, db = await shop.authorized(10_000), shop.payments.service, shop.payments.db
    if under_way:
        await db.run(
            captures.request, key="part", payment_id=payment.id, amount=Paise(4_000), final=True, now=START, due=START
        )
    else:
        await service.capture(key="part", payment_id=payment.id, amount=4_000, final=False)
    lie = ProviderPayment("gp1", payment.id, word, Paise(0))
    await db.run(payments.apply, lie, provider="gateway", actor=Actor.CHECK, now=START, due=START)
    assert (await shop.now(payment)).state == "authorized"
    await service.push_captures()
    found = await shop.now(payment)
    assert (found.state, found.captured) == ("captured" if under_way else "authorized", 4_000)
    assert (await shop.check())["balanced"] is True
