"""The gateway's word counts when it is signed, fits, and only once."""

import json
from typing import Any

import httpx2
import pytest

from mela.contracts.payments import PaymentState
from mela.simulators.gateway import signature
from tests.service.payments.world import World


async def send(shop: World, body: bytes, *, signed: str | None = None, event_id: str = "evt_1") -> httpx2.Response:
    headers = {signature.HEADER: signed or signature.hex_hmac("hook", body), signature.EVENT_ID: event_id}
    return await shop.payments.client.post("/api/payments/callbacks/gateway", content=body, headers=headers)


def captured(reference: str, amount: int = 129_900, **other: Any) -> bytes:
    entity = {
        "id": "gp1",
        "reference": reference,
        "status": "captured",
        "amount": amount,
        "rrn": "632715000042",
        **other,
    }
    return json.dumps({"event": "payment.captured", "payload": {"payment": {"entity": entity}}}).encode()


async def test_a_body_that_was_altered_is_refused_and_changes_nothing(shop: World) -> None:
    payment = await shop.start()
    body = captured(payment.id)
    answer = await send(shop, body.replace(b"632715000042", b"632715000043"), signed=signature.hex_hmac("hook", body))
    assert (answer.status_code, answer.json()["code"]) == (401, "payments.bad_signature")
    assert (await shop.now(payment)).state is PaymentState.PENDING


@pytest.mark.parametrize("signed", ["0" * 64, "nonsense", "signé".encode().hex()])
async def test_a_wrong_signature_is_refused(shop: World, signed: str) -> None:
    assert (await send(shop, captured((await shop.start()).id), signed=signed)).status_code == 401


async def test_an_unsigned_callback_is_refused(shop: World) -> None:
    answer = await shop.payments.client.post("/api/payments/callbacks/gateway", content=b"{}")
    assert answer.status_code == 401


async def test_an_event_id_counts_once(shop: World) -> None:
    payment = await shop.start()
    body = captured(payment.id)
    assert (await send(shop, body)).json() == {"outcome": "moved"}
    assert (await send(shop, body)).json() == {"outcome": "repeated"}
    assert await shop.balance("escrow") == -129_900


async def test_the_same_news_under_another_event_id_changes_nothing(shop: World) -> None:
    payment = await shop.start()
    await send(shop, captured(payment.id))
    assert (await send(shop, captured(payment.id), event_id="evt_2")).json() == {"outcome": "nothing"}
    assert await shop.balance("escrow") == -129_900


async def test_another_amount_than_was_asked_is_parked(shop: World) -> None:
    payment = await shop.start(129_900)
    answer = await send(shop, captured(payment.id, 1))
    assert (answer.status_code, answer.json()) == (202, {"outcome": "parked"})
    assert (await shop.now(payment)).state is PaymentState.PENDING
    shop.wires.seen.clear()
    await shop.pass_time(100_000)
    assert not any(line.startswith("GET") for line in shop.wires.seen)
    assert [(case["kind"], case["about"]) for case in (await shop.check())["cases"]] == [("amount_differs", payment.id)]


async def test_money_for_a_payment_we_do_not_know_is_parked_once(shop: World) -> None:
    for event_id in ("evt_1", "evt_2"):
        assert (await send(shop, captured("pay_nobody_knows"), event_id=event_id)).status_code == 202
    assert [case["kind"] for case in (await shop.check())["cases"]] == ["unknown_payment"]


async def test_a_capture_before_the_failure_is_told_stays_a_capture(shop: World) -> None:
    payment = await shop.start()
    await send(shop, captured(payment.id))
    failed = captured(payment.id).replace(b'"status": "captured"', b'"status": "failed"')
    assert (await send(shop, failed, event_id="evt_2")).json() == {"outcome": "nothing"}
    assert (await shop.now(payment)).state is PaymentState.CAPTURED


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"\xff\xfe", b'{"event":"payment.captured"}', captured("pay_1", status="odd")]
)
async def test_a_signed_body_of_another_shape_is_refused(shop: World, body: bytes) -> None:
    answer = await send(shop, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "kernel.invalid")


async def test_an_event_that_we_have_no_use_for_is_taken(shop: World) -> None:
    assert (await send(shop, b'{"event":"order.paid","payload":{}}')).json() == {"outcome": "nothing"}
    assert (await send(shop, b'{"event":"refund.created","payload":{}}')).json() == {"outcome": "nothing"}


async def test_word_of_authorised_money_that_nobody_wants_any_more_is_taken_and_the_money_let_go(shop: World) -> None:
    payment = await shop.start(method="card", instrument=await shop.card(), capture=False)
    await shop.payments.service.cancel(payment_id=payment.id, reason="changed_mind")
    authorized = captured(payment.id, status="authorized").replace(b"payment.captured", b"payment.authorized")
    assert (await send(shop, authorized)).json() == {"outcome": "held"}
