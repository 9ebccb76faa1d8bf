"""Payments as the person on duty looks for them, and the life of one."""

from pathlib import Path
from typing import Any

import pytest
import yaml

import mela
from tests.service.payments.test_disputes import dispute, end, sold
from tests.service.payments.test_risk import payer
from tests.service.payments.world import World

API = "/api/payments/payments"
NOBODY = "pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B"


async def get(shop: World, path: str = "", **query: Any) -> Any:
    return (await shop.payments.client.get(API + path, params=query, headers=shop.operator())).raise_for_status().json()


async def listed(shop: World, **query: Any) -> list[str]:
    return [one["id"] for one in (await get(shop, **query))["items"]]


async def told(shop: World, payment_id: str) -> list[tuple[str, str]]:
    moments = (await get(shop, f"/{payment_id}/timeline"))["moments"]
    return [(each["kind"], each["text"]) for each in moments]


async def test_pages_hold_every_payment_once_the_latest_first(shop: World) -> None:
    made = []
    for _ in range(5):
        made.append((await shop.start()).id)
        shop.clock.advance(1)
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await get(shop, limit=2, **cursor)
        found += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == made[::-1]


async def test_payments_of_one_moment_are_each_on_one_page(shop: World) -> None:
    made = {(await shop.start()).id for _ in range(3)}
    first = await get(shop, limit=1)
    rest = await get(shop, limit=5, cursor=first["next_cursor"])
    assert {one["id"] for one in (*first["items"], *rest["items"])} == made
    assert len(rest["items"]) == 2


async def test_each_filter_leaves_out_what_is_not_asked_for(shop: World) -> None:
    cash = await shop.start(20_000, method="cod")
    shop.clock.advance(60)
    paid = await shop.paid(30_000)
    failed = await shop.start(40_000)
    await shop.decline(failed)
    begun = paid.created.isoformat()
    assert await listed(shop, state=["failed", "expired"]) == [failed.id]
    assert await listed(shop, method="cod") == [cash.id]
    assert await listed(shop, provider="gateway") == [failed.id, paid.id]
    assert await listed(shop, order_id=paid.order_id) == [paid.id]
    assert await listed(shop, rrn=paid.rrn) == [paid.id]
    assert await listed(shop, since=begun) == [failed.id, paid.id]
    assert await listed(shop, until=begun) == [cash.id]
    assert await listed(shop, at_least_paise=30_000, at_most_paise=30_000) == [paid.id]
    assert await listed(shop, method="cod", state="failed") == []


async def test_a_list_says_what_a_code_means(shop: World) -> None:
    payment = await shop.start()
    await shop.decline(payment, "Z9")
    [line] = (await get(shop))["items"]
    assert (line["state"], line["reason"], line["meaning"]) == ("failed", "Z9", "insufficient funds")


@pytest.mark.parametrize(
    "wrong", ["state=paid", "method=gold", "limit=0", "since=yesterday", "at_least_paise=0", "rrn=a%00"]
)
async def test_a_filter_that_makes_no_sense_is_refused(shop: World, wrong: str) -> None:
    answer = await shop.payments.client.get(f"{API}?{wrong}", headers=shop.operator())
    assert (answer.status_code, answer.json()["code"]) == (422, "kernel.invalid")


async def test_a_cursor_that_is_none_or_names_no_payment_is_refused(shop: World) -> None:
    for cursor, code in (("1", "kernel.bad_cursor"), (NOBODY, "kernel.bad_cursor")):
        answer = await shop.payments.client.get(API, params={"cursor": cursor}, headers=shop.operator())
        assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_life_is_told_from_the_first_moment_to_the_refund(shop: World) -> None:
    payment = await shop.start(9_000, payer=payer())
    shop.clock.advance(4)
    await shop.approve(payment)
    shop.clock.advance(60)
    refund = await shop.payments.service.refund(key="r", payment_id=payment.id, amount=500, reason="returned")
    rrn = (await shop.now(payment)).rrn
    moments = (await get(shop, f"/{payment.id}/timeline"))["moments"]
    kinds = [each["kind"] for each in moments]
    assert kinds[4] == "callback"
    moments = [each for each in moments if each["kind"] != "callback"]  # that of the refund may not be here yet
    assert [each["kind"] for each in moments] == [
        "created", "risk", "routed", "moved", "moved", "ledger", "refund", "ledger", "ledger",
    ]  # fmt: skip
    texts = [each["text"] for each in moments]
    assert texts[0].startswith(f"upi, ₹90.00, for {payment.order_id}, payable until 12:10:00")
    assert texts[2] == "to gateway, the only provider"
    assert texts[4] == f"pending → captured, RRN {rrn}"
    assert texts[5] == "capture: ₹90.00 from escrow to gateway:upi"
    assert texts[6] == "₹5.00: returned; processed"
    assert texts[8] == "refund_processed: ₹5.00 from gateway:upi to refunds:pending"
    assert moments[6]["about"] == refund.id


async def test_a_card_taken_in_parts_shows_each_part_and_its_entry(shop: World) -> None:
    payment = await shop.authorized()
    for number, (amount, final) in enumerate(((50_000, False), (20_000, True))):
        await shop.payments.service.capture(key=f"c{number}", payment_id=payment.id, amount=amount, final=final)
    found = [(kind, text) for kind, text in await told(shop, payment.id) if kind in ("capture", "ledger")]
    assert sorted(found) == [
        ("capture", "₹200.00 to be taken, the rest is let go; done"),
        ("capture", "₹500.00 to be taken; done"),
        ("ledger", "capture: ₹200.00 from escrow to gateway:upi"),
        ("ledger", "capture: ₹500.00 from escrow to gateway:upi"),
    ]
    [line] = (await get(shop))["items"]
    assert line["paid_with"] == "visa 1111"


async def test_a_life_in_doubt_says_who_is_asked_again_and_when(shop: World) -> None:
    await shop.plan(drop_before=1)
    shop.wires.cut.add("gateway")
    payment = await shop.start()
    line = await get(shop, f"/{payment.id}/timeline")
    assert line["moments"][-1]["text"] == "created → pending: no_answer (no answer, so nobody says failed)"
    assert line["outlook"].startswith("gateway is asked again at 12:00:0")


async def test_a_case_stands_in_the_life_of_its_payment_until_its_end(shop: World) -> None:
    payment = await shop.paid(9_000)
    await shop.plan(refund_refused=1)
    refund = await shop.payments.service.refund(key="r", payment_id=payment.id, amount=500, reason="returned")
    [case] = (await shop.check())["cases"]
    body = {"resolution": "paid_directly", "note": "NEFT, the bank confirms"}
    url, headers = f"/api/payments/cases/{case['id']}/close", shop.operator() | {"idempotency-key": "close-the-case"}
    (await shop.payments.client.post(url, json=body, headers=headers)).raise_for_status()
    found = [text for kind, text in await told(shop, payment.id) if kind == "case"]
    assert found[0].startswith("opened: refund_refused")
    assert refund.id == case["about"]
    assert found[1] == "closed: paid_directly NEFT, the bank confirms"


async def test_a_dispute_its_entries_and_its_case_stand_in_the_life_of_its_payment(shop: World) -> None:
    payment = await sold(shop)
    await end(shop, await dispute(shop, payment, amount=4_000, reason="fraud"), "won")
    life = await told(shop, payment.id)
    apart, back = [text for kind, text in life if kind == "ledger" and "chargebacks:disputed" in text]
    assert "from gateway:upi to chargebacks:disputed" in apart
    assert "from chargebacks:disputed to gateway:upi" in back
    assert [text for kind, text in life if kind == "case" and "chargeback" in text]


async def test_nobody_but_the_person_on_duty_sees_lists_and_lives(shop: World) -> None:
    for path in ("", f"/{NOBODY}/timeline"):
        for headers in ({}, shop.payments.tokens.give("customer", "c"), shop.payments.tokens.give("merchant", "m")):
            answer = await shop.payments.client.get(API + path, headers=headers)
            assert answer.status_code == (403 if headers else 401)


def test_the_codes_are_those_that_the_simulated_bank_gives() -> None:
    package = Path(mela.__file__).parent
    ours, theirs = (
        yaml.safe_load((package / place / "data" / "response-codes.yaml").read_text(encoding="utf-8"))["codes"]
        for place in ("services/payments", "simulators/gateway")
    )
    assert ours == theirs
