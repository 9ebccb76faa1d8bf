"""What the person on duty changes: once per key, within the law, by nobody else."""

from typing import Any

import httpx2
import pytest

from tests.kit import Running

PRICE = "/api/catalog/variants/RICE-SONA-5KG/price"
STOCK = "/api/catalog/variants/RICE-SONA-5KG/stock"


def _by(app: Running, key: str = "change-0001") -> dict[str, str]:
    return app.tokens.give("operator", "asha") | {"idempotency-key": key}


async def _put(app: Running, body: dict[str, Any], key: str = "change-0001", path: str = PRICE) -> httpx2.Response:
    return await app.client.put(path, json=body, headers=_by(app, key))


async def test_only_the_person_on_duty_may_change_anything(app: Running) -> None:
    for send, path, body in ((app.client.put, PRICE, {"price_paise": 100}), (app.client.post, STOCK, {"quantity": 1})):
        assert (await send(path, json=body)).status_code == 401
        customer = app.tokens.give("customer", "ravi") | {"idempotency-key": "change-0001"}
        assert (await send(path, json=body, headers=customer)).status_code == 403
        assert (await send(path, json=body, headers=app.tokens.give("operator", "asha"))).json()[
            "code"
        ] == "kernel.idempotency_key_missing"


async def test_goods_received_are_counted_once_per_key(app: Running) -> None:
    answers = [(await app.client.post(STOCK, json={"quantity": 40}, headers=_by(app))).json() for _ in range(2)]
    assert answers == [{"sku": "RICE-SONA-5KG", "on_hand": 260, "reserved": 0, "free": 260}] * 2
    other = await app.client.post(STOCK, json={"quantity": 41}, headers=_by(app))
    assert (other.status_code, other.json()["code"]) == (409, "kernel.idempotency_key_reused")


async def test_an_old_price_sent_again_does_not_undo_a_newer_one(app: Running) -> None:
    await _put(app, {"price_paise": 37_000}, key="change-0001")
    await _put(app, {"price_paise": 36_000}, key="change-0002")
    assert (await _put(app, {"price_paise": 37_000}, key="change-0001")).json()["price_paise"] == 36_000


async def test_a_city_price_leaves_the_others_alone(app: Running) -> None:
    assert (await _put(app, {"price_paise": 39_000, "city": "indore"})).json()["city"] == "indore"
    product = "/api/catalog/products/sona-masoori-rice"
    prices = [
        (await app.client.get(product, params={"city": city})).json()["variants"][0]["price_paise"]
        for city in ("indore", "bhopal", "delhi")
    ]
    assert prices == [39_000, 38_900, 41_500]


@pytest.mark.parametrize(
    "body",
    [{"price_paise": 45_001}, {"price_paise": 45_001, "city": "delhi"}, {"price_paise": 30_000, "mrp_paise": 41_499},
     {"price_paise": 30_000, "mrp_paise": 38_800, "city": "delhi"}],
)  # fmt: skip
async def test_no_price_lies_above_the_mrp(app: Running, body: dict[str, Any]) -> None:
    answer = await _put(app, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "catalog.price_above_mrp")
    assert (await _put(app, {"price_paise": 38_000})).status_code == 200, "a refused change does not use up its key"


async def test_a_new_mrp_lifts_the_bound(app: Running) -> None:
    assert (await _put(app, {"price_paise": 45_001, "mrp_paise": 46_000})).json()["mrp_paise"] == 46_000


async def test_a_price_between_the_slabs_is_refused(app: Running) -> None:
    page = (await app.client.get("/api/catalog/products?category=fashion&sort=price_high&limit=60")).json()
    slabbed = [
        item["variant"]
        for item in page["items"]
        if item["variant"]["gst_rate_bp"] == 1800 and item["variant"]["mrp_paise"] > 295_001
    ]
    path = f"/api/catalog/variants/{slabbed[0]['sku']}/price"
    answer = await _put(app, {"price_paise": 280_000}, path=path)
    assert (answer.status_code, answer.json()["code"]) == (422, "catalog.gst_rate_unknown")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"price_paise": 0},
        {"price_paise": 1.5},
        {"price_paise": "100"},
        {"price_paise": 100, "x": 1},
        {"price_paise": 100, "city": "New Delhi"},
    ],
)
async def test_a_wrong_price_is_refused(app: Running, body: dict[str, Any]) -> None:
    assert (await _put(app, body)).json()["code"] == "kernel.invalid"


async def test_an_unknown_sku_is_said(app: Running) -> None:
    assert (await _put(app, {"price_paise": 100}, path="/api/catalog/variants/NO-SUCH/price")).json()[
        "code"
    ] == "catalog.unknown_sku"
    unknown = await app.client.post("/api/catalog/variants/NO-SUCH/stock", json={"quantity": 1}, headers=_by(app))
    assert unknown.json()["code"] == "catalog.unknown_sku"


async def test_keys_are_forgotten_after_their_days(app: Running) -> None:
    await app.client.post(STOCK, json={"quantity": 40}, headers=_by(app))
    app.clock.advance(31 * 86_400)  # type: ignore[attr-defined]
    await app.run_job("forget keys")
    again = await app.client.post(STOCK, json={"quantity": 40}, headers=_by(app))
    assert again.json()["on_hand"] == 300
