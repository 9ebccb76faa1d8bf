"""What operators see, and nobody else."""

import pytest

from tests.service.payments.world import World

READS = ["/payments/pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B", "/ledger/balances", "/ledger/transfers", "/ledger/check"]


@pytest.mark.parametrize("path", READS)
async def test_only_operators_may_look(shop: World, path: str) -> None:
    nobody = await shop.payments.client.get(f"/api/payments{path}")
    customer = await shop.payments.client.get(
        f"/api/payments{path}", headers=shop.payments.tokens.give("customer", "c")
    )
    assert (nobody.status_code, customer.status_code) == (401, 403)


async def test_a_payment_shows_its_history_and_refunds(shop: World) -> None:
    payment = await shop.paid(9_000)
    await shop.payments.service.refund(key="r", payment_id=payment.id, amount=500, reason="returned")
    answer = await shop.payments.client.get(f"/api/payments/payments/{payment.id}", headers=shop.operator())
    shown = answer.json()
    assert (shown["amount_paise"], shown["refunded_paise"], shown["state"]) == (9_000, 500, "captured")
    assert [(step["before"], step["after"], step["actor"]) for step in shown["history"]] == [
        ("created", "pending", "order"),
        ("pending", "captured", "gateway_callback"),
    ]
    assert [(refund["amount_paise"], refund["state"]) for refund in shown["refunds"]] == [(500, "processed")]


async def test_an_unknown_payment_is_not_found_in_the_callers_language(shop: World) -> None:
    headers = shop.operator() | {"accept-language": "hi"}
    answer = await shop.payments.client.get("/api/payments/payments/pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "payments.unknown_payment")
    assert "भुगतान" in answer.json()["title"]


async def test_the_ledger_is_read_page_by_page(shop: World) -> None:
    for amount in (1_000, 2_000, 3_000):
        await shop.paid(amount)
    found: list[int] = []
    cursor: str | None = "0"
    while cursor is not None:
        url = f"/api/payments/ledger/transfers?account=escrow&limit=2&cursor={cursor}"
        page = (await shop.payments.client.get(url, headers=shop.operator())).json()
        found += [transfer["amount_paise"] for transfer in page["items"]]
        cursor = page["next_cursor"]
    assert found == [1_000, 2_000, 3_000]
    other = "/api/payments/ledger/transfers?account=seller:nobody"
    assert (await shop.payments.client.get(other, headers=shop.operator())).json() == {"items": [], "next_cursor": None}
    whole = await shop.payments.client.get("/api/payments/ledger/transfers", headers=shop.operator())
    assert len(whole.json()["items"]) == 3


async def test_balances_add_up_to_zero(shop: World) -> None:
    await shop.paid(9_000)
    shown = (await shop.payments.client.get("/api/payments/ledger/balances", headers=shop.operator())).json()
    assert shown["sum_paise"] == 0
    assert [(a["account"], a["balance_paise"]) for a in shown["items"]] == [
        ("escrow", -9_000),
        ("gateway:upi", 9_000),
    ]


async def test_the_check_says_so_when_the_gateway_does_not_answer(shop: World) -> None:
    await shop.paid(9_000)
    shop.wires.cut.add("gateway")
    check = await shop.check()
    assert (check["balanced"], check["agrees"], check["comparisons"]) == (True, None, [])


async def test_cash_is_collected_over_http_with_a_key(shop: World) -> None:
    payment = await shop.start(9_000, method="cod")
    url = f"/api/payments/payments/{payment.id}/cash"
    assert (await shop.payments.client.post(url, headers=shop.operator())).status_code == 422
    headers = shop.operator() | {"idempotency-key": "cash-of-order-1"}
    for _ in range(2):
        answer = await shop.payments.client.post(url, headers=headers)
        assert (answer.status_code, answer.json()["state"]) == (200, "captured")


@pytest.mark.parametrize("wrong", ["limit=0", "limit=501", "account=Escrow", "account=a%00b"])
async def test_odd_questions_are_refused(shop: World, wrong: str) -> None:
    answer = await shop.payments.client.get(f"/api/payments/ledger/transfers?{wrong}", headers=shop.operator())
    assert (answer.status_code, answer.json()["code"]) == (422, "kernel.invalid")


@pytest.mark.parametrize("cursor", ["-1", "x", "", "٣", "1" * 16, "1.0"])
async def test_a_cursor_that_was_not_given_out_is_refused(shop: World, cursor: str) -> None:
    url = "/api/payments/ledger/transfers"
    answer = await shop.payments.client.get(url, params={"cursor": cursor}, headers=shop.operator())
    assert (answer.status_code, answer.json()["code"]) == (422, "kernel.bad_cursor")
