"""The GST rate in a price: by day, by HSN, by what one piece is worth."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.kernel.money import Paise, tax_from_inclusive
from mela.services.catalog.model import GstRow, Tax
from mela.services.catalog.rules import gst

OLD, NEW, TODAY = date(2025, 4, 1), date(2025, 9, 22), date(2026, 11, 23)
LAST = date(2025, 9, 21)
ROWS = (
    GstRow("apparel", "61", 500, OLD, LAST, None, 100_000),
    GstRow("apparel", "61", 1200, OLD, LAST, 100_001, None),
    GstRow("apparel", "61", 500, NEW, None, None, 250_000),
    GstRow("apparel", "61", 1800, NEW, None, 250_001, None),
    GstRow("ghee", "0405", 1200, OLD, LAST),
    GstRow("ghee", "0405", 500, NEW, None),
    GstRow("paneer", "040610", 0, NEW, None),
    GstRow("cheese", "0406", 500, NEW, None),
    GstRow("loose-rice", "1006", 0, NEW, None, named=True),
    GstRow("rice", "1006", 500, NEW, None),
    GstRow("torn", "99", 500, NEW, None),
    GstRow("torn-too", "99", 1800, NEW, None),
)

RATES = gst.Rates(ROWS)


def rate(price: int, hsn: str, on: date = TODAY, entry: str | None = None) -> int:
    return RATES.tax_in(Paise(price), hsn=hsn, on=on, entry=entry).rate_bp


@pytest.mark.parametrize(
    ("price", "expected"),
    [(1, 500), (262_500, 500), (295_001, 1800), (100_00_000, 1800)],
)
def test_a_piece_up_to_2500_rupees_before_tax_is_in_the_lower_slab(price: int, expected: int) -> None:
    assert rate(price, "6109") == expected


@pytest.mark.parametrize("price", [262_501, 270_000, 280_000, 294_999, 295_000])
def test_an_inclusive_price_between_the_slabs_has_no_rate(price: int) -> None:
    with pytest.raises(gst.GstRateUnknown) as refused:
        rate(price, "6109")
    assert refused.value.params == {"hsn": "6109", "price_paise": price, "on": "2026-11-23"}


@given(st.integers(1, 100_00_000))
def test_a_slabbed_price_leaves_a_value_within_its_slab_or_has_no_rate(price: int) -> None:
    in_gap = 262_500 < price <= 295_000
    try:
        tax = RATES.tax_in(Paise(price), hsn="6109", on=TODAY)
    except gst.GstRateUnknown:
        assert in_gap
        return
    assert not in_gap
    assert tax == Tax(tax.rate_bp, *tax_from_inclusive(Paise(price), tax.rate_bp))
    assert (tax.taxable <= 250_000) == (tax.rate_bp == 500)


@pytest.mark.parametrize(
    ("on", "expected"),
    [(date(2025, 4, 1), 1200), (date(2025, 9, 21), 1200), (date(2025, 9, 22), 500), (date(2099, 1, 1), 500)],
)
def test_the_rate_changed_on_22_september_2025(on: date, expected: int) -> None:
    assert rate(60_000, "04059020", on) == expected


def test_the_slabs_of_the_day_decide() -> None:
    assert rate(105_000, "6109", LAST) == 500
    assert rate(112_002, "6109", LAST) == 1200
    assert rate(112_002, "6109", NEW) == 500


def test_the_longest_prefix_wins() -> None:
    assert rate(10_000, "04061000") == 0
    assert rate(10_000, "04069000") == 500


def test_an_entry_named_by_a_product_decides_for_it_and_for_no_other() -> None:
    assert rate(10_000, "100630", entry="loose-rice") == 0
    assert rate(10_000, "100630") == 500


@pytest.mark.parametrize(
    ("hsn", "on", "entry"),
    [
        ("8517", TODAY, None),  # no row
        ("0405", date(2025, 3, 31), None),  # before the first row
        ("1006", LAST, "loose-rice"),  # the named entry has no row yet
        ("1006", TODAY, "no-such-entry"),
        ("9901", TODAY, None),  # two rows say different things
        ("", TODAY, None),
    ],
)
def test_a_rate_that_is_not_known_is_an_error_and_never_zero(hsn: str, on: date, entry: str | None) -> None:
    with pytest.raises(gst.GstRateUnknown):
        rate(10_000, hsn, on, entry)
