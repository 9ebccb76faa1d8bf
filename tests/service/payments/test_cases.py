"""Cases: opened by what nobody can decide alone, closed once by a person, with the second refund where one was asked for."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from mela.contracts.payments import Payment
from mela.services.payments.tables import closings
from tests.service.payments.world import World

UNKNOWN = "case_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
WRITTEN_OFF = {"resolution": "written_off", "note": "The account was closed; decided with finance."}
AGAIN = {"resolution": "refund_again"}


async def call(shop: World, method: str, path: str, body: Any = None, key: str = "close-0001") -> tuple[int, Any]:
    headers = shop.operator() | {"idempotency-key": key}
    answer = await shop.payments.client.request(method, f"/api/payments/cases{path}", json=body, headers=headers)
    return answer.status_code, answer.json()


async def close(shop: World, case: Any, body: Any, key: str = "close-0001") -> tuple[int, Any]:
    return await call(shop, "POST", f"/{case['id']}/close", body, key)


async def cases(shop: World, state: str = "open") -> list[Any]:
    found: list[Any] = (await call(shop, "GET", f"?state={state}"))[1]["items"]
    return found


async def refused(shop: World) -> tuple[Payment, Any]:
    """A payment of ₹90 whose refund of ₹40 the payer's bank did not take, and its case."""
    payment = await shop.paid(9_000)
    await shop.plan(refund_refused=1.0)
    await shop.payments.service.refund(key="refund-1", payment_id=payment.id, amount=4_000, reason="returned")
    await shop.plan()
    [case] = await cases(shop)
    return payment, case


async def test_a_refused_refund_is_a_case_with_owner_amount_and_ways_to_end(shop: World) -> None:
    payment, case = await refused(shop)
    assert (case["kind"], case["owner"], case["amount_paise"]) == ("refund_refused", "payments-duty", 4_000)
    assert case["detail"]["payment_id"] == payment.id
    assert case["ends"] == ["refund_again", "paid_directly", "explained", "written_off"]
    assert (case["put_right_by"], case["owed_paise"], case["closing"]) == (None, 0, None)
    assert (await call(shop, "GET", f"/{case['id']}"))[1] == case


async def test_a_second_refund_reaches_the_payer_and_its_order_hears_of_both(shop: World) -> None:
    payment, case = await refused(shop)
    status, closed = await close(shop, case, AGAIN)
    second = closed["closing"]["refund_id"]
    assert (status, closed["closing"]["actor"], second != case["about"]) == (200, "asha", True)
    assert await close(shop, case, AGAIN) == (200, closed)
    await shop.pass_time(10)
    assert (await shop.books())["totals"]["refunded"] == {"count": 1, "amount": 4_000}
    assert (await shop.now(payment)).refunded == 4_000
    assert (await shop.check())["agrees"] is True
    told = ["captured", "refund_failed", "refund_retried", "case_closed", "refunded"]
    assert sorted(await shop.heard.names(5)) == sorted(f"payments.{name}" for name in told)
    assert (await cases(shop), [each["id"] for each in await cases(shop, "closed")]) == ([], [case["id"]])


async def test_a_second_refusal_is_a_case_of_its_own(shop: World) -> None:
    _, case = await refused(shop)
    await shop.plan(refund_refused=1.0)
    _, closed = await close(shop, case, AGAIN)
    await shop.pass_time(10)
    [fresh] = await cases(shop)
    assert (fresh["about"], fresh["kind"]) == (closed["closing"]["refund_id"], "refund_refused")
    assert await shop.balance("escrow") == -9_000


async def test_money_that_came_late_and_could_not_go_back_is_tried_again(shop: World) -> None:
    payment = await shop.start(9_000)
    await shop.payments.service.cancel(payment_id=payment.id, reason="not wanted")
    await shop.plan(refund_refused=1.0)
    await shop.approve(payment)
    await shop.pass_time(10)
    await shop.plan()
    [case] = await cases(shop)
    assert (await close(shop, case, AGAIN))[0] == 200
    await shop.pass_time(10)
    assert (await shop.books())["totals"]["refunded"] == {"count": 1, "amount": 9_000}


async def test_money_that_has_gone_back_another_way_is_not_refunded_again(shop: World) -> None:
    payment, case = await refused(shop)
    await shop.payments.service.refund(key="refund-2", payment_id=payment.id, amount=6_000, reason="returned")
    status, problem = await close(shop, case, AGAIN)
    assert (status, problem["code"], problem["params"]) == (422, "payments.refund_too_large", {"left": 3_000})
    assert [each["id"] for each in await cases(shop)] == [case["id"]]


async def test_only_one_of_many_closes_a_case_and_one_refund_goes_out(shop: World) -> None:
    payment, case = await refused(shop)
    found = await asyncio.gather(*(close(shop, case, AGAIN, key=f"close-{n:04d}") for n in range(8)))
    assert sorted(status for status, _ in found) == [200] + [409] * 7
    assert {answer["code"] for status, answer in found if status == 409} == {"payments.case_is_closed"}
    await shop.pass_time(10)
    assert (await shop.now(payment)).refunded == 4_000


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"resolution": "written_off"}, 422, "payments.note_missing"),
        ({"resolution": "provider_corrected", "note": "They say so."}, 422, "payments.cannot_end_so"),
        ({"resolution": "forgotten", "note": "x"}, 422, "kernel.invalid"),
        ({"resolution": "explained", "note": "\u202eevil"}, 422, "kernel.invalid"),
        ({"resolution": "explained", "note": "x" * 1_001}, 422, "kernel.invalid"),
    ],
)
async def test_a_decision_that_says_too_little_or_does_not_fit_leaves_the_case_open(
    shop: World, body: Any, status: int, code: str
) -> None:
    _, case = await refused(shop)
    answered, problem = await close(shop, case, body)
    assert (answered, problem["code"]) == (status, code)
    assert await cases(shop) == [case]


async def test_a_key_that_closed_one_case_closes_no_other(shop: World) -> None:
    _, case = await refused(shop)
    assert (await close(shop, case, WRITTEN_OFF))[0] == 200
    assert (await close(shop, case, WRITTEN_OFF | {"note": "Another reason."}))[1][
        "code"
    ] == "kernel.idempotency_key_reused"
    assert (await close(shop, case, WRITTEN_OFF, key="close-0002"))[1]["code"] == "payments.case_is_closed"
    assert (await close(shop, {"id": UNKNOWN}, WRITTEN_OFF, key="close-0003"))[1]["code"] == "payments.unknown_case"


async def test_what_was_closed_cannot_be_changed_in_the_database(shop: World) -> None:
    _, case = await refused(shop)
    await close(shop, case, WRITTEN_OFF)
    for statement in (sa.update(closings).values(note="nothing happened"), sa.delete(closings)):

        def meddle(conn: sa.Connection, sql: sa.Executable = statement) -> None:
            conn.execute(sql)

        with pytest.raises(sa.exc.DBAPIError, match="only added"):
            await shop.payments.db.run(meddle)


async def test_cases_come_page_by_page_and_a_foreign_cursor_is_refused(shop: World) -> None:
    await shop.plan(refund_refused=1.0)
    for number in range(3):
        payment = await shop.paid(9_000)
        await shop.payments.service.refund(key=f"r-{number}", payment_id=payment.id, amount=100, reason="returned")
    _, first = await call(shop, "GET", "?limit=2")
    _, rest = await call(shop, "GET", f"?limit=2&cursor={first['next_cursor']}")
    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)
    assert [each["id"] for each in first["items"] + rest["items"]] == [each["id"] for each in await cases(shop)]
    assert (await call(shop, "GET", "?cursor=nonsense"))[1]["code"] == "kernel.bad_cursor"


async def test_nobody_but_the_person_on_duty_sees_or_closes_cases(shop: World) -> None:
    path = f"/api/payments/cases/{UNKNOWN}/close"
    assert (await shop.payments.client.get("/api/payments/cases")).status_code == 401
    headers = shop.payments.tokens.give("customer", "meena") | {"idempotency-key": "close-0001"}
    assert (await shop.payments.client.post(path, json=AGAIN, headers=headers)).status_code == 403
