"""The dated data is whole: no gap, no overlap, a source and a mark in every row."""

import re
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from mela.services.settlement import model
from mela.services.settlement.rules import rates
from mela.services.settlement.rules.rates import Dated, NoRate

DATA = Path(model.__file__).parent / "data"
CATALOG = DATA.parent.parent / "catalog" / "data"


def read(name: str, folder: Path = DATA) -> Any:
    return yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))


RATES = rates.read([*read("rates"), *(row | {"name": f"commission:{row['category']}"} for row in read("commission"))])


@pytest.mark.parametrize("row", [*read("rates"), *read("commission"), *read("bank_holidays")["years"][0]["holidays"]])
def test_every_row_says_where_it_is_from_and_how_sure_it_is(row: dict[str, Any]) -> None:
    assert row["source"]
    assert row["mark"] in ("V", "W", "UNVERIFIED")


@pytest.mark.parametrize("name", sorted(RATES))
def test_rates_of_a_name_follow_each_other_without_gap_and_the_last_is_in_force(name: str) -> None:
    for earlier, later in pairwise(RATES[name]):
        assert earlier.until is not None
        assert later.since == earlier.until + timedelta(days=1)
    assert RATES[name][-1].until is None


def test_every_category_of_the_catalogue_has_a_commission() -> None:
    assert {f"commission:{row['id']}" for row in read("categories", CATALOG)} <= RATES.keys()


@pytest.mark.parametrize(
    ("name", "day", "bp"),
    [("tcs", date(2024, 7, 9), 100), ("tcs", date(2024, 7, 10), 50), ("tds", date(2024, 9, 30), 100),
     ("tds", date(2024, 10, 1), 10), ("commission_gst", date(2026, 11, 23), 1800)],
)  # fmt: skip
def test_rate_in_force_is_found_to_the_day(name: str, day: date, bp: int) -> None:
    assert rates.rate(RATES, name, day) == bp


@pytest.mark.parametrize(("name", "day"), [("commission:boats", date(2026, 11, 23)), ("tcs", date(2010, 1, 1))])
def test_rate_that_was_never_in_force_is_refused(name: str, day: date) -> None:
    with pytest.raises(NoRate) as refused:
        rates.rate(RATES, name, day)
    assert refused.value.params == {"name": name, "day": day.isoformat()}


def test_rate_that_has_ended_is_refused() -> None:
    with pytest.raises(NoRate):
        rates.rate({"tcs": [Dated(50, date(2024, 7, 10), date(2024, 7, 31))]}, "tcs", date(2024, 8, 1))


def test_every_sample_seller_has_a_bank_account_and_nobody_else() -> None:
    assert [row["seller_id"] for row in read("bank_accounts")] == [row["id"] for row in read("sellers", CATALOG)]


@pytest.mark.parametrize("row", read("bank_accounts"))
def test_bank_account_has_the_form_of_one(row: dict[str, str]) -> None:
    assert re.fullmatch(r"[A-Z]{4}0[A-Z0-9]{6}", row["ifsc"])
    assert re.fullmatch(r"[0-9]{9,18}", row["account"])
