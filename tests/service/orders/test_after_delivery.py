"""Cancelling, returning, refunding."""

import asyncio

from mela.contracts.orders import OrderUnsold
from tests.service.orders.conftest import Shop


async def _delivered(shop: Shop, quantity: int = 3) -> str:
    order = await shop.bought(quantity=quantity)
    for step in ("ship", "deliver"):
        await shop.call("POST", f"/orders/{order['id']}/{step}", by=shop.duty)
        assert shop.status == 200
    return str(order["id"])


async def test_a_cancelled_sale_gives_stock_and_money_back_and_tells_settlement(shop: Shop) -> None:
    order = await shop.bought()
    first = await shop.call("POST", f"/orders/{order['id']}/cancel", {"reason": "ordered by mistake"})
    again = await shop.call("POST", f"/orders/{order['id']}/cancel", {"reason": "ordered by mistake"})
    assert first == again
    assert (first["state"], first["reason"]) == ("cancelled", "ordered by mistake")
    assert shop.catalog.on_hand["RICE-5KG"] == 10
    assert [refund.amount for refund in shop.payments.refunds.values()] == [77_800]
    [unsold] = await shop.app.sent(OrderUnsold)
    assert sum(line.gross for line in unsold.lines) == 77_800


async def test_what_has_left_cannot_be_cancelled(shop: Shop) -> None:
    order = await shop.bought()
    await shop.call("POST", f"/orders/{order['id']}/ship", by=shop.duty)
    assert (await shop.call("POST", f"/orders/{order['id']}/cancel", {"reason": "too late"}))[
        "code"
    ] == "orders.cannot_change"


async def test_only_the_person_on_duty_ships(shop: Shop) -> None:
    order = await shop.bought()
    assert (await shop.call("POST", f"/orders/{order['id']}/ship"))["code"] == "kernel.forbidden"
    assert shop.status == 403


async def test_shipping_twice_changes_nothing(shop: Shop) -> None:
    order = await shop.bought()
    once = await shop.call("POST", f"/orders/{order['id']}/ship", by=shop.duty)
    assert await shop.call("POST", f"/orders/{order['id']}/ship", by=shop.duty) == once


async def test_returned_pieces_are_refunded_when_they_are_back(shop: Shop) -> None:
    order_id = await _delivered(shop)
    body = {"quantities": {"RICE-5KG": 1}, "reason": "bag was torn"}
    asked = await shop.call("POST", f"/orders/{order_id}/returns", body, key="return-0001")
    assert (shop.status, asked["state"], asked["amount_paise"]) == (201, "requested", 38_900)
    assert await shop.call("POST", f"/orders/{order_id}/returns", body, key="return-0001") == asked
    assert shop.payments.refunds == {}
    received = await shop.call("POST", f"/returns/{asked['id']}/received", by=shop.duty)
    assert await shop.call("POST", f"/returns/{asked['id']}/received", by=shop.duty) == received
    assert (received["state"], shop.catalog.on_hand["RICE-5KG"]) == ("received", 8)
    [refund] = shop.payments.refunds.values()
    await shop.hear(shop.payments.process_refund(refund.id), "evt_refund")
    [found] = (await shop.call("GET", f"/orders/{order_id}/returns"))["items"]
    assert found["state"] == "refunded"
    assert (await shop.call("GET", f"/orders/{order_id}"))["state"] == "delivered"


async def test_when_all_is_back_the_order_is_returned_and_its_parts_add_up(shop: Shop) -> None:
    order_id = await _delivered(shop)
    for number, pieces in enumerate((1, 2)):
        body = {"quantities": {"RICE-5KG": pieces}, "reason": "not needed"}
        asked = await shop.call("POST", f"/orders/{order_id}/returns", body, key=f"return-{number:04d}")
        await shop.call("POST", f"/returns/{asked['id']}/received", by=shop.duty)
    order = await shop.call("GET", f"/orders/{order_id}")
    assert order["state"] == "returned"
    parts = [line for event in await shop.app.sent(OrderUnsold) for line in event.lines]
    [line] = order["lines"]
    assert sum(part.taxable for part in parts) == line["taxable_paise"]
    assert sum(part.tax for part in parts) == line["tax_paise"]
    assert sum(refund.amount for refund in shop.payments.refunds.values()) == order["total_paise"]


async def test_more_than_was_bought_cannot_come_back_even_at_once(shop: Shop) -> None:
    order_id = await _delivered(shop)
    body = {"quantities": {"RICE-5KG": 2}, "reason": "not needed"}
    answers = await asyncio.gather(
        *(shop.call("POST", f"/orders/{order_id}/returns", body, key=f"return-{n:04d}") for n in range(4))
    )
    assert sorted(answer.get("code", "taken") for answer in answers) == ["orders.cannot_return"] * 3 + ["taken"]


async def test_a_return_may_be_asked_for_ten_days_long(shop: Shop) -> None:
    order_id = await _delivered(shop)
    shop.clock.advance(10 * 86_400 + 1)
    body = {"quantities": {"RICE-5KG": 1}, "reason": "not needed"}
    assert (await shop.call("POST", f"/orders/{order_id}/returns", body, key="return-0001"))[
        "code"
    ] == "orders.return_too_late"


async def test_an_unknown_return_is_not_found(shop: Shop) -> None:
    unknown = "ret_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
    assert (await shop.call("POST", f"/returns/{unknown}/received", by=shop.duty))["code"] == "orders.unknown_return"


async def test_a_refused_refund_is_shown_as_failed_once_and_the_return_is_not_refunded(shop: Shop) -> None:
    order_id = await _delivered(shop)
    body = {"quantities": {"RICE-5KG": 1}, "reason": "bag was torn"}
    asked = await shop.call("POST", f"/orders/{order_id}/returns", body, key="return-0001")
    await shop.call("POST", f"/returns/{asked['id']}/received", by=shop.duty)
    [refund] = shop.payments.refunds.values()
    refused = shop.payments.refuse_refund(refund.id)
    await shop.hear(refused, "evt_refused")
    once = await shop.call("GET", f"/orders/{order_id}")
    [told] = once["refunds"]
    assert (told["state"], told["return_id"], once["refunded_paise"]) == ("failed", asked["id"], 0)
    assert told["settled"] is not None
    await shop.hear(refused, "evt_refused_again")
    assert await shop.call("GET", f"/orders/{order_id}") == once
    [found] = (await shop.call("GET", f"/orders/{order_id}/returns"))["items"]
    assert found["state"] == "received"


async def test_the_second_try_of_a_refused_refund_refunds_the_return(shop: Shop) -> None:
    order_id = await _delivered(shop)
    body = {"quantities": {"RICE-5KG": 1}, "reason": "bag was torn"}
    asked = await shop.call("POST", f"/orders/{order_id}/returns", body, key="return-0001")
    await shop.call("POST", f"/returns/{asked['id']}/received", by=shop.duty)
    [first] = shop.payments.refunds.values()
    await shop.hear(shop.payments.refuse_refund(first.id), "evt_refused")
    retried = shop.payments.retry_refund(first.id)
    for event_id in ("evt_retried", "evt_retried_again"):
        await shop.hear(retried, event_id)
    refunds = (await shop.call("GET", f"/orders/{order_id}"))["refunds"]
    assert [(each["state"], each["return_id"]) for each in refunds] == [
        ("failed", asked["id"]),
        ("pending", asked["id"]),
    ]
    await shop.hear(shop.payments.process_refund(retried.refund_id), "evt_refunded")
    order = await shop.call("GET", f"/orders/{order_id}")
    assert (order["refunds"][1]["state"], order["refunded_paise"]) == ("processed", 38_900)
    [found] = (await shop.call("GET", f"/orders/{order_id}/returns"))["items"]
    assert (found["state"], found["refund_id"]) == ("refunded", retried.refund_id)
