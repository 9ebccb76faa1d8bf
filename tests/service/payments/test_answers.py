"""What the person on duty writes: the same key and body get the same answer, byte for byte, and have one effect."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.service.payments.world import World

API = "/api/payments"
WRITES = ["capture", "cancel", "cash", "close", "hand in", "refused"]


@pytest.fixture
async def writes(shop: World) -> dict[str, tuple[str, Any]]:
    """Each write: its path and body."""
    held, let_go, cash, paid = (
        await shop.authorized(),
        await shop.authorized(),
        await shop.start(9_000, method="cod"),
        await shop.paid(),
    )
    taken = await shop.start(7_000, method="cod")
    await shop.payments.service.collect_cash(key="c", payment_id=taken.id)
    await shop.plan(refund_refused=1)
    await shop.payments.service.refund(key="r", payment_id=paid.id, amount=500, reason="returned")
    [case] = (await shop.check())["cases"]
    return {
        "capture": (f"/payments/{held.id}/captures", {"amount_paise": 500, "final": False}),
        "cancel": (f"/payments/{let_go.id}/cancel", None),
        "cash": (f"/payments/{cash.id}/cash", None),
        "close": (f"/cases/{case['id']}/close", {"resolution": "paid_directly", "note": "NEFT, the bank confirms"}),
        "hand in": ("/cash/remittances", {"courier": "ravi", "bank_reference": "SBI-1", "amount_paise": 7_000, "payments": [taken.id]}),
        "refused": (f"/payments/{paid.id}/cash", None),
    }  # fmt: skip


async def send(shop: World, headers: dict[str, str], write: tuple[str, Any], **more: str) -> httpx2.Response:
    path, body = write
    named = headers | {"idempotency-key": "the-same-key"} | more
    return await shop.payments.client.post(API + path, json=body, headers=named)


@pytest.mark.parametrize("write", WRITES)
async def test_on_duty_the_same_key_gets_the_same_answer_byte_for_byte(shop: World, writes: Any, write: str) -> None:
    headers = shop.operator()
    first = await send(shop, headers, writes[write])
    assert first.status_code == {"refused": 422, "capture": 201, "hand in": 201}.get(write, 200), first.text
    await shop.pass_time(3600)
    again = await send(shop, headers, writes[write], **{"accept-language": "kn"})
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("write", WRITES)
async def test_on_duty_twelve_twins_at_once_get_one_answer(shop: World, writes: Any, write: str) -> None:
    headers = shop.operator()
    answers = await asyncio.gather(*(send(shop, headers, writes[write]) for _ in range(12)))
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1


@pytest.mark.parametrize("write", WRITES)
async def test_on_duty_the_same_key_for_another_request_is_refused(shop: World, writes: Any, write: str) -> None:
    headers = shop.operator()
    await send(shop, headers, writes[write])
    other = await send(shop, headers, writes["cash" if write == "capture" else "capture"])
    assert (other.status_code, other.json()["code"]) == (409, "kernel.idempotency_key_reused")


async def test_a_refusal_that_says_not_yet_is_not_kept_on_duty(shop: World) -> None:
    held, headers = await shop.authorized(), shop.operator()
    first = (f"/payments/{held.id}/captures", {"amount_paise": 500, "final": False})
    second = (f"/payments/{held.id}/captures", {"amount_paise": 700, "final": True})
    shop.wires.cut.add("gateway")
    assert (await send(shop, headers, first, **{"idempotency-key": "the-first-part"})).json()["state"] == "pending"
    refused = await send(shop, headers, second)
    assert (refused.status_code, refused.json()["code"]) == (409, "payments.capture_pending")
    shop.wires.cut.clear()
    await shop.pass_time(60)
    taken = await send(shop, headers, second)
    assert (taken.status_code, taken.json()["amount_paise"], taken.json()["state"]) == (201, 700, "done")
    assert (await send(shop, headers, second)).content == taken.content


async def test_a_payment_that_is_closed_refuses_for_good(shop: World) -> None:
    payment, headers = await shop.authorized(), shop.operator()
    await shop.payments.service.cancel(payment_id=payment.id, reason="not wanted")
    write = (f"/payments/{payment.id}/captures", {"amount_paise": 500, "final": False})
    first, again = [await send(shop, headers, write) for _ in range(2)]
    assert (first.json()["code"], again.headers["idempotency-replayed"]) == ("payments.not_authorized", "true")
    assert again.content == first.content


async def test_what_is_wrong_in_its_form_takes_up_no_key(shop: World, writes: Any) -> None:
    headers = shop.operator()
    path, body = writes["capture"]
    for wrong in ({"amount_paise": "x"}, {}, body | {"more": 1}):
        assert (await send(shop, headers, (path, wrong))).status_code == 422
    assert (await send(shop, headers, (path, body))).status_code == 201


async def test_who_may_not_write_takes_up_no_key_of_who_may(shop: World, writes: Any) -> None:
    assert (await send(shop, shop.payments.tokens.give("customer", "c"), writes["cash"])).status_code == 403
    assert (await send(shop, {}, writes["cash"])).status_code == 401
    assert (await send(shop, shop.operator(), writes["cash"])).status_code == 200
