"""From cart to confirmation, and what happens when somebody else, or a neighbour, gets in the way."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from mela.contracts.catalog import Line
from mela.contracts.orders import OrderSold
from mela.contracts.payments import PaymentReady
from mela.services.orders import store
from tests.service.orders.conftest import ADDRESS, Shop


async def test_a_cart_keeps_its_lines_and_todays_prices(shop: Shop) -> None:
    assert (await shop.call("GET", "/cart"))["total_paise"] == 0
    await shop.put("RICE-5KG", 2)
    shop.clock.advance(1)
    await shop.put("GHEE-1L", 1)
    cart = await shop.put("RICE-5KG", 3)
    assert [(line["sku"], line["quantity"]) for line in cart["lines"]] == [("RICE-5KG", 3), ("GHEE-1L", 1)]
    assert cart["total_paise"] == 3 * 38_900 + 67_500
    assert [line["sku"] for line in (await shop.put("RICE-5KG", 0))["lines"]] == ["GHEE-1L"]


async def test_a_cart_refuses_what_does_not_exist(shop: Shop) -> None:
    assert (await shop.put("UNHEARD-OF"))["code"] == "catalog.unknown_sku"
    assert shop.status == 404


async def test_an_empty_cart_cannot_be_bought(shop: Shop) -> None:
    assert (await shop.check_out())["code"] == "orders.empty_cart"


async def test_a_pin_of_another_state_is_refused_before_anything_is_held(shop: Shop) -> None:
    await shop.put()
    body = {"address": ADDRESS | {"state_code": "29"}, "method": "upi"}
    assert (await shop.call("POST", "/orders", body, key="wrong-pin-1"))["code"] == "orders.wrong_pin"
    assert shop.catalog.free("RICE-5KG") == 10


async def test_checkout_holds_the_stock_and_asks_for_money(shop: Shop) -> None:
    await shop.put()
    order = await shop.check_out()
    assert (shop.status, order["state"], order["total_paise"]) == (201, "awaiting_payment", 77_800)
    assert order["intent_url"].startswith("upi://pay?")
    assert shop.catalog.free("RICE-5KG") == 8
    assert (await shop.call("GET", "/cart"))["lines"] == []


async def test_the_same_key_again_gives_the_same_order(shop: Shop) -> None:
    await shop.put()
    first, again = await shop.check_out(), await shop.check_out()
    assert first == again
    assert len(shop.payments.payments) == 1


async def test_the_same_key_for_another_address_is_refused(shop: Shop) -> None:
    await shop.put()
    await shop.check_out()
    body = {"address": ADDRESS | {"name": "Somebody else"}, "method": "upi"}
    assert (await shop.call("POST", "/orders", body, key="first-order"))["code"] == "kernel.idempotency_key_reused"


async def test_two_clicks_at_once_make_one_order(shop: Shop) -> None:
    await shop.put()
    orders = await asyncio.gather(*(shop.check_out() for _ in range(8)))
    assert len({order["id"] for order in orders}) == 1
    assert shop.catalog.free("RICE-5KG") == 8


async def test_two_people_one_last_piece_one_gets_it_the_other_hears_at_once(shop: Shop) -> None:
    shop.catalog.on_hand["PHONE-128"] = 1
    ravi = shop.app.tokens.give("customer", "cus_ravi")
    await shop.put("PHONE-128", 1)
    await shop.put("PHONE-128", 1, by=ravi)
    answers = await asyncio.gather(shop.check_out(), shop.check_out(by=ravi))
    assert sorted(answer.get("code") or answer["state"] for answer in answers) == [
        "awaiting_payment",
        "catalog.out_of_stock",
    ]
    loser = ravi if "code" in answers[1] else shop.meena
    assert [line["sku"] for line in (await shop.call("GET", "/cart", by=loser))["lines"]] == ["PHONE-128"]
    page = await shop.call("GET", "/orders", by=loser)
    assert [
        (order["state"], order["reason"]) for order in next(iter(v for v in page.values() if isinstance(v, list)))
    ] == [("cancelled", "out_of_stock")]


async def test_money_confirms_the_order_writes_invoices_and_tells_settlement(shop: Shop) -> None:
    await shop.put("RICE-5KG", 2)
    await shop.put("SAREE-RED", 1)
    order = await shop.check_out()
    await shop.hear(shop.payments.pay(order["payment_id"]))
    order = await shop.call("GET", f"/orders/{order['id']}")
    assert [step["state"] for step in order["history"]] == ["placed", "awaiting_payment", "confirmed"]
    invoices = (await shop.call("GET", f"/orders/{order['id']}/invoices"))["items"]
    assert [invoice["number"] for invoice in invoices] == ["IND/2627/0000001", "MAD/2627/0000001"]
    assert [invoice["igst_paise"] > 0 for invoice in invoices] == [True, False]
    assert sum(invoice["total_paise"] for invoice in invoices) == order["total_paise"]
    assert shop.catalog.on_hand["RICE-5KG"] == 8
    [sold] = await shop.app.sent(OrderSold)
    assert sum(line.gross for line in sold.lines) == order["total_paise"]


@pytest.mark.parametrize("method", ["card", "netbanking", "wallet"])
async def test_a_sale_is_told_to_settlement_however_it_was_prepaid(shop: Shop, method: str) -> None:
    order = await shop.bought(method)
    assert order["history"][-1]["reason"] == "paid"
    [sold] = await shop.app.sent(OrderSold)
    assert sum(line.gross for line in sold.lines) == order["total_paise"]


async def test_money_that_is_reported_twice_confirms_once(shop: Shop) -> None:
    order = await shop.bought()
    await shop.hear(shop.payments.pay(order["payment_id"]), "evt_again")
    assert (await shop.call("GET", f"/orders/{order['id']}")) == order
    assert len(await shop.app.sent(OrderSold)) == 1
    assert shop.catalog.on_hand["RICE-5KG"] == 8


async def test_a_declined_payment_gives_the_stock_back(shop: Shop) -> None:
    await shop.put()
    order = await shop.check_out()
    await shop.hear(shop.payments.decline(order["payment_id"], "Z9"))
    order = await shop.call("GET", f"/orders/{order['id']}")
    assert (order["state"], order["reason"]) == ("cancelled", "Z9")
    assert shop.catalog.free("RICE-5KG") == 10


async def test_stock_that_ran_out_before_the_money_came_sends_the_money_back(shop: Shop) -> None:
    await shop.put("PHONE-128", 10)
    order = await shop.check_out()
    shop.clock.advance(901)
    await shop.catalog.reserve(key="somebody", lines=[Line("PHONE-128", 10)], seconds=600)
    await shop.hear(shop.payments.pay(order["payment_id"]))
    order = await shop.call("GET", f"/orders/{order['id']}")
    assert (order["state"], order["reason"]) == ("cancelled", "stock_lost")
    [refund] = shop.payments.refunds.values()
    assert refund.amount == order["total_paise"]
    await shop.hear(shop.payments.process_refund(refund.id), "evt_refund")
    await shop.hear(shop.payments.process_refund(refund.id), "evt_refund_again")
    assert (await shop.call("GET", f"/orders/{order['id']}"))["refunded_paise"] == order["total_paise"]


async def test_money_for_an_order_that_was_cancelled_meanwhile_goes_back(shop: Shop) -> None:
    await shop.put()
    order = await shop.check_out()
    captured = shop.payments.pay(order["payment_id"])
    await shop.call("POST", f"/orders/{order['id']}/cancel", {"reason": "changed my mind"})
    await shop.hear(captured)
    assert [refund.amount for refund in shop.payments.refunds.values()] == [order["total_paise"]]
    assert shop.catalog.free("RICE-5KG") == 10
    assert await shop.app.sent(OrderSold) == []


async def test_a_neighbour_that_is_away_leaves_an_order_that_goes_on_later(shop: Shop) -> None:
    await shop.put()
    shop.payments.away = True
    assert (await shop.check_out())["code"] == "kernel.peer_unreachable"
    assert shop.status == 503
    shop.payments.away = False
    shop.clock.advance(11)
    await shop.app.run_job("drive")
    again = await shop.check_out()
    assert again["state"] == "awaiting_payment"
    assert len(shop.payments.payments) == 1


async def test_a_crash_after_the_payment_began_finds_it_again(shop: Shop) -> None:
    """The order was placed and its payment begun; nothing of that is known to the order when the money is reported."""
    await shop.put()
    shop.payments.silent = True
    order = await shop.check_out()
    await shop.app.db.run(_forget_payment, order["id"])
    await shop.hear(shop.payments.pay(order["payment_id"]))
    assert (await shop.call("GET", f"/orders/{order['id']}"))["state"] == "confirmed"


async def test_a_cash_order_is_confirmed_at_once_and_sold_when_the_cash_is_there(shop: Shop) -> None:
    order = await shop.bought("cod")
    assert order["state"] == "confirmed"
    assert await shop.app.sent(OrderSold) == []
    await shop.call("POST", f"/orders/{order['id']}/ship", by=shop.duty)
    await shop.call("POST", f"/orders/{order['id']}/deliver", by=shop.duty)
    payment = shop.payments.payments[order["payment_id"]]
    assert payment.state == "captured"
    await shop.hear(shop.payments.pay(payment.id), "evt_cash")
    await shop.hear(shop.payments.pay(payment.id), "evt_cash")
    assert len(await shop.app.sent(OrderSold)) == 1


async def test_a_cash_order_whose_payment_is_refused_is_cancelled_before_it_leaves(shop: Shop) -> None:
    order = await shop.bought("cod")
    await shop.hear(shop.payments.decline(order["payment_id"], "risk_blocked"))
    assert (await shop.call("GET", f"/orders/{order['id']}"))["state"] == "cancelled"


async def test_a_link_that_comes_later_reaches_the_order_once(shop: Shop) -> None:
    shop.payments.silent = True
    await shop.put()
    order = await shop.check_out()
    assert order["intent_url"] is None
    now = shop.clock.now()
    for number in (1, 2):
        ready = PaymentReady(order["payment_id"], order["id"], f"upi://pay?tr={number}", now)
        await shop.hear(ready, f"evt_{number}")
    found = await shop.call("GET", f"/orders/{order['id']}")
    assert (found["intent_url"], found["state"]) == ("upi://pay?tr=1", "awaiting_payment")


async def test_serials_have_no_gaps_however_many_orders_are_confirmed_at_once(shop: Shop) -> None:
    events = []
    for number in range(12):
        by = shop.app.tokens.give("customer", f"cus_{number}")
        shop.catalog.on_hand["NOTEBOOK"] = 100
        await shop.put("NOTEBOOK", 1, by=by)
        order = await shop.check_out(key=f"order-{number:04d}", by=by)
        events.append(shop.payments.pay(order["payment_id"]))
    await asyncio.gather(*(shop.hear(event, f"evt_{n}") for n, event in enumerate(events)))
    serials = await shop.app.db.read(store.serials_of, "33AAAAA0000A1Z9", "2026-27")
    assert serials == list(range(1, 13))


async def test_an_order_is_shown_to_its_customer_only(shop: Shop) -> None:
    order = await shop.bought()
    ravi = shop.app.tokens.give("customer", "cus_ravi")
    for path in ("", "/invoices", "/returns"):
        assert (await shop.call("GET", f"/orders/{order['id']}{path}", by=ravi))["code"] == "orders.unknown_order"
    await shop.call("POST", f"/orders/{order['id']}/cancel", {"reason": "not mine"}, by=ravi)
    assert shop.status == 404


@pytest.mark.parametrize("days", [0])
async def test_orders_come_in_pages_newest_first(shop: Shop, days: int) -> None:
    made = [(await shop.bought(key=f"page-order-{n}", quantity=1))["id"] for n in range(5)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = await shop.call("GET", f"/orders?limit=2{cursor}")
        seen += [order["id"] for order in next(value for value in page.values() if isinstance(value, list))]
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == made[::-1]
    assert (await shop.call("GET", "/orders?cursor=ord_nonsense"))["code"] == "kernel.bad_cursor"


async def test_a_stuck_cancellation_is_taken_up_again(shop: Shop) -> None:
    order = await shop.bought()
    shop.payments.away = True
    await shop.call("POST", f"/orders/{order['id']}/cancel", {"reason": "changed my mind"})
    assert shop.status == 503
    await shop.app.run_job("drive")  # too early: it is under way
    shop.clock.advance(timedelta(seconds=11).total_seconds())
    await shop.app.run_job("drive")  # still away: logged, kept
    shop.payments.away = False
    await shop.app.run_job("drive")
    assert (await shop.call("GET", f"/orders/{order['id']}"))["state"] == "cancelled"
    assert len(shop.payments.refunds) == 1


def _forget_payment(conn: Any, order_id: str) -> None:
    from sqlalchemy import update

    from mela.services.orders.tables import orders

    conn.execute(update(orders).where(orders.c.id == order_id).values(payment_id=None, state="placed"))
