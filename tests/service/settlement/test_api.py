"""What sellers and the person on duty see."""

from datetime import date
from typing import Any

import pytest

from mela.kernel import i18n
from mela.kernel.db import Database
from mela.services.settlement import store
from tests.service.settlement.test_paying import NET
from tests.service.settlement.world import World, line

TUESDAY = "/api/settlement/statements/2026-11-17"


def seller(
    market: World, name: str = "madurai-stores", scope: str = "settlement:read", **headers: str
) -> dict[str, str]:
    """Headers of a seller's key."""
    return market.settlement.tokens.give("merchant", name, scope) | {k.replace("_", "-"): v for k, v in headers.items()}


async def settled(market: World) -> None:
    """Sold on Monday, settled on Tuesday."""
    await market.sell(line(), line(6_000, sku="SAREE", seller="indore-traders", category="fashion"), order_id="ord_1")
    market.clock.advance(86_400)
    await market.settlement.service.run(date(2026, 11, 17))


async def run(market: World, day: str, key: str = "settle-this-day") -> Any:
    """The answer to an operator who asks for a run."""
    headers = market.settlement.tokens.give("operator", "op") | {"idempotency-key": key}
    return await market.settlement.client.post("/api/settlement/runs", json={"date": day}, headers=headers)


async def test_seller_reads_own_lines_only(market: World) -> None:
    await settled(market)
    answer = (await market.settlement.client.get(TUESDAY, headers=seller(market))).json()
    assert [entry["order_id"] for entry in answer["entries"]] == ["ord_1"]
    assert [made["sku"] for made in answer["entries"][0]["lines"]] == ["RICE-5KG"]
    assert answer["totals"]["net_paise"] == answer["payout"]["amount_paise"] == NET
    assert (answer["payout"]["state"], answer["carried_forward_paise"]) == ("paid", 0)
    assert answer["seller_name"] == "Madurai Stores (test)"


async def test_statement_says_amount_in_words_of_the_callers_language(market: World) -> None:
    await settled(market)
    said = {}
    for lang in i18n.LANGUAGES:
        answer = await market.settlement.client.get(TUESDAY, headers=seller(market, accept_language=lang))
        assert answer.headers["content-language"] == lang
        said[lang] = answer.json()["total_in_words"]
    assert said["en"].startswith("Rupees eight hundred")
    assert len(set(said.values())) == len(i18n.LANGUAGES)


async def test_statement_as_text_reads_well_in_a_terminal(market: World) -> None:
    await settled(market)
    answer = await market.settlement.client.get(TUESDAY, headers=seller(market, accept="text/plain"))
    assert answer.headers["content-type"].startswith("text/plain")
    utr = (await market.settlement.client.get(TUESDAY, headers=seller(market))).json()["payout"]["utr"]
    assert answer.text.splitlines() == [
        "Settlement statement",
        "Madurai Stores (test)",
        "17-11-2026",
        "",
        "Order ord_1, sold on 16-11-2026",
        "           ₹858.00  RICE-5KG, 2 pieces",
        "           -₹34.32  Commission",
        "            -₹6.18  GST on the commission",
        "            -₹4.09  GST collected at source (TCS)",
        "            -₹0.86  Income tax deducted at source (TDS)",
        "           ₹812.55  For you",
        "",
        "All together",
        "           ₹858.00  Paid by customers, GST included",
        "           -₹34.32  Commission",
        "            -₹6.18  GST on the commission",
        "            -₹4.09  GST collected at source (TCS)",
        "            -₹0.86  Income tax deducted at source (TDS)",
        "           ₹812.55  For you",
        "",
        f"₹812.55 paid to your bank account, bank reference (UTR) {utr}",
        "Rupees eight hundred twelve and fifty-five paise only",
    ]


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
async def test_every_text_of_a_statement_is_there_in_each_language(market: World, lang: str) -> None:
    await settled(market)
    await market.unsell("ord_1", line())
    market.clock.advance(86_400)
    await market.settlement.service.run(date(2026, 11, 18))
    for day in ("2026-11-17", "2026-11-18"):
        headers = seller(market, accept="text/plain", accept_language=lang)
        answer = await market.settlement.client.get(f"/api/settlement/statements/{day}", headers=headers)
        assert answer.status_code == 200
        assert "settlement.statement" not in answer.text
        assert "{" not in answer.text


async def test_statement_of_a_debt_says_that_it_is_carried_forward(market: World) -> None:
    await settled(market)
    await market.unsell("ord_1", line())
    market.clock.advance(86_400)
    await market.settlement.service.run(date(2026, 11, 18))
    headers = seller(market, accept="text/plain")
    answer = await market.settlement.client.get("/api/settlement/statements/2026-11-18", headers=headers)
    assert answer.text.splitlines()[-1] == "-₹812.55 is carried forward to a later day"
    whole = await market.settlement.client.get("/api/settlement/statements/2026-11-18", headers=seller(market))
    assert (whole.json()["payout"], whole.json()["carried_forward_paise"]) == (None, -NET)


async def test_payout_on_its_way_is_shown_as_such(market: World) -> None:
    market.wire.cut = True
    await settled(market)
    answer = await market.settlement.client.get(TUESDAY, headers=seller(market, accept="text/plain"))
    assert "₹812.55 is on its way to your bank account; payout po_" in answer.text


async def test_day_without_anything_due_has_no_statement(market: World) -> None:
    market.clock.advance(86_400)
    await market.settlement.service.run(date(2026, 11, 17))
    answer = await market.settlement.client.get(TUESDAY, headers=seller(market))
    assert (answer.status_code, answer.json()["code"]) == (404, "settlement.no_statement")


async def test_day_that_is_not_settled_yet_has_no_statement(market: World) -> None:
    await market.sell(line())
    answer = await market.settlement.client.get(TUESDAY, headers=seller(market))
    assert (answer.status_code, answer.json()["code"]) == (404, "settlement.no_statement")


async def test_statement_in_an_unknown_format_is_refused(market: World) -> None:
    answer = await market.settlement.client.get(TUESDAY, headers=seller(market, accept="image/png"))
    assert (answer.status_code, answer.json()["code"]) == (406, "kernel.not_acceptable")


@pytest.mark.parametrize("path", [TUESDAY, "/api/settlement/payouts"])
async def test_key_without_the_scope_reads_nothing(market: World, path: str) -> None:
    answer = await market.settlement.client.get(path, headers=seller(market, scope="catalog:write"))
    assert (answer.status_code, answer.json()["params"]) == (403, {"need": "settlement:read"})


@pytest.mark.parametrize("path", ["/api/settlement/check", "/api/settlement/runs/2026-11-17"])
async def test_sellers_do_not_see_the_whole(market: World, path: str) -> None:
    assert (await market.settlement.client.get(path, headers=seller(market))).status_code == 403


async def test_payouts_come_in_pages_the_latest_day_first(market: World) -> None:
    days = ["2026-11-17", "2026-11-18", "2026-11-19"]
    for day in days:
        await market.sell(line())
        market.clock.advance(86_400)
        await market.settlement.service.run(date.fromisoformat(day))
    first = await market.settlement.client.get("/api/settlement/payouts?limit=2", headers=seller(market))
    assert [payout["date"] for payout in first.json()["items"]] == ["2026-11-19", "2026-11-18"]
    cursor = first.json()["next_cursor"]
    rest = await market.settlement.client.get(
        f"/api/settlement/payouts?limit=2&cursor={cursor}", headers=seller(market)
    )
    assert [payout["date"] for payout in rest.json()["items"]] == ["2026-11-17"]
    assert rest.json()["next_cursor"] is None


async def test_foreign_cursor_is_refused(market: World) -> None:
    answer = await market.settlement.client.get("/api/settlement/payouts?cursor=yesterday", headers=seller(market))
    assert (answer.status_code, answer.json()["code"]) == (422, "kernel.bad_cursor")


async def test_operator_runs_a_day_and_reads_it_again(market: World) -> None:
    await market.sell(line())
    market.clock.advance(86_400)
    made = (await run(market, "2026-11-17")).json()
    assert (made["paid"], made["paid_paise"], made["sending"], made["carried"]) == (1, NET, 0, 0)
    assert (await run(market, "2026-11-17")).json() == made
    operator = market.settlement.tokens.give("operator", "op")
    assert (await market.settlement.client.get("/api/settlement/runs/2026-11-17", headers=operator)).json() == made


async def test_key_of_another_day_is_refused(market: World) -> None:
    market.clock.advance(86_400)
    assert (await run(market, "2026-11-17")).status_code == 200
    answer = await run(market, "2026-11-16")
    assert (answer.status_code, answer.json()["code"]) == (409, "kernel.idempotency_key_reused")


@pytest.mark.parametrize(
    ("day", "code"),
    [("2026-11-15", "settlement.not_a_banking_day"), ("2026-11-17", "settlement.day_ahead"),
     ("2025-11-17", "settlement.no_calendar")],
)  # fmt: skip
async def test_day_that_cannot_be_settled_is_refused_with_its_reason(market: World, day: str, code: str) -> None:
    answer = await run(market, day)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert day[:4] in answer.json()["title"]


async def test_day_that_was_not_run_is_unknown(market: World) -> None:
    operator = market.settlement.tokens.give("operator", "op")
    answer = await market.settlement.client.get("/api/settlement/runs/2026-11-17", headers=operator)
    assert (answer.status_code, answer.json()["code"]) == (404, "settlement.unknown_run")


async def test_check_agrees_with_the_gateways_books(market: World) -> None:
    await settled(market)
    found = await market.check()
    assert found["agrees"]
    assert (
        found["gateway_paid_out_paise"] == found["paid_paise"] == (await market.books())["totals"]["paid_out"]["amount"]
    )


async def test_check_finds_a_payout_that_the_gateway_has_and_we_do_not(market: World) -> None:
    await settled(market)
    account = {"name": "Somebody", "account": "000000000001", "ifsc": "SIMB0000001"}
    body = {"reference": "foreign", "amount": 100, "beneficiary": account}
    await market.gateway.client.post("/sim/gateway/v1/payouts", json=body, auth=("key", "secret"))
    assert (await market.check())["problems"] == ["gateway"]


async def test_check_finds_a_payout_that_is_not_what_its_entries_are(market: World) -> None:
    await settled(market)
    db: Database = market.settlement.db

    def falsify(conn: Any) -> None:
        conn.exec_driver_sql("update payouts set amount = amount + 1 where seller_id = 'madurai-stores'")
        conn.exec_driver_sql("update payouts set amount = amount - 1 where seller_id = 'indore-traders'")

    await db.run(falsify)
    assert (await market.check())["problems"] == ["payouts"]


async def test_check_without_the_gateway_says_so(market: World) -> None:
    market.wire.cut = True
    found = await market.check()
    assert (found["code"], found["status"]) == ("settlement.outcome_unknown", 503)


async def test_sample_accounts_may_be_loaded_again(market: World) -> None:
    load = market.settlement.parts.load_samples
    assert load is not None
    assert await load() == await load() == 8
    found = await market.settlement.db.read(store.account, "vaigai-stores")
    assert found is not None
    assert found.ifsc == "SIMB0625001"
