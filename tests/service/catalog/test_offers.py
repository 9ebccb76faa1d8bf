"""Offers are prices that were lowered lately; delivery is promised by PIN code."""

from typing import Any

import pytest

from mela.kernel.clock import FakeClock
from tests.kit import Running

OFFERS = "/api/catalog/offers"


async def set_price(app: Running, sku: str, price: int, key: str, city: str | None = None) -> None:
    headers = app.tokens.give("operator", "asha") | {"idempotency-key": key}
    body = {"price_paise": price} | ({"city": city} if city else {})
    answer = await app.client.put(f"/api/catalog/variants/{sku}/price", json=body, headers=headers)
    assert answer.status_code == 200, answer.text


async def offers(app: Running, **asked: Any) -> dict[str, dict[str, Any]]:
    found = (await app.client.get(OFFERS, params={"limit": 48, **asked})).json()["items"]
    return {offer["variant"]["sku"]: offer for offer in found}


async def test_a_lowered_price_is_an_offer_with_the_price_before_and_the_day(app: Running) -> None:
    price = await lowest(app, "sugar")
    sku = price["sku"]
    await set_price(app, sku, price["price_paise"] - 300, "lower-0001")
    offer = (await offers(app))[sku]
    assert (offer["was_paise"], offer["variant"]["price_paise"]) == (price["price_paise"], price["price_paise"] - 300)
    assert offer["since"] == "2026-11-23"
    assert offer["off_bp"] == 300 * 10_000 // price["price_paise"]


async def test_a_raised_price_and_one_raised_before_it_was_lowered_are_no_offers(app: Running) -> None:
    variant = await lowest(app, "sugar")
    sku, price = variant["sku"], variant["price_paise"]
    await set_price(app, sku, price + 100, "raise-0001")
    assert sku not in await offers(app)
    await set_price(app, sku, price, "lower-0001")
    assert sku not in await offers(app), "raised and lowered again: nobody pays less than before"


async def test_an_offer_ends_when_the_price_has_been_low_for_long(app: Running, clock: FakeClock) -> None:
    variant = await lowest(app, "sugar")
    await set_price(app, variant["sku"], variant["price_paise"] - 300, "lower-0001")
    clock.advance(30 * 86_400 - 1)
    assert variant["sku"] in await offers(app)
    clock.advance(2)
    assert variant["sku"] not in await offers(app)


async def test_a_citys_own_price_makes_the_citys_own_offer(app: Running) -> None:
    await set_price(app, "RICE-SONA-5KG", 38_000, "lower-0001", city="mumbai")
    assert (await offers(app, city="mumbai"))["RICE-SONA-5KG"]["was_paise"] == 40_900
    assert "RICE-SONA-5KG" not in await offers(app, city="delhi")
    assert "RICE-SONA-5KG" not in await offers(app)


async def test_the_best_offers_come_first_in_the_language_asked_for(app: Running) -> None:
    answer = await app.client.get(OFFERS, params={"lang": "ta", "limit": 3})
    shares = [offer["off_bp"] for offer in answer.json()["items"]]
    assert shares == sorted(shares, reverse=True)
    assert answer.headers["content-language"] == "ta"


@pytest.mark.parametrize(
    ("asked", "tier", "days", "cash"),
    [
        ({"pin": "400001"}, "metro", ("2026-11-24", "2026-11-25"), True),
        ({"pin": "625001"}, "city", ("2026-11-25", "2026-11-27"), True),
        ({"city": "madurai"}, "city", ("2026-11-25", "2026-11-27"), True),
        ({"city": "indore"}, "city", ("2026-11-25", "2026-11-27"), True),
        ({"pin": "627002"}, "town", ("2026-11-26", "2026-11-29"), True),
        ({"pin": "744101"}, "remote", ("2026-11-29", "2026-12-03"), False),
        ({"pin": "900001"}, "remote", ("2026-11-29", "2026-12-03"), False),
    ],
)
async def test_the_longest_prefix_of_a_pin_decides(
    app: Running, asked: dict[str, str], tier: str, days: tuple[str, str], cash: bool
) -> None:
    found = (await app.client.get("/api/catalog/delivery", params=asked)).json()
    assert (found["tier"], found["earliest"], found["latest"]) == (tier, *days)
    assert (found["cash_on_delivery"], found["mark"]) == (cash, "assumption")


@pytest.mark.parametrize("pin", ["012345", "6250011"])
async def test_a_promise_is_for_a_pin_code_that_can_be(app: Running, pin: str) -> None:
    assert (await app.client.get("/api/catalog/delivery", params={"pin": pin})).json()["code"] == "kernel.invalid"


async def test_a_pin_code_says_more_than_a_city(app: Running) -> None:
    both = await app.client.get("/api/catalog/delivery", params={"pin": "625001", "city": "mumbai"})
    assert both.json() == (await app.client.get("/api/catalog/delivery", params={"pin": "625001"})).json()


async def test_nowhere_is_no_place(app: Running) -> None:
    assert (await app.client.get("/api/catalog/delivery")).json()["code"] == "catalog.unknown_place"


async def test_an_unknown_city_is_named(app: Running) -> None:
    answer = await app.client.get("/api/catalog/delivery", params={"city": "atlantis"})
    assert (answer.status_code, answer.json()["code"]) == (404, "catalog.unknown_place")
    assert "atlantis" in answer.json()["title"]


@pytest.mark.parametrize(("lang", "name"), [("en", "Madurai"), ("hi", "मदुरै"), ("ta", "மதுரை"), ("te", "మదురై")])
async def test_cities_are_named_in_the_callers_language(app: Running, lang: str, name: str) -> None:
    found = (await app.client.get("/api/catalog/delivery/cities", headers={"accept-language": lang})).json()["items"]
    by_id = {place["id"]: place for place in found}
    assert (by_id["madurai"]["name"], by_id["madurai"]["state_code"]) == (name, "33")


async def lowest(app: Running, product: str) -> dict[str, Any]:
    """A product's first variant."""
    found: dict[str, Any] = (await app.client.get(f"/api/catalog/products/{product}")).json()["variants"][0]
    return found
