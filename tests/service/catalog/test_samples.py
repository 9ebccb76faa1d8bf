"""Loading sample data: strict about mistakes, careful with what lives."""

import re
import shutil
from pathlib import Path

import pytest

from mela.contracts.catalog import Line
from mela.services.catalog.store import load, samples, stock
from tests.kit import Running

RICE = "/api/catalog/products/sona-masoori-rice"
GROCERY = "products/grocery.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the sample files, to be spoilt."""
    return Path(shutil.copytree(samples.FOLDER, tmp_path / "data"))


def _change(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new, 1), encoding="utf-8")


async def _load(app: Running, folder: Path) -> None:
    for unit in load.units(samples.read(folder), samples.fingerprint(folder), app.clock.now()):
        await app.db.run(unit)


async def test_the_same_files_are_not_loaded_again(app: Running) -> None:
    assert app.parts.load_samples
    headers = app.tokens.give("operator", "asha") | {"idempotency-key": "price-0001"}
    await app.client.put("/api/catalog/variants/RICE-SONA-5KG/price", json={"price_paise": 36_500}, headers=headers)
    assert await app.parts.load_samples() == 0
    assert (await app.client.get(RICE)).json()["variants"][0]["price_paise"] == 36_500


async def test_changed_files_bring_new_texts_prices_and_words_and_leave_stock_alone(app: Running, folder: Path) -> None:
    await app.service.reserve(key="a", lines=[Line("RICE-SONA-5KG", 20)], seconds=60)
    await app.service.commit(key="a")
    assert "sona-masoori-rice" not in (await app.client.get("/api/catalog/products?q=kolam")).text
    _change(folder, GROCERY, "en: Sona Masoori rice", "en: Kolam rice")
    _change(folder, GROCERY, "price: 38900", "price: 38800")
    _change(folder, GROCERY, "stock: 220", "stock: 999")
    await _load(app, folder)
    product = (await app.client.get(RICE)).json()
    assert (product["name"], product["variants"][0]["price_paise"]) == ("Kolam rice", 38_800)
    assert (await app.db.read(stock.level, "RICE-SONA-5KG")).on_hand == 200
    assert (await app.client.get("/api/catalog/products?q=kolam")).json()["items"][0]["id"] == "sona-masoori-rice"


async def test_a_new_variant_gets_its_stock_and_a_city_price_can_go(app: Running, folder: Path) -> None:
    _change(folder, GROCERY, "sku: RICE-SONA-5KG", "sku: RICE-SONA-NEW")
    _change(folder, GROCERY, "mumbai: 78900, ", "")
    await _load(app, folder)
    assert (await app.db.read(stock.level, "RICE-SONA-NEW")).on_hand == 220
    prices = {
        v["sku"]: v["price_paise"] for v in (await app.client.get(RICE, params={"city": "mumbai"})).json()["variants"]
    }
    assert prices["RICE-SONA-10KG"] == 74_900


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (GROCERY, "price: 38900", "price: 389.0", r"grocery.yaml: sona-masoori-rice: variants.0.price: .*integer"),
        (GROCERY, "price: 38900", "price: 99900", r"grocery.yaml: sona-masoori-rice: variants.0: .*above the MRP"),
        (GROCERY, "hi: सोना मसूरी चावल", "xx: चावल", r"grocery.yaml: sona-masoori-rice: names.hi: Field required"),
        (GROCERY, "seller: kaveri-traders", "seller: nobody", r"grocery.yaml: sona-masoori-rice: seller: there is no nobody"),
        (GROCERY, 'hsn: "100630"', 'hsn: "990000"', r"grocery.yaml: sona-masoori-rice: RICE-SONA-5KG: no GST rate for HSN 990000"),
        (GROCERY, "RICE-SONA-10KG", "RICE-SONA-5KG", r"grocery.yaml: sona-masoori-rice: RICE-SONA-5KG is there twice"),
        (GROCERY, "  unit: BAG", "  unit: BAG\n  gst: no-such-row", r"sona-masoori-rice: gst: there is no no-such-row"),
        ("categories.yaml", "id: grocery", "id: groceries", r"products/grocery.yaml: no category has this id"),
        ("gst.yaml", "rate_bp: 1800", "rate_bp: 18.5", r"gst.yaml: phones: rate_bp"),
        ("sellers.yaml", "gstin: 33AAAAA0000A1Z9", "gstin: 33AAAAA0000A1Z", r"sellers.yaml: vaigai-stores: gstin"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_file_and_entry(folder: Path, name: str, old: str, new: str, said: str) -> None:
    _change(folder, name, old, new)
    with pytest.raises(samples.WrongSamples) as told:
        samples.read(folder)
    assert re.search(said, str(told.value)), str(told.value)


@pytest.mark.parametrize("content", ["{not: a list}", "- [1, 2]\n- 3", ": : :", "\t"])
def test_a_file_that_is_no_list_of_entries_is_told(folder: Path, content: str) -> None:
    (folder / "sellers.yaml").write_text(content)
    with pytest.raises(samples.WrongSamples, match=r"sellers\.yaml"):
        samples.read(folder)


def test_the_shipped_files_hold_240_products() -> None:
    read = samples.read()
    assert (len(read.categories), sum(map(len, read.products.values()))) == (12, 240)


def test_any_change_to_a_file_changes_the_fingerprint(folder: Path) -> None:
    before = samples.fingerprint(folder)
    _change(folder, "synonyms.yaml", "kilo", "kilu")
    assert samples.fingerprint(folder) != before == samples.fingerprint()
