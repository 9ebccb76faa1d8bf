"""Cash on delivery after the door: handed in once, short or late it is a case."""

from typing import Any

import httpx2

from mela.contracts.payments import Payment
from tests.service.payments.world import World


async def collected(shop: World, *amounts: int) -> list[Payment]:
    """Cash payments whose money couriers have."""
    found = [await shop.start(amount, method="cod") for amount in amounts]
    return [await shop.payments.service.collect_cash(key=f"c{p.id}", payment_id=p.id) for p in found]


async def hand_in(shop: World, of: list[Payment], amount: int, key: str = "key-0001", **more: Any) -> httpx2.Response:
    body = {
        "courier": "bluebird",
        "bank_reference": f"UTR{key}",
        "amount_paise": amount,
        "payments": [p.id for p in of],
    }
    headers = shop.operator() | {"idempotency-key": key}
    return await shop.payments.client.post("/api/payments/cash/remittances", json=body | more, headers=headers)


async def outstanding(shop: World) -> list[dict[str, Any]]:
    answer = await shop.payments.client.get("/api/payments/cash", headers=shop.operator())
    return list(answer.raise_for_status().json()["items"])


async def test_cash_that_is_handed_in_is_at_the_bank_and_with_the_courier_no_more(shop: World) -> None:
    both = await collected(shop, 9_000, 5_000)
    assert [each["amount_paise"] for each in await outstanding(shop)] == [9_000, 5_000]
    first = await hand_in(shop, both, 14_000)
    again = await hand_in(shop, both, 14_000)
    assert (first.status_code, first.json()) == (201, again.json())
    assert (await shop.balance("bank"), await shop.balance("cash:in_transit"), await outstanding(shop)) == (
        14_000,
        0,
        [],
    )


async def test_the_same_key_for_other_cash_is_refused(shop: World) -> None:
    both = await collected(shop, 9_000, 5_000)
    await hand_in(shop, both[:1], 9_000)
    assert (await hand_in(shop, both[1:], 5_000)).json()["code"] == "kernel.idempotency_key_reused"


async def test_cash_is_handed_in_once_and_never_more_than_was_collected(shop: World) -> None:
    both = await collected(shop, 9_000, 5_000)
    over = await hand_in(shop, both, 14_001)
    assert (over.status_code, over.json()["code"]) == (422, "payments.too_much_cash")
    await hand_in(shop, both[:1], 9_000, key="key-0002")
    twice = await hand_in(shop, both, 5_000, key="key-0003")
    assert (twice.status_code, twice.json()["code"]) == (409, "payments.not_with_courier")
    assert (await shop.balance("bank"), len(await outstanding(shop))) == (9_000, 1)


async def test_what_is_short_the_courier_owes_and_a_person_looks(shop: World) -> None:
    paid = await collected(shop, 9_000)
    assert (await hand_in(shop, paid, 8_000)).json()["expected_paise"] == 9_000
    assert (await shop.balance("bank"), await shop.balance("courier:bluebird")) == (8_000, 1_000)
    assert [(case["kind"], case["amount_paise"]) for case in (await shop.check())["cases"]] == [("cash_short", 1_000)]


async def test_what_a_courier_gave_back_at_the_door_need_not_be_handed_in(shop: World) -> None:
    paid = await collected(shop, 9_000)
    await shop.payments.service.refund(key="r", payment_id=paid[0].id, amount=2_000, reason="returned")
    assert (await hand_in(shop, paid, 7_000)).status_code == 201
    assert await shop.balance("cash:in_transit") == 0


async def test_cash_that_is_late_is_a_case_once(shop: World) -> None:
    await collected(shop, 9_000)
    for _ in range(2):
        await shop.payments.run_job("watch_cash")
    assert not (await shop.check())["cases"]
    shop.clock.advance(3 * 86_400 + 1)
    for _ in range(2):
        await shop.payments.run_job("watch_cash")
    assert [case["kind"] for case in (await shop.check())["cases"]] == ["cash_overdue"]
    assert (await outstanding(shop))[0]["overdue"]
