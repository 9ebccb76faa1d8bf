"""The sample catalogue's files: complete in five languages, in the right script, priced within the law's slabs."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
DATA = ROOT / "src/mela/services/catalog/data"
TODAY = date(2026, 11, 23)
NEW_RATES = date(2025, 9, 22)
LANGUAGES = ("en", "hi", "ta", "te", "kn")
SCRIPTS = {"hi": (0x0900, 0x097F), "ta": (0x0B80, 0x0BFF), "te": (0x0C00, 0x0C7F), "kn": (0x0C80, 0x0CFF)}
ZWNJ = 0x200C
# Units, standards and sizes that Indian shops print in Latin letters in every language.
LATIN = re.compile(
    r"\b(?:\d*(?:GB|TB|MP|mAh|Ah|Hz|W|K|G|mm|x\d)|USB-C|USB|LED|HD|FM|SOS|AC|Wi-Fi|LPG|SPF|ORS|HB|C|S|M|L|XL|UK)\b"
)
UNITS = {"NOS", "PCS", "PRS", "PAC", "SET", "BAG", "BTL", "BOX", "KGS", "ROL", "TUB"}
# Inclusive paise that fit neither slab: above 2,500 rupees at 5 %, not above it at 18 %.
GAP = range(2_625_00 + 1, 2_950_00 + 1)
SLAB_GOODS = ("61", "62", "63", "64", "940440")
BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def load(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


CATEGORIES = load(DATA / "categories.yaml")
SELLERS = load(DATA / "sellers.yaml")
GST = load(DATA / "gst.yaml")
QUERIES = load(ROOT / "tests/service/catalog/data/queries.yaml")
SHELVES = {path.stem: load(path) for path in sorted((DATA / "products").glob("*.yaml"))}
PRODUCTS = [product for shelf in SHELVES.values() for product in shelf]
VARIANTS = [(product, variant) for product in PRODUCTS for variant in product["variants"]]


def texts() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Every translated text: whose, which, and by language."""
    for category in CATEGORIES:
        yield category["id"], "names", category["names"]
    for product in PRODUCTS:
        yield product["id"], "names", product["names"]
        yield product["id"], "descriptions", product["descriptions"]
    for _, variant in VARIANTS:
        if "label" in variant:
            yield variant["sku"], "label", variant["label"]


def prices(variant: dict[str, Any]) -> list[int]:
    return [variant["price"], *variant.get("city_prices", {}).values()]


def rows_on(day: date, product: dict[str, Any]) -> list[dict[str, Any]]:
    named = {other["gst"] for other in PRODUCTS if "gst" in other}
    entry = product.get("gst")
    found = [
        row
        for row in GST
        if row["effective_from"] <= day <= (row["effective_to"] or date.max)
        and (row["id"] == entry if entry else row["id"] not in named and product["hsn"].startswith(row["hsn"]))
    ]
    longest = max((len(row["hsn"]) for row in found), default=0)
    return [row for row in found if len(row["hsn"]) == longest]


def rates(day: date, product: dict[str, Any], price: int) -> set[int]:
    """The rates whose own tax, taken out of the price, leaves a value within their slab."""
    found = set()
    for row in rows_on(day, product):
        taxable = price * 10_000 / (10_000 + row["rate_bp"])
        if row.get("min_unit_value", 0) <= taxable <= row.get("max_unit_value", float("inf")):
            found.add(row["rate_bp"])
    return found


def check_character(gstin: str) -> str:
    products = [BASE_36.index(c) * (1 + place % 2) for place, c in enumerate(gstin[:14])]
    return BASE_36[-sum(p // 36 + p % 36 for p in products) % 36]


def strangers(text: str, language: str) -> set[str]:
    """Letters and marks of `text` that are neither of the language's script nor an allowed Latin token."""
    low, high = SCRIPTS[language]
    rest = LATIN.sub("", text)
    return {c for c in rest if unicodedata.category(c)[0] in "LMC" and not low <= ord(c) <= high and ord(c) != ZWNJ}


def test_twelve_categories_hold_twenty_products_each() -> None:
    assert [category["position"] for category in CATEGORIES] == list(range(1, 13))
    assert {category["id"] for category in CATEGORIES} == set(SHELVES)
    assert {len(shelf) for shelf in SHELVES.values()} == {20}
    assert len(PRODUCTS) == 240


def test_every_text_is_there_in_all_five_languages() -> None:
    wrong = [
        (whose, which) for whose, which, by in texts() if tuple(by) != LANGUAGES or not all(map(str.strip, by.values()))
    ]
    assert wrong == []


@pytest.mark.parametrize("language", SCRIPTS)
def test_text_is_written_in_the_script_of_its_language(language: str) -> None:
    wrong = {whose: strangers(by[language], language) for whose, _, by in texts() if strangers(by[language], language)}
    assert wrong == {}


def test_english_is_plain_ascii() -> None:
    assert [by["en"] for _, _, by in texts() if not by["en"].isascii()] == []


def test_no_name_or_description_is_left_in_english() -> None:
    left = [
        (whose, language)
        for whose, which, by in texts()
        for language in SCRIPTS
        if which != "label" and not any(SCRIPTS[language][0] <= ord(c) <= SCRIPTS[language][1] for c in by[language])
    ]
    assert left == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("which", ["names", "descriptions"])
def test_no_two_products_share_a_text(which: str, language: str) -> None:
    counted = Counter(product[which][language] for product in PRODUCTS)
    assert [text for text, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_description_is_one_short_sentence(language: str) -> None:
    stop = "।" if language == "hi" else "."
    wrong = [
        product["id"]
        for product in PRODUCTS
        if not product["descriptions"][language].endswith(stop)
        or not 5 <= len(product["descriptions"][language].split()) <= 16
    ]
    assert wrong == []


def test_telugu_and_kannada_close_a_loan_word_with_a_non_joiner_only_after_a_virama() -> None:
    wrong = [
        (whose, language)
        for whose, _, by in texts()
        for language, virama in (("te", "్"), ("kn", "್"))
        if any(not before.endswith(virama) for before in by[language].split("\u200c")[:-1])
    ]
    assert wrong == []
    assert [whose for whose, _, by in texts() if any("\u200c" in by[plain] for plain in ("en", "hi", "ta"))] == []


def test_files_are_in_normal_form_c() -> None:
    files = [*DATA.rglob("*.yaml"), ROOT / "tests/service/catalog/data/queries.yaml"]
    assert [path.name for path in files if not unicodedata.is_normalized("NFC", path.read_text(encoding="utf-8"))] == []


def test_ids_and_skus_are_unique_and_well_formed() -> None:
    ids, skus = [product["id"] for product in PRODUCTS], [variant["sku"] for _, variant in VARIANTS]
    assert len(set(ids)) == len(ids)
    assert len(set(skus)) == len(skus)
    assert [i for i in ids if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", i)] == []
    assert [s for s in skus if not re.fullmatch(r"[A-Z0-9]+(-[A-Z0-9]+)+", s) or len(s) > 30] == []


def test_a_product_has_one_to_four_variants_told_apart_by_labels() -> None:
    wrong = []
    for product in PRODUCTS:
        variants = product["variants"]
        labels = [variant.get("label", {}).get("en") for variant in variants]
        if not 1 <= len(variants) <= 4 or (len(variants) > 1 and (None in labels or len(set(labels)) < len(labels))):
            wrong.append(product["id"])
    assert wrong == []


def test_prices_are_whole_paise_not_above_the_mrp() -> None:
    wrong = [
        variant["sku"]
        for _, variant in VARIANTS
        if any(type(paise) is not int or not 0 < paise <= variant["mrp"] for paise in prices(variant))
        or type(variant["mrp"]) is not int
        or type(variant["stock"]) is not int
        or variant["stock"] < 0
    ]
    assert wrong == []


def test_a_few_dozen_variants_have_city_prices() -> None:
    cities = [set(variant["city_prices"]) for _, variant in VARIANTS if "city_prices" in variant]
    assert len(cities) >= 24
    assert all(found == {"mumbai", "delhi", "bengaluru", "chennai"} for found in cities)


def test_no_price_stands_where_neither_slab_fits() -> None:
    slab = [(p, v) for p, v in VARIANTS if p["hsn"].startswith(SLAB_GOODS)]
    assert [v["sku"] for _, v in slab if any(price in GAP for price in prices(v))] == []
    assert {price < GAP.start for _, v in slab for price in prices(v)} == {True, False}


def test_every_price_has_exactly_one_gst_rate_today() -> None:
    wrong = {
        v["sku"]: rates(TODAY, p, price) for p, v in VARIANTS for price in prices(v) if len(rates(TODAY, p, price)) != 1
    }
    assert wrong == {}


def test_shelves_show_every_rate() -> None:
    assert {rate for p, v in VARIANTS for rate in rates(TODAY, p, v["price"])} == {0, 300, 500, 1800, 4000}


def test_a_price_of_before_the_new_rates_has_one_rate_where_the_old_row_is_known() -> None:
    day = date(2025, 9, 21)
    wrong = [v["sku"] for p, v in VARIANTS if rows_on(day, p) and len(rates(day, p, v["price"])) != 1]
    assert wrong == []


@pytest.mark.parametrize(
    ("product_id", "before", "after"),
    [("glucose-biscuits", 1800, 500), ("ruled-notebook", 1200, 0), ("split-ac", 2800, 1800), ("led-tv-32", 1800, 1800)],
)
def test_rate_changes_on_the_day_of_the_new_rates(product_id: str, before: int, after: int) -> None:
    product = next(product for product in PRODUCTS if product["id"] == product_id)
    price = product["variants"][0]["price"]
    assert rates(date(2025, 9, 21), product, price) == {before}
    assert rates(NEW_RATES, product, price) == {after}


def test_every_gst_row_says_where_it_comes_from_and_serves_a_product() -> None:
    assert [row["id"] for row in GST if not row["source"] or row["mark"] not in {"V", "W", "UNVERIFIED"}] == []
    recalled = {row["mark"] for row in GST if row["source"].startswith("recalled")}
    assert recalled == {"UNVERIFIED"}
    used = {row["id"] for product in PRODUCTS for row in rows_on(TODAY, product)}
    assert {row["id"] for row in GST} - used == set()


def test_a_named_gst_entry_lies_under_the_product_s_hsn() -> None:
    by_id = {row["id"]: row["hsn"] for row in GST}
    assert [p["id"] for p in PRODUCTS if "gst" in p and not p["hsn"].startswith(by_id[p["gst"]])] == []


def test_hsn_and_unit_are_ones_that_an_invoice_may_carry() -> None:
    assert [
        p["id"] for p in PRODUCTS if not re.fullmatch(r"\d{4}(\d\d){0,2}", p["hsn"]) or p["unit"] not in UNITS
    ] == []
    by_kilo = [p for p in PRODUCTS if p["unit"] == "KGS"]
    assert by_kilo != []
    assert [p["id"] for p in by_kilo if any(v["attributes"] != {"weight": "1 kg"} for v in p["variants"])] == []


def test_sellers_are_eight_in_six_states_and_each_sells() -> None:
    assert len(SELLERS) == 8
    assert len({seller["state_code"] for seller in SELLERS}) == 6
    assert {product["seller"] for product in PRODUCTS} == {seller["id"] for seller in SELLERS}
    assert all("sample" in seller["name"].lower() for seller in SELLERS)


def test_gstins_carry_their_state_and_a_right_check_character() -> None:
    gstins = [seller["gstin"] for seller in SELLERS]
    assert check_character("27AAPFU0939F1ZV") == "V"
    assert len(set(gstins)) == len(gstins)
    assert [g for g in gstins if not re.fullmatch(r"\d\d[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z]", g)] == []
    assert [g for g in gstins if g[-1] != check_character(g)] == []
    assert [seller["id"] for seller in SELLERS if not seller["gstin"].startswith(seller["state_code"])] == []


def test_fifty_queries_expect_products_that_exist() -> None:
    ids = {product["id"] for product in PRODUCTS}
    assert len(QUERIES) == 50
    assert len({query["query"] for query in QUERIES}) == 50
    assert [query["query"] for query in QUERIES if not query["expect"] or set(query["expect"]) - ids] == []


def test_search_words_repeat_nothing() -> None:
    assert [p["id"] for p in PRODUCTS if len(set(p["words"])) < len(p["words"]) or not p["words"]] == []
