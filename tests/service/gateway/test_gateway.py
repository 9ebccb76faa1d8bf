"""The simulated gateway by itself: its books, its plan, its callbacks."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from mela.simulators.gateway import signature
from mela.simulators.gateway.app import SERVICE
from tests.kit import running
from tests.service.gateway.conftest import ACCOUNT, ENVIRON, KEY, START, Bank


async def test_a_payment_is_begun_shown_and_paid(bank: Bank) -> None:
    begun = (await bank.payment()).json()
    assert (begun["status"], begun["created_at"]) == ("created", int(START.timestamp()))
    bill = (await bank.get(f"/upi/{begun['id']}", auth=None)).json()
    assert (bill["payee"], bill["amount"], bill["seconds_left"]) == ("Mela", 10_000, 600)
    paid = (await bank.post(f"/upi/{begun['id']}/approve", {"vpa": "asha@simbank"}, auth=None)).json()
    assert (paid["status"], paid["rrn"]) == ("captured", "632712000001")
    by_id, by_reference = await bank.get(f"/v1/payments/{begun['id']}"), await bank.get("/v1/payments?reference=ref-1")
    assert by_id.json() == by_reference.json()
    assert by_id.json()["vpa"] == "asha@simbank"


async def test_a_reference_names_one_payment(bank: Bank) -> None:
    first, again, other = await bank.payment(), await bank.payment(), await bank.payment(amount=10_001)
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (409, "gateway.reference_reused")


async def test_ten_approvals_at_once_debit_once(bank: Bank) -> None:
    found = (await bank.payment()).json()["id"]
    answers = await asyncio.gather(*(bank.post(f"/upi/{found}/approve", auth=None) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert (await bank.books())["totals"]["collected"] == {"count": 1, "amount": 10_000}


async def test_a_declined_payment_can_not_be_paid(bank: Bank) -> None:
    found = (await bank.payment()).json()["id"]
    for _ in range(2):
        declined = await bank.post(f"/upi/{found}/decline", {"code": "Z9"}, auth=None)
        assert (declined.json()["status"], declined.json()["error_code"]) == ("failed", "Z9")
    late = await bank.post(f"/upi/{found}/approve", auth=None)
    assert (late.status_code, late.json()["code"], late.json()["params"]) == (
        409,
        "gateway.not_open",
        {"status": "failed"},
    )
    assert [body["event"] for body in await bank.told()] == ["payment.failed"]


@pytest.mark.parametrize("code", ["00", "RB", "U09", "U69", "QQ"])
async def test_only_codes_that_close_a_payment_decline_it(bank: Bank, code: str) -> None:
    found = (await bank.payment()).json()["id"]
    answer = await bank.post(f"/upi/{found}/decline", {"code": code}, auth=None)
    assert (answer.status_code, answer.json()["code"]) == (422, "gateway.unknown_code")


async def test_a_payment_can_not_be_paid_after_its_time(bank: Bank) -> None:
    found = (await bank.payment()).json()["id"]
    bank.clock.advance(600)
    late = await bank.post(f"/upi/{found}/approve", auth=None)
    assert (late.status_code, late.json()["params"]) == (409, {"status": "expired"})
    await bank.gateway.run_job("let_time_pass")
    shown = (await bank.get(f"/v1/payments/{found}")).json()
    assert (shown["status"], shown["error_code"]) == ("expired", "U69")
    assert [body["payload"]["payment"]["entity"]["status"] for body in await bank.told()] == ["expired"]


async def test_refunds_come_in_parts_and_never_above_what_was_captured(bank: Bank) -> None:
    found = await bank.paid()
    path = f"/v1/payments/{found}/refunds"
    first = await bank.post(path, {"reference": "a", "amount": 6_000})
    assert first.json() == (await bank.post(path, {"reference": "a", "amount": 6_000})).json()
    assert (await bank.post(path, {"reference": "a", "amount": 1})).status_code == 409
    over = await bank.post(path, {"reference": "b", "amount": 4_001})
    assert (over.status_code, over.json()["params"]) == (422, {"left": 4_000})
    assert (await bank.post(path, {"reference": "c", "amount": 4_000})).json()["status"] == "processed"
    assert (await bank.books())["held"] == 0
    assert (await bank.get("/v1/refunds?reference=c")).json()["amount"] == 4_000


async def test_nothing_is_refunded_of_what_was_not_paid(bank: Bank) -> None:
    found = (await bank.payment()).json()["id"]
    answer = await bank.post(f"/v1/payments/{found}/refunds", {"reference": "a", "amount": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "gateway.not_open")
    missing = await bank.post("/v1/payments/gpnone/refunds", {"reference": "a", "amount": 1})
    assert missing.status_code == 404


async def test_a_pending_refund_is_processed_when_its_time_has_come(bank: Bank) -> None:
    await bank.post("/plan", {"refund_pending": 1.0, "refund_pending_ms": 5_000})
    found = await bank.paid()
    pending = await bank.post(f"/v1/payments/{found}/refunds", {"reference": "a", "amount": 10_000})
    assert pending.json()["status"] == "pending"
    assert (await bank.books())["totals"]["refunded"]["count"] == 0
    bank.clock.advance(5)
    await bank.gateway.run_job("let_time_pass")
    assert (await bank.get("/v1/refunds?reference=a")).json()["status"] == "processed"
    assert [body["event"] for body in await bank.told()] == ["payment.captured", "refund.processed"]


async def test_a_payout_is_sent_once_per_reference(bank: Bank) -> None:
    body = {"reference": "day-1", "amount": 5_000, "beneficiary": ACCOUNT}
    first, again = await bank.post("/v1/payouts", body), await bank.post("/v1/payouts", body)
    assert first.json() == again.json() == (await bank.get("/v1/payouts?reference=day-1")).json()
    assert first.json()["utr"] == "632712000001"
    assert (await bank.post("/v1/payouts", body | {"amount": 5_001})).status_code == 409
    elsewhere = body | {"beneficiary": ACCOUNT | {"account": "000123456780"}}
    assert (await bank.post("/v1/payouts", elsewhere)).status_code == 409
    assert (await bank.books())["totals"]["paid_out"] == {"count": 1, "amount": 5_000}


async def test_the_books_list_every_movement_page_by_page(bank: Bank) -> None:
    for number in range(5):
        await bank.paid(f"ref-{number}", 1_000 + number)
    first = (await bank.get("/v1/books?limit=3")).json()
    second = (await bank.get(f"/v1/books?limit=3&cursor={first['cursor']}")).json()
    amounts = [entry["amount"] for page in (first, second) for entry in page["entries"]]
    assert amounts == [1_000, 1_001, 1_002, 1_003, 1_004]
    assert second["cursor"] is None
    assert second["held"] == sum(amounts)


async def test_callbacks_are_signed_over_their_exact_bytes(bank: Bank) -> None:
    found = await bank.paid()
    body = (await bank.told())[0]
    request = bank.shop.taken[0]
    assert request.headers[signature.HEADER] == signature.hex_hmac("hook", request.content)
    assert request.headers[signature.EVENT_ID].startswith("evt_")
    assert (body["entity"], body["event"], body["contains"]) == ("event", "payment.captured", ["payment"])
    assert body["payload"]["payment"]["entity"] | {"intent_url": ""} == (
        await bank.get(f"/v1/payments/{found}")
    ).json() | {"intent_url": ""}


async def test_a_callback_that_is_refused_comes_again_later_and_later_as_the_same_event(bank: Bank) -> None:
    bank.shop.status = 500
    await bank.paid()
    await bank.told()
    waits = []
    for _ in range(6):
        seconds = 0
        count = len(bank.shop.taken)
        while len(bank.shop.taken) == count:
            bank.clock.advance(1)
            seconds += 1
            await bank.told()
        waits.append(seconds)
    assert waits[-1] > waits[0]
    assert len({request.headers[signature.EVENT_ID] for request in bank.shop.taken}) == 1
    bank.shop.status = 204
    bank.clock.advance(100)
    await bank.told()
    taken = len(bank.shop.taken)
    bank.clock.advance(10_000)
    assert len(await bank.told()) == taken


async def test_a_callback_is_given_up_after_a_day(bank: Bank) -> None:
    bank.shop.status = 500
    await bank.paid()
    for _ in range(30):
        bank.clock.advance(3_600)
        await bank.told()
    taken = len(bank.shop.taken)
    bank.clock.advance(86_400)
    assert len(await bank.told()) == taken


async def test_a_lost_and_a_late_and_a_double_callback(bank: Bank) -> None:
    await bank.post("/plan", {"callback_lost": 1.0})
    await bank.paid("lost")
    assert await bank.told() == []
    await bank.post("/plan", {"callback_delay_ms": 5_000, "callback_twice": 1.0})
    await bank.paid("late")
    assert await bank.told() == []
    bank.clock.advance(5)
    assert len(await bank.told()) == 2


async def test_a_debit_with_silence_leaves_the_money_in_the_books(bank: Bank) -> None:
    await bank.post("/plan", {"drop_after_debit": 1.0})
    found = (await bank.payment()).json()["id"]
    assert (await bank.post(f"/upi/{found}/approve", auth=None)).status_code == 503
    assert await bank.told() == []
    assert (await bank.books())["held"] == 10_000


async def test_dropped_requests_have_no_effect_before_and_the_whole_effect_after(bank: Bank) -> None:
    await bank.post("/plan", {"drop_before": 1.0})
    assert (await bank.payment("before")).status_code == 503
    await bank.post("/plan", {"drop_after": 1.0})
    assert (await bank.payment("after")).status_code == 503
    await bank.post("/plan", {})
    assert (await bank.get("/v1/payments?reference=before")).status_code == 404
    assert (await bank.get("/v1/payments?reference=after")).status_code == 200


async def test_the_bank_declines_as_the_plan_says(bank: Bank) -> None:
    await bank.post("/plan", {"decline": 1.0, "decline_codes": ["ZM"]})
    found = await bank.paid()
    assert (await bank.get(f"/v1/payments/{found}")).json()["error_code"] == "ZM"
    unknown = await bank.post("/plan", {"decline": 1.0, "decline_codes": ["00"]})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "gateway.unknown_code")


async def test_the_plan_is_shown_and_survives_a_restart(bank: Bank, tmp_path: Path) -> None:
    await bank.post("/plan", {"seed": 9, "latency_ms": 1})
    assert (await bank.get("/plan")).json()["seed"] == 9
    async with running(SERVICE, tmp_path, url=bank.url, clock=bank.clock, environ=ENVIRON) as again:
        assert (await again.client.get("/sim/gateway/plan", auth=KEY)).json()["seed"] == 9


@pytest.mark.parametrize("path", ["/v1/books", "/v1/payments?reference=a", "/plan"])
@pytest.mark.parametrize("auth", [None, ("key", "wrong"), ("", ""), ("clé", "secret")])
async def test_only_the_merchants_key_opens_its_side(bank: Bank, path: str, auth: Any) -> None:
    assert (await bank.get(path, auth=auth)).status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 99}, {"amount": 10.5}, {"amount": "100"}, {"amount": 10**13}, {"currency": "USD"}, {"reference": "a b"},
        {"callback_url": "file:///etc"}, {"expire_seconds": 0}, {"method": "coin"}, {"extra": 1}, {"description": "x" * 81},
    ],
)  # fmt: skip
async def test_a_payment_of_the_wrong_shape_is_refused(bank: Bank, wrong: dict[str, Any]) -> None:
    answer = await bank.payment(**wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "kernel.invalid")


@pytest.mark.parametrize("wrong", [{"method": "card"}, {"capture": "manual"}])
async def test_a_card_without_its_token_and_a_link_to_authorise_are_refused(bank: Bank, wrong: dict[str, Any]) -> None:
    answer = await bank.payment(**wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "gateway.card_or_not")
