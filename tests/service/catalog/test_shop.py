"""What shoppers read: the right language, price, tax and stock, at once after every change, in every process."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from mela.contracts.catalog import Line
from mela.kernel.clock import FakeClock
from mela.services.catalog import schemas
from mela.services.catalog.app import SERVICE
from mela.services.catalog.service.shop import SEARCHES
from tests import kit
from tests.kit import Running

RICE = "/api/catalog/products/sona-masoori-rice"


async def _json(app: Running, path: str, **params: Any) -> Any:
    answer = await app.client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _items(app: Running, **params: Any) -> list[dict[str, Any]]:
    """All pages of a list."""
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await _json(app, "/api/catalog/products", **params, **cursor)
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = {"cursor": page["next_cursor"]}


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/api/catalog/categories", schemas.CategoryPage),
        ("/api/catalog/products?limit=100", schemas.ProductPage),
        ("/api/catalog/products?q=atta&city=chennai", schemas.ProductPage),
        (RICE, schemas.Product),
        ("/api/catalog/suggest?q=smartph", schemas.SuggestionPage),
    ],
)
async def test_the_bytes_have_the_documented_shape(app: Running, path: str, shape: type[BaseModel]) -> None:
    answer = await app.client.get(path)
    assert shape.model_validate_json(answer.content).model_dump(mode="json") == answer.json()


async def test_all_240_products_stand_in_the_shop_with_a_rate_and_a_price_that_adds_up(app: Running) -> None:
    items = await _items(app, limit=37)
    assert len({item["id"] for item in items}) == len(items) == 240
    for item in items:
        product = await _json(app, f"/api/catalog/products/{item['id']}")
        assert len(product["variants"]) == item["variants"]
        for variant in product["variants"]:
            assert variant["taxable_paise"] + variant["tax_paise"] == variant["price_paise"] <= variant["mrp_paise"]


@pytest.mark.parametrize(
    ("accept", "lang", "answered", "name"),
    [
        (None, None, "en", "Sona Masoori rice"),
        ("hi-IN,en;q=0.5", None, "hi", "सोना मसूरी चावल"),
        ("hi", "ta", "ta", "சோனா மசூரி அரிசி"),
        ("fr", None, "en", "Sona Masoori rice"),
        (None, "kn", "kn", "ಸೋನಾ ಮಸೂರಿ ಅಕ್ಕಿ"),
    ],
)
async def test_names_are_in_the_callers_language(
    app: Running, accept: str | None, lang: str | None, answered: str, name: str
) -> None:
    headers = {"accept-language": accept} if accept else {}
    answer = await app.client.get(RICE, params={"lang": lang} if lang else {}, headers=headers)
    assert (answer.json()["name"], answer.headers["content-language"]) == (name, answered)
    assert answer.headers["vary"] == "accept-language"


async def test_a_city_has_its_own_price_and_elsewhere_is_one_price(app: Running) -> None:
    prices = {
        city: (await _json(app, RICE, city=city))["variants"][0]["price_paise"]
        for city in ("mumbai", "chennai", "indore")
    }
    assert prices == {"mumbai": 40_900, "chennai": 38_500, "indore": 38_900}


async def test_the_contract_prices_lines_in_the_order_asked(app: Running, clock: FakeClock) -> None:
    lines = [Line("RICE-SONA-10KG", 2), Line("RICE-SONA-5KG", 1)]
    ten, five = await app.service.price(lines=lines, city="mumbai", on=clock.now().date())
    assert (ten.unit_price, ten.quantity, five.unit_price, five.gst_rate_bp) == (78_900, 2, 40_900, 500)
    assert (five.names["en"], five.names["hi"]) == ("Sona Masoori rice, 5 kg", "सोना मसूरी चावल, 5 किग्रा")
    assert (five.seller_id, five.hsn, five.unit, five.category) == ("kaveri-traders", "100630", "BAG", "grocery")


async def test_the_contract_says_which_sku_is_unknown(app: Running, clock: FakeClock) -> None:
    with pytest.raises(Exception, match="NO-SUCH"):
        await app.service.price(lines=[Line("NO-SUCH", 1)], city=None, on=clock.now().date())


async def test_sellers_come_in_the_order_asked_with_what_an_invoice_needs(app: Running) -> None:
    one, two = await app.service.sellers(ids=["vaigai-stores", "kaveri-traders"])
    assert (one.gstin[:2], one.state_code, two.state_code, two.pin) == ("33", "33", "29", "560002")
    with pytest.raises(Exception, match="nobody"):
        await app.service.sellers(ids=["vaigai-stores", "nobody"])


@pytest.mark.parametrize("sort", ["featured", "price_low", "price_high", "discount"])
@pytest.mark.parametrize(
    "narrowed",
    [
        {},
        {"category": "grocery", "city": "mumbai"},
        {"q": "rice"},
        {"min_price_paise": 10_000, "max_price_paise": 50_000},
    ],
)
async def test_pages_of_any_size_make_up_the_same_list(app: Running, sort: str, narrowed: dict[str, Any]) -> None:
    whole = await _items(app, sort=sort, limit=100, **narrowed)
    paged = await _items(app, sort=sort, limit=7, **narrowed)
    assert whole == paged
    assert len({item["id"] for item in whole}) == len(whole) > 0
    prices = [item["variant"]["price_paise"] for item in whole]
    if sort.startswith("price"):
        assert prices == sorted(prices, reverse=sort == "price_high")


async def test_by_discount_stands_first_what_is_furthest_below_its_printed_price(app: Running) -> None:
    items = await _items(app, sort="discount", category="grocery", limit=100)
    below = []
    for item in items:
        variants = (await app.client.get(f"/api/catalog/products/{item['id']}")).json()["variants"]
        below.append(min((v["mrp_paise"] - v["price_paise"]) * 100 // v["mrp_paise"] for v in variants))
    assert below == sorted(below, reverse=True)
    assert below[0] > below[-1]


async def test_pages_of_a_search_make_up_the_same_list(app: Running) -> None:
    assert await _items(app, q="cotton", limit=2) == await _items(app, q="cotton", limit=100)


async def test_price_bounds_choose_the_variant_shown(app: Running) -> None:
    items = await _items(app, q="sona masoori", min_price_paise=70_000, max_price_paise=80_000)
    assert (items[0]["variant"]["sku"], items[0]["variants"]) == ("RICE-SONA-10KG", 1)


async def test_a_category_holds_its_own_products_only(app: Running) -> None:
    items = await _items(app, category="toys")
    assert len(items) == 20
    assert {item["category"]["id"] for item in items} == {"toys"}
    assert await _items(app, category="no-such-category") == []


@pytest.mark.parametrize("cursor", ["x", "AAAA", "é", "a" * 119, "LP9ZmukFMjAwMCw5OA"])
async def test_a_cursor_that_this_list_did_not_give_out_is_refused(app: Running, cursor: str) -> None:
    answer = await app.client.get("/api/catalog/products", params={"cursor": cursor, "category": "books"})
    assert (answer.status_code, answer.json()["code"]) == (422, "kernel.bad_cursor")


async def test_a_cursor_is_good_for_its_own_list_only(app: Running) -> None:
    cursor = (await _json(app, "/api/catalog/products", category="books", limit=3))["next_cursor"]
    other = await app.client.get("/api/catalog/products", params={"category": "toys", "limit": 3, "cursor": cursor})
    assert other.json()["code"] == "kernel.bad_cursor"
    assert (
        await app.client.get("/api/catalog/products", params={"category": "books", "limit": 9, "cursor": cursor})
    ).status_code == 200


async def test_an_unknown_product_is_said_in_the_callers_language(app: Running) -> None:
    answer = await app.client.get("/api/catalog/products/no-such-thing", headers={"accept-language": "hi"})
    assert (answer.status_code, answer.json()["code"]) == (404, "catalog.unknown_product")
    assert answer.json()["title"] == "ऐसा कोई उत्पाद नहीं है।"


@pytest.mark.parametrize(
    "query",
    [
        "sort=cheap",
        "limit=0",
        "limit=101",
        "category=../etc",
        "city=DELHI",
        "q=",
        "q=" + "a" * 101,
        "min_price_paise=-1",
        "lang=fr",
    ],
)
async def test_a_wrong_parameter_is_named(app: Running, query: str) -> None:
    answer = await app.client.get(f"/api/catalog/products?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "kernel.invalid")
    assert query.partition("=")[0] in answer.json()["fields"][0]["field"]


async def test_whoever_has_the_answer_gets_none(app: Running) -> None:
    for path in (RICE, "/api/catalog/products", "/api/catalog/categories", "/api/catalog/suggest?q=rice"):
        first = await app.client.get(path)
        again = await app.client.get(path, headers={"if-none-match": f'"other", W/{first.headers["etag"]}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
        other = await app.client.get(path, headers={"if-none-match": '"other"'})
        assert (other.status_code, other.content) == (200, first.content)


async def test_stock_is_told_as_it_is_at_this_moment(app: Running) -> None:
    async def told() -> list[Any]:
        page = await _json(app, "/api/catalog/products", q="sona masoori", limit=1)
        product = await _json(app, RICE)
        assert page["items"][0]["variant"]["stock"] == product["variants"][0]["stock"]
        return list(product["variants"][0]["stock"].values())

    assert await told() == ["in_stock", None]
    await app.service.reserve(key="a", lines=[Line("RICE-SONA-5KG", 217)], seconds=600)
    assert await told() == ["few_left", 3]
    await app.service.reserve(key="b", lines=[Line("RICE-SONA-5KG", 3)], seconds=600)
    assert await told() == ["out_of_stock", 0]
    await app.service.release(key="a")
    assert await told() == ["in_stock", None]


async def test_a_new_price_is_seen_by_the_next_read_of_every_process(app: Running, url: str, tmp_path: Path) -> None:
    async with kit.running(SERVICE, tmp_path, url=url, clock=app.clock) as other:
        for each in (app, other):
            assert (await _json(each, RICE))["variants"][0]["price_paise"] == 38_900
            assert (await _json(each, "/api/catalog/products", q="sona masoori"))["items"][0]["variant"][
                "price_paise"
            ] == 38_900
        headers = app.tokens.give("operator", "asha") | {"idempotency-key": "price-0001"}
        changed = await app.client.put(
            "/api/catalog/variants/RICE-SONA-5KG/price", json={"price_paise": 36_500}, headers=headers
        )
        assert changed.json() == {"sku": "RICE-SONA-5KG", "city": None, "price_paise": 36_500, "mrp_paise": 45_000}
        for each in (app, other):
            variant = (await _json(each, RICE))["variants"][0]
            assert (variant["price_paise"], variant["taxable_paise"], variant["tax_paise"]) == (36_500, 34_762, 1_738)
            assert (await _json(each, "/api/catalog/products", q="sona masoori"))["items"][0]["variant"][
                "price_paise"
            ] == 36_500
        lines = [Line("RICE-SONA-5KG", 1)]
        assert (await other.service.price(lines=lines, city=None, on=app.clock.now().date()))[0].unit_price == 36_500


async def test_the_rate_of_the_day_is_shown_and_changes_at_midnight_in_india(app: Running, clock: FakeClock) -> None:
    ghee = "/api/catalog/products/cow-ghee"
    rates = []
    for moment in ("2025-09-21T18:29:59+00:00", "2025-09-21T18:30:00+00:00"):
        clock.set(type(clock.now()).fromisoformat(moment))
        rates.append((await _json(app, ghee))["variants"][0]["gst_rate_bp"])
    assert rates == [1200, 500]


async def test_without_room_in_the_cache_the_answers_are_the_same(app: Running, url: str, tmp_path: Path) -> None:
    async with kit.running(
        SERVICE, tmp_path, url=url, clock=app.clock, environ={"MELA_CATALOG_CACHE_BYTES": "0"}
    ) as bare:
        for path in (RICE, "/api/catalog/products?q=ghee", "/api/catalog/products?sort=price_high&city=delhi"):
            first, second, plain = await app.client.get(path), await app.client.get(path), await bare.client.get(path)
            assert first.content == second.content == plain.content
            assert first.headers["etag"] == plain.headers["etag"]


async def test_searches_are_counted_and_those_that_find_nothing_apart(app: Running) -> None:
    def counted() -> tuple[float, float]:
        found, nothing = SEARCHES.labels("found"), SEARCHES.labels("nothing")
        return found._value.get(), nothing._value.get()

    before = counted()
    await _items(app, q="ghee")
    await _items(app, q="zzzzqqqq")
    await _items(app, q="!?")
    await _items(app, category="books")
    assert counted() == (before[0] + 1, before[1] + 2)


@pytest.mark.parametrize(
    ("typed", "suggested"), [("basma", "Basmati rice"), ("बासम", "बासमती चावल"), ("பாஸ்ம", "பாஸ்மதி அரிசி")]
)
async def test_what_is_being_typed_is_completed_in_its_own_language(app: Running, typed: str, suggested: str) -> None:
    items = (await _json(app, "/api/catalog/suggest", q=typed))["items"]
    assert suggested in [item["text"] for item in items]
    assert len(items) <= 8
