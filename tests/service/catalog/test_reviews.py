"""What customers say: once per product, as plain text, verified where it was bought here."""

from typing import Any

import httpx2
import pytest

from mela.contracts.catalog import Line
from mela.kernel.clock import FakeClock
from tests.kit import Running

RICE = "/api/catalog/products/sona-masoori-rice/reviews"
HOSTILE = """<script>alert(1)</script>"><img src=x onerror=alert(1)> {{7*7}} ${7*7} ' or 1=1 --"""


async def write(app: Running, by: str, path: str = RICE, key: str = "review-0001", **body: Any) -> httpx2.Response:
    headers = app.tokens.give("customer", by) | {"idempotency-key": key}
    return await app.client.post(path, json={"rating": 4, "text": "Good rice."} | body, headers=headers)


async def bought(app: Running, by: str, key: str = "ord_1") -> None:
    await app.service.reserve(key=key, lines=[Line("RICE-SONA-5KG", 1)], seconds=60)
    await app.service.commit(key=key, buyer=by)


async def test_the_samples_speak_five_languages_and_nobody_bought(app: Running) -> None:
    found = set()
    for product in ("sona-masoori-rice", "cow-ghee", "silk-saree", "basmati-rice"):
        page = (await app.client.get(f"/api/catalog/products/{product}/reviews")).json()
        found |= {review["language"] for review in page["items"]}
        assert not any(review["verified"] for review in page["items"])
        assert page["count"] == sum(page["stars"].values()) == len(page["items"])
    assert found == {"en", "hi", "ta", "te", "kn"}


async def test_a_review_stands_first_and_counts(app: Running) -> None:
    before = (await app.client.get(RICE)).json()
    answer = await write(app, "cus_meena", rating=1, name="Meena", text="Too old.\nAnd broken.")
    assert answer.status_code == 201
    after = (await app.client.get(RICE)).json()
    assert after["items"][0] == answer.json()
    assert (after["items"][0]["text"], after["items"][0]["verified"]) == ("Too old.\nAnd broken.", False)
    assert (after["count"], after["stars"]["1"]) == (before["count"] + 1, before["stars"]["1"] + 1)
    assert after["average"] == round((before["average"] * before["count"] + 1) / after["count"], 1)


async def test_who_bought_it_is_verified_until_the_order_is_given_back(app: Running) -> None:
    await bought(app, "cus_meena")
    assert (await write(app, "cus_meena")).json()["verified"] is True
    await bought(app, "cus_ravi", key="ord_2")
    await app.service.release(key="ord_2")
    assert (await write(app, "cus_ravi")).json()["verified"] is False
    other = "/api/catalog/products/cow-ghee/reviews"
    assert (await write(app, "cus_meena", path=other, key="review-0002")).json()["verified"] is False


async def test_the_same_key_gives_the_same_review_and_another_key_none(app: Running) -> None:
    first = await write(app, "cus_meena")
    assert (await write(app, "cus_meena")).json() == first.json()
    again = await write(app, "cus_meena", key="review-0002", rating=5)
    assert (again.status_code, again.json()["code"]) == (409, "catalog.reviewed_already")
    assert (await write(app, "cus_ravi")).status_code == 201


@pytest.mark.parametrize("text", [HOSTILE, "नमस्ते\u200dजी 👍", "a" * 1000])
async def test_whatever_is_written_comes_back_as_text(app: Running, text: str) -> None:
    answer = await write(app, "cus_meena", text=text, name=HOSTILE[:40])
    assert (answer.json()["text"], answer.json()["name"]) == (text, HOSTILE[:40])
    read = await app.client.get(RICE)
    assert read.headers["content-type"] == "application/json"
    assert read.headers["x-content-type-options"] == "nosniff"
    assert read.json()["items"][0]["text"] == text


@pytest.mark.parametrize(
    "body",
    [
        {"rating": 0}, {"rating": 6}, {"rating": "5"}, {"text": ""}, {"text": " \n "}, {"text": "a" * 1001}, {"text": "a\x00b"},
        {"text": "right \u202e to left"}, {"name": "a" * 41}, {"name": "two\nlines"}, {"html": True},
    ],
)  # fmt: skip
async def test_what_is_no_review_is_refused(app: Running, body: dict[str, Any]) -> None:
    answer = await write(app, "cus_meena", **body)
    assert (answer.status_code, answer.json()["code"]) == (422, "kernel.invalid")


async def test_strangers_and_unknown_products_are_refused(app: Running) -> None:
    assert (await app.client.post(RICE, json={"rating": 4, "text": "x"})).status_code == 401
    nowhere = "/api/catalog/products/no-such-thing/reviews"
    assert (await app.client.get(nowhere)).json()["code"] == "catalog.unknown_product"
    assert (await write(app, "cus_meena", path=nowhere)).json()["code"] == "catalog.unknown_product"


async def test_nobody_writes_more_than_so_many_a_day(app: Running, clock: FakeClock) -> None:
    ids = [p["id"] for p in (await app.client.get("/api/catalog/products?limit=12")).json()["items"]]
    paths = [f"/api/catalog/products/{product}/reviews" for product in ids]
    answers = [await write(app, "cus_meena", path=path, key=f"review-{n:04}") for n, path in enumerate(paths)]
    assert [answer.status_code for answer in answers] == [201] * 10 + [429] * 2
    assert answers[-1].json()["code"] == "catalog.too_many_reviews"
    clock.advance(float(answers[-1].headers["retry-after"]))
    assert (await write(app, "cus_meena", path=paths[10], key="review-0010")).status_code == 201


async def test_pages_follow_each_other(app: Running) -> None:
    whole = (await app.client.get(RICE)).json()["items"]
    seen, cursor = [], None
    while True:
        page = (await app.client.get(RICE, params={"limit": 1} | ({"cursor": cursor} if cursor else {}))).json()
        seen += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == whole
    assert len(seen) == 3
    bad = await app.client.get(RICE, params={"cursor": "rev_nonsense"})
    assert bad.json()["code"] == "kernel.bad_cursor"
